"""Identities are PENDING until their records stand in the local Route 53."""

from collections.abc import Iterator

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from local_aws.read_back import read_domain
from tests.local_aws.plain_app import add_mail_domain
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws")


@pytest.fixture
def identity(aws: LocalAws, hosted_zone: Zone) -> Iterator[str]:
    """A domain identity made by the API, without any of its records."""
    aws.client("sesv2").create_email_identity(EmailIdentity=hosted_zone.domain)
    yield hosted_zone.domain
    aws.client("sesv2").delete_email_identity(EmailIdentity=hosted_zone.domain)


def test_easy_dkim_is_pending_until_the_third_record(aws: LocalAws, hosted_zone: Zone, identity: str) -> None:
    sesv2, v1 = aws.client("sesv2"), aws.client("ses")
    tokens = sesv2.get_email_identity(EmailIdentity=identity)["DkimAttributes"]["Tokens"]
    for token in tokens:
        pending = sesv2.get_email_identity(EmailIdentity=identity)
        assert pending["DkimAttributes"]["Status"] == pending["VerificationStatus"] == "PENDING"
        assert pending["VerificationInfo"]["ErrorType"] == "HOST_NOT_FOUND"
        assert not pending["VerifiedForSendingStatus"]
        assert v1.get_identity_dkim_attributes(Identities=[identity])["DkimAttributes"][identity][
            "DkimVerificationStatus"
        ] == ("Pending")
        put_record(aws, hosted_zone, f"{token}._domainkey", "CNAME", f"{token}.dkim.amazonses.com")
    done = sesv2.get_email_identity(EmailIdentity=identity)
    assert done["DkimAttributes"]["Status"] == done["VerificationStatus"] == "SUCCESS"
    assert done["VerifiedForSendingStatus"]
    assert done["DkimAttributes"]["SigningEnabled"]
    listed = {each["IdentityName"]: each for each in sesv2.list_email_identities()["EmailIdentities"]}
    assert listed[identity]["VerificationStatus"] == "SUCCESS"


def test_mail_is_refused_before_and_accepted_after(aws: LocalAws, hosted_zone: Zone, identity: str) -> None:
    sesv2 = aws.client("sesv2")

    def send() -> str:
        return sesv2.send_email(
            FromEmailAddress=f"me@{identity}",
            Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
            Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
        )["MessageId"]

    with pytest.raises(sesv2.exceptions.MessageRejected, match="is not verified"):
        send()
    for token in sesv2.get_email_identity(EmailIdentity=identity)["DkimAttributes"]["Tokens"]:
        put_record(aws, hosted_zone, f"{token}._domainkey", "CNAME", f"{token}.dkim.amazonses.com.")
    assert send()


def test_our_own_key_is_pending_until_its_record(
    aws: LocalAws, hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    def build(stack: cdk.Stack) -> None:
        ses.CfnEmailIdentity(
            stack,
            "Identity",
            email_identity=hosted_zone.domain,
            dkim_signing_attributes=ses.CfnEmailIdentity.DkimSigningAttributesProperty(
                domain_signing_private_key="bm90IGEga2V5", domain_signing_selector="s1"
            ),
        )

    deployed_stack.deploy(build)
    sesv2 = aws.client("sesv2")
    dkim = sesv2.get_email_identity(EmailIdentity=hosted_zone.domain)["DkimAttributes"]
    assert (dkim["Status"], dkim["SigningAttributesOrigin"], dkim["Tokens"]) == ("PENDING", "EXTERNAL", ["s1"])
    put_record(aws, hosted_zone, "s1._domainkey", "TXT", '"v=DKIM1; p=MIIB"')
    assert sesv2.get_email_identity(EmailIdentity=hosted_zone.domain)["VerifiedForSendingStatus"]


def test_a_deployed_domain_is_verified_and_its_mail_from_needs_its_one_exchanger(
    aws: LocalAws, hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    deployed_stack.deploy(lambda stack: add_mail_domain(stack, hosted_zone.domain, hosted_zone.hosted_zone_id))
    assert read_domain(aws, hosted_zone.domain, hosted_zone.hosted_zone_id).problems() == []
    arn = f"arn:aws:ses:{aws.region}:{aws.account}:identity/{hosted_zone.domain}"
    tags = aws.client("sesv2").list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert {"Key": "team", "Value": "mail"} in tags


def test_mail_from_is_pending_without_its_records(
    aws: LocalAws, hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    def build(stack: cdk.Stack) -> None:
        mail_from = ses.CfnEmailIdentity.MailFromAttributesProperty(mail_from_domain=f"mail.{hosted_zone.domain}")
        ses.CfnEmailIdentity(stack, "Identity", email_identity=hosted_zone.domain, mail_from_attributes=mail_from)

    def status() -> str:
        return read_domain(aws, hosted_zone.domain, hosted_zone.hosted_zone_id).mail_from_status

    deployed_stack.deploy(build)
    assert status() == "PENDING"
    put_record(aws, hosted_zone, "mail", "TXT", '"v=spf1 include:amazonses.com ~all"')
    exchanger = f"10 feedback-smtp.{aws.region}.amazonses.com"
    put_record(aws, hosted_zone, "mail", "MX", exchanger, "20 mail.example.org")
    assert status() == "PENDING"
    put_record(aws, hosted_zone, "mail", "MX", exchanger)
    assert status() == "SUCCESS"


def test_the_verification_token_is_stable_and_verifies_once_published(aws: LocalAws, hosted_zone: Zone) -> None:
    v1, domain = aws.client("ses"), hosted_zone.domain
    token = v1.verify_domain_identity(Domain=domain)["VerificationToken"]

    def attributes() -> dict[str, object]:
        return dict(v1.get_identity_verification_attributes(Identities=[domain])["VerificationAttributes"][domain])

    assert attributes() == {"VerificationStatus": "Pending", "VerificationToken": token}
    put_record(aws, hosted_zone, "_amazonses", "TXT", f'"{token}"')
    assert attributes() == {"VerificationStatus": "Success", "VerificationToken": token}
    assert v1.verify_domain_identity(Domain=domain)["VerificationToken"] == token
    assert attributes()["VerificationStatus"] == "Success"
    v1.delete_identity(Identity=domain)
    assert not v1.get_identity_verification_attributes(Identities=[domain])["VerificationAttributes"]


def test_refuses_an_identity_that_exists(aws: LocalAws, identity: str, deployed_stack: DeployedStack) -> None:
    sesv2 = aws.client("sesv2")
    with pytest.raises(sesv2.exceptions.AlreadyExistsException):
        sesv2.create_email_identity(EmailIdentity=identity)
    with pytest.raises(DeploymentError, match=f"'{identity}' already exists"):
        deployed_stack.deploy(lambda stack: ses.CfnEmailIdentity(stack, "Identity", email_identity=identity))
    assert sesv2.get_email_identity(EmailIdentity=identity)["IdentityType"] == "DOMAIN"


def test_policies_of_an_identity(aws: LocalAws, identity: str) -> None:
    sesv2 = aws.client("sesv2")
    arn = f"arn:aws:ses:{aws.region}:{aws.account}:identity/{identity}"
    policy = (
        f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"ses:SendEmail","Resource":"{arn}"}}]}}'
    )
    sesv2.create_email_identity_policy(EmailIdentity=identity, PolicyName="one", Policy=policy)
    with pytest.raises(sesv2.exceptions.AlreadyExistsException):
        sesv2.create_email_identity_policy(EmailIdentity=identity, PolicyName="one", Policy=policy)
    changed = policy.replace("SendEmail", "SendRawEmail")
    sesv2.update_email_identity_policy(EmailIdentity=identity, PolicyName="one", Policy=changed)
    assert sesv2.get_email_identity_policies(EmailIdentity=identity)["Policies"] == {"one": changed}
    with pytest.raises(sesv2.exceptions.NotFoundException):
        sesv2.update_email_identity_policy(EmailIdentity=identity, PolicyName="other", Policy=policy)
    with pytest.raises(sesv2.exceptions.BadRequestException):
        sesv2.create_email_identity_policy(EmailIdentity=identity, PolicyName="two", Policy="no JSON")
    sesv2.delete_email_identity_policy(EmailIdentity=identity, PolicyName="one")
    assert sesv2.get_email_identity_policies(EmailIdentity=identity)["Policies"] == {}
