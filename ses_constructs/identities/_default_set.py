"""DefaultConfigurationSet: the default set of a domain that was made elsewhere."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.ses_arn import longest_name, ses_arn
from ..functions.custom_resource_function import CustomResourceFunction


class DefaultConfigurationSet(Construct):
    """Sets it by a function, which refuses to replace another one, and takes back only what it set."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identity: ses.IEmailIdentity,
        domain_name: str,
        configuration_set: ses.IConfigurationSet,
    ) -> None:
        super().__init__(scope, construct_id)
        name = configuration_set.configuration_set_name
        goes_with_stack = (
            configuration_set.node.default_child is not None
            and Stack.of(configuration_set).node.addr == Stack.of(self).node.addr
        )
        put = "ses:PutEmailIdentityConfigurationSetAttributes"
        CustomResourceFunction.shared(self, "default_configuration_set").custom_resource(
            self,
            resource_type="Custom::SESDefaultConfigurationSet",
            properties={
                "Identity": identity.email_identity_name,
                "ConfigurationSet": name,
                "OwnsSet": "true" if goes_with_stack else "false",
            },
            permissions=[
                iam.PolicyStatement(actions=["ses:GetEmailIdentity", put], resources=[identity.email_identity_arn]),
                iam.PolicyStatement(actions=[put], resources=[ses_arn(self, "configuration-set", name)]),
            ],
            longest={identity.email_identity_name: longest_name(domain_name)},
        )
