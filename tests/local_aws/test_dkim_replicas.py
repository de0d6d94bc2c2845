"""Identities with the keys of another region: what SES says of each parent that it does not take."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")

DOMAIN, HERE, THERE = "replicas.example.net", "us-west-1", "us-west-2"
OWN_KEY = {"DomainSigningPrivateKey": "A" * 400, "DomainSigningSelector": "own"}


def test_what_keeps_an_identity_from_replicating(aws: LocalAws) -> None:
    here, there = (aws.client("sesv2", region_name=region) for region in (HERE, THERE))

    def make(client: Any, signing: dict[str, str] | None = None) -> None:
        client.create_email_identity(EmailIdentity=DOMAIN, **({"DkimSigningAttributes": signing} if signing else {}))

    def error() -> str:
        return str(here.get_email_identity(EmailIdentity=DOMAIN)["VerificationInfo"]["ErrorType"])

    def origin(region: str) -> dict[str, str]:
        return {"DomainSigningAttributesOrigin": f"AWS_SES_{region.upper().replace('-', '_')}"}

    make(here, origin(THERE))
    try:
        assert error() == "REPLICATION_PRIMARY_NOT_FOUND"
        make(there, OWN_KEY)
        assert error() == "REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED"
        with pytest.raises(ClientError, match=f"has replicas in {HERE}"):
            there.delete_email_identity(EmailIdentity=DOMAIN)
        here.put_email_identity_dkim_signing_attributes(
            EmailIdentity=DOMAIN,
            SigningAttributesOrigin="AWS_SES_US_WEST_1",
        )
        assert error() == "REPLICATION_PRIMARY_INVALID_REGION"
        there.delete_email_identity(EmailIdentity=DOMAIN)
        make(there, origin("eu-west-1"))
        here.put_email_identity_dkim_signing_attributes(
            EmailIdentity=DOMAIN,
            SigningAttributesOrigin="AWS_SES_US_WEST_2",
        )
        assert error() == "REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED"
    finally:
        here.delete_email_identity(EmailIdentity=DOMAIN)
        there.delete_email_identity(EmailIdentity=DOMAIN)
