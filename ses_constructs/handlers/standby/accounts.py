"""What SES says of the two accounts: whether a person has to decide, and whether the standby can send at all.

Permissions: in the own account ``ses:GetAccount`` on ``*``, ``ses:GetConfigurationSet`` on the set, ``sts:AssumeRole``
on the role of the standby; that role needs ``ses:GetAccount`` on ``*`` and ``ses:GetEmailIdentity`` on the identity.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from .._aws import RETRY_SHORT, is_throttled, is_transient

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import GetAccountResponseTypeDef

log = logging.getLogger(__name__)

_SENDS = ("HEALTHY", "PROBATION")

# While SES is impaired nobody should wait long for it to say so.
_IMPATIENT = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=5)


def why_a_person_decides(configuration_set: str) -> str:
    """Say why no alarm may lead round the account; empty where SES is well, or does not answer.

    AWS takes an automatic way round enforcement or a pause for evasion.
    """
    return _look(configuration_set, well=("HEALTHY",))


def why_the_primary_cannot_send(configuration_set: str) -> str:
    """Say what keeps the account from sending; empty if it can send, or SES does not answer."""
    return _look(configuration_set, well=_SENDS)


def _look(configuration_set: str, *, well: Sequence[str]) -> str:
    ses = boto3.client("sesv2", config=_IMPATIENT)
    try:
        if reason := _why_not(ses.get_account(), well):
            return reason
        if configuration_set:
            options = ses.get_configuration_set(ConfigurationSetName=configuration_set).get("SendingOptions", {})
            if not options.get("SendingEnabled", True):
                return f"sending is paused for configuration set {configuration_set}"
    except Exception as error:
        # Of an SES that does not answer nothing is known, and that is what the alarm says as well; one that only has
        # too many calls will answer the next run.
        if is_throttled(error) or not is_transient(error):
            raise
        log.warning("SES does not answer", extra={"reason": str(error)[:300]})
    return ""


@dataclass(frozen=True, slots=True)
class Standby:
    """The other end of the route."""

    role_arn: str
    region: str
    domain: str

    def why_it_cannot_send(self) -> str:
        """Say what is wrong with the standby; empty if it can send."""
        ses = self._ses()
        account = ses.get_account()
        if reason := _why_not(account, _SENDS):
            return f"{reason}, in the standby"
        if not account["ProductionAccessEnabled"]:
            return "the standby is in the sandbox"
        if not ses.get_email_identity(EmailIdentity=self.domain).get("VerifiedForSendingStatus"):
            return f"the standby has not verified {self.domain}"
        return ""

    def _ses(self) -> "SESV2Client":
        given = boto3.client("sts", config=RETRY_SHORT).assume_role(
            RoleArn=self.role_arn, RoleSessionName="sender-failover"
        )["Credentials"]
        return boto3.client(
            "sesv2",
            region_name=self.region,
            config=RETRY_SHORT,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )


def _why_not(account: "GetAccountResponseTypeDef", well: Sequence[str]) -> str:
    if account["EnforcementStatus"] not in well:
        return f"AWS's enforcement status of the account is {account['EnforcementStatus']}"
    return "" if account["SendingEnabled"] else "sending is paused for the account"
