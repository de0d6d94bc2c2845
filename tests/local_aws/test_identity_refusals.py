"""What SES refuses of identities and their policies; the numbers are those of the facts seen on live AWS."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from tests.local_aws.refusals import refusal_of
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError

pytestmark = pytest.mark.xdist_group("local-aws-2")

NAME = "refused.example.com"
ARN = f"arn:aws:ses:us-east-1:000000000000:identity/{NAME}"
Signing = ses.CfnEmailIdentity.DkimSigningAttributesProperty
BOTH = "When using Bring Your Own DKIM, you must provide both"
EITHER = "You cannot configure the identity to use Easy DKIM and Bring Your Own DKIM properties at the same time."


def create(aws: LocalAws, **changes: object) -> tuple[str, str]:
    """Try to make the identity; nothing is left of one that was refused (fact 53)."""
    sesv2 = aws.client("sesv2")
    name = changes.setdefault("EmailIdentity", NAME)
    told = refusal_of(sesv2.create_email_identity, **changes)
    left = refusal_of(sesv2.delete_email_identity, EmailIdentity=name)
    assert (told == ("", "")) == (left == ("", ""))
    return told


@pytest.fixture
def identity(aws: LocalAws) -> Iterator[str]:
    aws.client("sesv2").create_email_identity(EmailIdentity=NAME)
    yield NAME
    aws.client("sesv2").delete_email_identity(EmailIdentity=NAME)


def test_facts_53_and_54_an_unknown_default_set(aws: LocalAws) -> None:
    told = create(aws, ConfigurationSetName="none")
    assert told == ("NotFoundException", "Configuration set <none> does not exist.")


def test_fact_54_a_known_default_set_is_kept(aws: LocalAws) -> None:
    sesv2 = aws.client("sesv2")
    sesv2.create_configuration_set(ConfigurationSetName="default-of-identity")
    sesv2.create_email_identity(EmailIdentity=NAME, ConfigurationSetName="default-of-identity")
    found = sesv2.get_email_identity(EmailIdentity=NAME)["ConfigurationSetName"]
    sesv2.delete_email_identity(EmailIdentity=NAME)
    sesv2.delete_configuration_set(ConfigurationSetName="default-of-identity")
    assert found == "default-of-identity"


def test_facts_56_and_57_an_unknown_identity(aws: LocalAws) -> None:
    sesv2 = aws.client("sesv2")
    told = ("NotFoundException", f"Email identity {NAME} does not exist.")
    assert refusal_of(sesv2.get_email_identity, EmailIdentity=NAME) == told
    assert refusal_of(sesv2.delete_email_identity, EmailIdentity=NAME) == told
    assert refusal_of(aws.client("ses").delete_identity, Identity=NAME) == ("", "")


@pytest.mark.parametrize(
    "tags",
    [
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        [{"Key": f"k{number}", "Value": ""} for number in range(51)],
        [{"Key": "aws:team", "Value": "1"}],
        [{"Key": "k" * 129, "Value": "1"}],
        [{"Key": "k", "Value": "v" * 257}],
    ],
)
def test_fact_74_tags_that_are_refused(aws: LocalAws, tags: list[dict[str, str]]) -> None:
    assert create(aws, Tags=tags)[0] == "BadRequestException"


def test_fact_74_tags_that_are_taken(aws: LocalAws) -> None:
    most = [{"Key": f"{number:0128}", "Value": "v" * 256} for number in range(50)]
    assert create(aws, Tags=most) == ("", "")


KEY = {"DomainSigningPrivateKey": "bm90IGEga2V5", "DomainSigningSelector": "s1"}
MISSING = "Invalid identity configuration. please ensure to provide the required Attributes."
WRONG_SIGNING: list[tuple[str, dict[str, str], str]] = [
    ("a@refused.example.com", KEY, "For BYODKIM, the EmailIdentity value must be a domain."),
    (NAME, {"DomainSigningSelector": "s1"}, MISSING),
    (NAME, {"DomainSigningPrivateKey": "bm90IGEga2V5"}, MISSING),
    (NAME, KEY | {"NextSigningKeyLength": "RSA_2048_BIT"}, "NextSigningKeyLength cannot be used together"),
    (NAME, KEY | {"DomainSigningPrivateKey": "-----BEGIN RSA PRIVATE KEY-----"}, "domainSigningPrivateKey"),
    (NAME, KEY | {"DomainSigningPrivateKey": "bm90\nIGEga2V5"}, "domainSigningPrivateKey"),
    (NAME, KEY | {"DomainSigningSelector": "-s"}, "domainSigningSelector"),
    (NAME, KEY | {"DomainSigningSelector": "s.1"}, "domainSigningSelector"),
]


@pytest.mark.parametrize(("name", "signing", "words"), WRONG_SIGNING)
def test_facts_63_to_65_keys_of_ones_own(aws: LocalAws, name: str, signing: dict[str, str], words: str) -> None:
    code, told = create(aws, EmailIdentity=name, DkimSigningAttributes=signing)
    assert code == "BadRequestException"
    assert words in told


def test_facts_63_to_65_keys_that_are_taken(aws: LocalAws) -> None:
    assert create(aws, DkimSigningAttributes=KEY) == ("", "")
    assert create(aws, DkimSigningAttributes={"NextSigningKeyLength": "RSA_1024_BIT"}) == ("", "")


def half_a_key(stack: cdk.Stack) -> None:
    signing = Signing(domain_signing_selector="s1")
    ses.CfnEmailIdentity(stack, "Identity", email_identity=NAME, dkim_signing_attributes=signing)


def key_and_length(stack: cdk.Stack) -> None:
    signing = Signing(
        domain_signing_selector="s1", domain_signing_private_key="bm90", next_signing_key_length="RSA_2048_BIT"
    )
    ses.CfnEmailIdentity(stack, "Identity", email_identity=NAME, dkim_signing_attributes=signing)


def unknown_set(stack: cdk.Stack) -> None:
    default = ses.CfnEmailIdentity.ConfigurationSetAttributesProperty(configuration_set_name="none")
    ses.CfnEmailIdentity(stack, "Identity", email_identity=NAME, configuration_set_attributes=default)


def mail_from(name: str) -> Callable[[cdk.Stack], None]:
    def build(stack: cdk.Stack) -> None:
        attributes = ses.CfnEmailIdentity.MailFromAttributesProperty(mail_from_domain=name)
        ses.CfnEmailIdentity(stack, "Identity", email_identity=NAME, mail_from_attributes=attributes)

    return build


def tag_of_stack_and_identity(stack: cdk.Stack) -> None:
    cdk.Tags.of(stack).add("team", "mail")
    ses.CfnEmailIdentity(stack, "Identity", email_identity=NAME)


NOT_BELOW = "is not subdomain of the domain of the identity"


@pytest.mark.parametrize(
    ("build", "words"),
    [
        pytest.param(half_a_key, BOTH, id="fact 63"),
        pytest.param(key_and_length, EITHER, id="fact 63, with a length"),
        pytest.param(unknown_set, "Configuration set <none> does not exist", id="fact 54"),
        pytest.param(mail_from(NAME), NOT_BELOW, id="fact 67, the domain itself"),
        pytest.param(mail_from("mail.example.com"), NOT_BELOW, id="fact 67, a sibling"),
        pytest.param(tag_of_stack_and_identity, "Duplicate tag keys found", id="fact 5"),
    ],
)
def test_cloudformation_is_refused(
    aws: LocalAws, deployed_stack: DeployedStack, build: Callable[[cdk.Stack], None], words: str
) -> None:
    with pytest.raises(DeploymentError, match=words):
        deployed_stack.deploy(build)
    assert refusal_of(aws.client("sesv2").get_email_identity, EmailIdentity=NAME)[0] == "NotFoundException"


def test_fact_5_a_tag_on_the_identity_alone_is_taken(deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack) -> None:
        cdk.Tags.of(stack).add("team", "mail", exclude_resource_types=["AWS::SES::EmailIdentity"])
        tags = [cdk.CfnTag(key="cost", value="1")]
        ses.CfnEmailIdentity(stack, "Identity", email_identity=NAME, tags=tags)

    deployed_stack.deploy(build)


def policy(**changes: object) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Action": "ses:SendEmail",
        "Resource": ARN,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | changes]})


def test_fact_78_policies_that_exist_or_do_not(aws: LocalAws, identity: str) -> None:
    sesv2 = aws.client("sesv2")
    one: Any = {"EmailIdentity": identity, "PolicyName": "one"}
    unknown = ("NotFoundException", "Policy <one> does not exist")
    assert refusal_of(sesv2.update_email_identity_policy, **one, Policy=policy()) == unknown
    assert refusal_of(sesv2.delete_email_identity_policy, **one) == unknown
    sesv2.create_email_identity_policy(**one, Policy=policy())
    again = refusal_of(sesv2.create_email_identity_policy, **one, Policy=policy())
    assert again == ("AlreadyExistsException", "Policy <one> already exists")
    # Fact 83: without white space.
    assert " " not in sesv2.get_email_identity_policies(EmailIdentity=identity)["Policies"]["one"]
    nobody = one | {"EmailIdentity": "none.example.com"}
    assert refusal_of(sesv2.delete_email_identity_policy, **nobody) == (
        "NotFoundException",
        "Email identity <none.example.com> does not exist.",
    )


def test_fact_79_twenty_policies_at_most(aws: LocalAws, identity: str) -> None:
    make = aws.client("sesv2").create_email_identity_policy
    for number in range(20):
        make(EmailIdentity=identity, PolicyName=f"p{number}", Policy=policy())
    assert refusal_of(make, EmailIdentity=identity, PolicyName="more", Policy=policy()) == (
        "LimitExceededException",
        f"Number of policies for <{identity}> exceeds max allowed number of policies per resource",
    )


@pytest.mark.parametrize("resource", ["*", ARN.replace(NAME, "other.example.com"), [ARN, "*"]])
def test_fact_82_a_policy_is_for_this_identity(aws: LocalAws, identity: str, resource: object) -> None:
    make = aws.client("sesv2").create_email_identity_policy
    code, _ = refusal_of(make, EmailIdentity=identity, PolicyName="one", Policy=policy(Resource=resource))
    assert code == "BadRequestException"
    assert refusal_of(make, EmailIdentity=identity, PolicyName="one", Policy=policy(Resource=[ARN])) == ("", "")


def test_fact_73_the_default_set_of_an_unknown_identity(aws: LocalAws) -> None:
    put = aws.client("sesv2").put_email_identity_configuration_set_attributes
    assert refusal_of(put, EmailIdentity=NAME) == ("NotFoundException", f"Identity <{NAME}> does not exist.")


def test_a_mail_from_domain_by_hand_lies_below_its_identity(aws: LocalAws, identity: str) -> None:
    set_mail_from = aws.client("sesv2").put_email_identity_mail_from_attributes

    told = refusal_of(set_mail_from, EmailIdentity=identity, MailFromDomain="mail.example.org")
    assert told[0] == "BadRequestException"
    assert "Provided MAIL-FROM domain <mail.example.org> is not subdomain" in told[1]
    assert refusal_of(set_mail_from, EmailIdentity="nobody.example.com", MailFromDomain="m.nobody.example.com") == (
        "NotFoundException",
        "Email identity nobody.example.com does not exist.",
    )
    assert refusal_of(set_mail_from, EmailIdentity=identity, MailFromDomain=f"mail.{identity}") == ("", "")
    found = aws.client("sesv2").get_email_identity(EmailIdentity=identity)["MailFromAttributes"]
    assert (found["MailFromDomain"], found["MailFromDomainStatus"]) == (f"mail.{identity}", "PENDING")
