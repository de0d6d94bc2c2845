"""SenderPolicy: the identity policy that lets other accounts send from a domain."""

from collections.abc import Sequence

from aws_cdk import Names, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ._custom_resource_function import CustomResourceFunction

_MAX_POLICY_NAME = 64
# SES knows no ses:SendBulkEmail in identity policies; the v2 call is checked under the older names.
_ACTIONS = ("ses:SendEmail", "ses:SendRawEmail", "ses:SendTemplatedEmail", "ses:SendBulkTemplatedEmail")


class SenderPolicy(Construct):
    """One sending-authorization policy on an identity; CloudFormation has no resource for it."""

    def __init__(self, scope: Construct, construct_id: str, *, identity: ses.IEmailIdentity) -> None:
        super().__init__(scope, construct_id)
        self._identity = identity
        self._document = iam.PolicyDocument()
        stack = Stack.of(self)
        CustomResourceFunction.shared(self, "sender_policy").custom_resource(
            self,
            resource_type="Custom::SESSenderPolicy",
            properties={
                "Identity": identity.email_identity_name,
                "PolicyName": Names.unique_resource_name(
                    self, max_length=_MAX_POLICY_NAME, allowed_special_characters="-_"
                ),
                # Rendered when the app is synthesized, after the last call of allow_sender.
                "Policy": stack.to_json_string(self._document),
            },
            permissions=[
                iam.PolicyStatement(
                    actions=[
                        "ses:GetEmailIdentityPolicies",
                        "ses:CreateEmailIdentityPolicy",
                        "ses:UpdateEmailIdentityPolicy",
                        "ses:DeleteEmailIdentityPolicy",
                    ],
                    resources=[identity.email_identity_arn],
                )
            ],
        )

    def allow(self, principal: iam.IPrincipal, *, from_addresses: Sequence[str]) -> None:
        """Add one statement for *principal*."""
        conditions: dict[str, dict[str, object]] = {"StringLike": {"ses:FromAddress": list(from_addresses)}}
        if isinstance(principal, iam.ServicePrincipal):
            # A service acts for whoever asks it; without this any of its customers could send as the domain.
            conditions["StringEquals"] = {"aws:SourceAccount": Stack.of(self).account}
        self._document.add_statements(
            iam.PolicyStatement(
                actions=list(_ACTIONS),
                principals=[principal],
                resources=[self._identity.email_identity_arn],
                conditions=conditions,
            )
        )
