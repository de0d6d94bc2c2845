"""SendingRoute: what a sender needs to follow the route."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam

from ..common.checks import check_resource
from ..identities.sending_domain import SendingDomain
from .standby_sender import StandbySender


class SendingRoute:
    """Whether mail goes through the primary or the standby: a parameter that senders read.

    The parameter does not exist before the first switch, and mail goes through the primary until then.
    ``SenderFailover`` makes the route.
    """

    def __init__(
        self, *, primary: SendingDomain, standby: StandbySender, parameter_name: str, parameter_arn: str
    ) -> None:
        self.parameter_name = parameter_name
        """The name of the SSM parameter."""
        self._primary = primary
        self._standby = standby
        self._parameter_arn = parameter_arn

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables that our sender for boto3 reads, see ``docs/standby.md``."""
        return {
            "SENDING_ROUTE": self.parameter_name,
            "STANDBY_ROLE_ARN": self._standby.role.role_arn,
            "STANDBY_REGION": self._standby.region,
        }

    def grant_send(
        self, grantee: iam.IGrantable, *, from_addresses: Sequence[str] | None = None, sandbox: bool = False
    ) -> iam.Grant:
        """Let somebody send both ways, from the domain itself and by the standby's role, and read which way it is.

        Args:
            grantee: Whoever sends.
            from_addresses: As in ``SendingDomain.grant_send``, through the primary. For the standby they are an
                argument of ``StandbySender``.
            sandbox: True while the primary's account is in the SES sandbox.

        Raises:
            ValueError: As ``SendingDomain.grant_send``.
        """
        check_resource("grantee", grantee, "IAM grantee")
        sending = self._primary.grant_send(grantee, from_addresses=from_addresses, sandbox=sandbox)
        return sending.combine(
            iam.Grant.add_to_principal(
                grantee=grantee, actions=["sts:AssumeRole"], resource_arns=[self._standby.role.role_arn]
            )
        ).combine(
            iam.Grant.add_to_principal(
                grantee=grantee, actions=["ssm:GetParameter"], resource_arns=[self._parameter_arn]
            )
        )
