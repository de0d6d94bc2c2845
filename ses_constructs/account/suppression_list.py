"""SuppressionList: which addresses the account no longer sends to."""

from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import check_kind
from ..common.one_per_region import claim
from ..functions.custom_resource_function import CustomResourceFunction

_REASONS = {
    ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS: ["BOUNCE", "COMPLAINT"],
    ses.SuppressionReasons.BOUNCES_ONLY: ["BOUNCE"],
    ses.SuppressionReasons.COMPLAINTS_ONLY: ["COMPLAINT"],
}


class SuppressionList(Construct):
    """What puts an address on the suppression list of the account in this region, to which SES sends nothing more.

    A configuration set may say otherwise for its own mail. The setting exists once, so a second stack that wants to own
    it is refused. Nothing else about the list is touched, and when the stack goes it stays as it is.

    Source: https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html.

    Args:
        reasons: What puts an address on the list; None for an account that suppresses nothing.

    Raises:
        ValueError: Reasons of another kind, or a second list in the app for the same account and region.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        reasons: ses.SuppressionReasons | None = ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    ) -> None:
        super().__init__(scope, construct_id)
        if reasons is not None:
            check_kind("reasons", reasons, ses.SuppressionReasons, "pass a member of ses.SuppressionReasons, or None")
        resource = CustomResourceFunction.shared(self, "suppression_list").custom_resource(
            self,
            resource_type="Custom::SESSuppressionList",
            properties={"SuppressedReasons": _REASONS[reasons] if reasons else []},
        )
        resource.node.add_dependency(claim(self, "suppression-list"))
