"""SenderPolicy: the identity policy that lets other accounts send from a domain."""

import json
from collections.abc import Sequence

from aws_cdk import Names, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import invalid
from ..common.ses_arn import longest_name
from ..functions.custom_resource_function import CustomResourceFunction
from ._sending_grant import SENDING_ACTIONS

_MAX_POLICY_NAME = 64
# https://docs.aws.amazon.com/ses/latest/dg/sending-authorization-policies.html: 4 KB.
_MAX_POLICY_LENGTH = 4000


class SenderPolicy(Construct):
    """One sending-authorization policy on an identity; CloudFormation has no resource for it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identity: ses.IEmailIdentity,
        domain_name: str,
        removal_policy: RemovalPolicy,
    ) -> None:
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
            longest={identity.email_identity_name: longest_name(domain_name)},
            removal_policy=removal_policy,
        )

    def allow(self, principal: iam.IPrincipal, *, from_addresses: Sequence[str]) -> None:
        """Add one statement for *principal*.

        Raises ``ValueError`` when the policy would be longer than SES takes.
        """
        self._document.add_statements(
            iam.PolicyStatement(
                # SES knows no ses:SendBulkEmail in identity policies; the v2 call is checked under the older names.
                actions=list(SENDING_ACTIONS),
                principals=[principal],
                resources=[self._identity.email_identity_arn],
                conditions={"StringLike": {"ses:FromAddress": list(from_addresses)}},
            )
        )
        length = len(json.dumps(Stack.of(self).resolve(self._document), separators=(",", ":")))
        if length > _MAX_POLICY_LENGTH:
            raise invalid(
                "the senders of one domain",
                f"fit into a policy of {_MAX_POLICY_LENGTH} characters",
                length,
                "pass an iam.CompositePrincipal, or an iam.OrganizationPrincipal for all of them",
            )
