"""ReplicaIdentity: the identity of a domain whose DKIM keys are those of another region."""

from aws_cdk import ArnFormat, CfnResource, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.ses_arn import longest_name, ses_arn
from ..functions.custom_resource_function import CustomResourceFunction

_ACTIONS = (
    "ses:GetEmailIdentity",
    "ses:CreateEmailIdentity",
    "ses:TagResource",  # SES asks for it when an identity is made with a tag
    "ses:DeleteEmailIdentity",
    "ses:PutEmailIdentityDkimSigningAttributes",
    "ses:PutEmailIdentityMailFromAttributes",
    "ses:PutEmailIdentityConfigurationSetAttributes",
)


class ReplicaIdentity(Construct):
    """A custom resource in the place of ``AWS::SES::EmailIdentity``, which has no field for the parent region."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_name: str,
        parent_region: str,
        mail_from_domain: str | None,
        on_mx_failure: ses.MailFromBehaviorOnMxFailure,
        configuration_set: ses.IConfigurationSet | None,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        parent = Stack.of(self).format_arn(
            service="ses",
            region=parent_region,
            resource="identity",
            resource_name=domain_name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        self._resource = CustomResourceFunction.shared(self, "replicated_identity").custom_resource(
            self,
            resource_type="Custom::SESReplicatedIdentity",
            properties={
                "Domain": domain_name,
                "ParentRegion": parent_region,
                "MailFromDomain": mail_from_domain or "",
                "BehaviorOnMxFailure": on_mx_failure.name,
            },
            permissions=[
                iam.PolicyStatement(actions=list(_ACTIONS), resources=[ses_arn(self, "identity", domain_name)]),
                iam.PolicyStatement(actions=["ses:ReplicateEmailIdentityDKIMSigningKey"], resources=[parent]),
            ],
            longest={domain_name: longest_name(domain_name)},
            removal_policy=removal_policy,
        )
        self.identity = ses.EmailIdentity.from_email_identity_name(self, "Identity", self._resource.ref)
        if configuration_set is not None:
            self.use_configuration_set(configuration_set)

    def use_configuration_set(self, configuration_set: ses.IConfigurationSet) -> None:
        """Make *configuration_set* the default one."""
        made = self._resource.node.default_child
        assert isinstance(made, CfnResource)
        made.add_property_override("ConfigurationSetName", configuration_set.configuration_set_name)
