"""SmtpCredentials: what a mail program needs to send by SMTP, in a secret that no person has to see."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, Duration, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct, IDependable

from ..alarms.alarm_reactions import AlarmReaction, checked_reactions
from ..common.arguments import invalid
from ..common.rendered import rendered
from ..common.ses_regions import smtp_host
from ..identities.sending_domain import SendingDomain
from . import _smtp_checks as checks

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_secretsmanager as secretsmanager

# All that SMTP asks for (https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html).
_SENDING_ACTIONS = ("ses:SendRawEmail",)
# What the docstrings of handlers/smtp_credentials.py and handlers/rotate_smtp_credentials.py ask for.
_KEY_ACTIONS = ("iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys")
_SECRET_ACTIONS = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)


class SmtpSecret(Construct):
    """A secret with what an SMTP client needs.

    ``SmtpCredentials`` makes one; ``SmtpCredentials.from_secret`` refers to one that was made elsewhere.
    """

    secret: "secretsmanager.ISecret"
    """The secret: JSON with ``host``, ``port`` (a number), ``username``, ``password`` and ``region``."""
    ready: IDependable
    """What to depend on before the secret is read: it has its value, and the user may send.

    >>> service.node.add_dependency(credentials.ready)  # doctest: +SKIP
    """

    def __init__(self, scope: Construct, construct_id: str, *, secret: "secretsmanager.ISecret") -> None:
        super().__init__(scope, construct_id)
        checks.check_object("secret", secret)
        self.secret = self.ready = secret

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let *grantee* read the secret, and decrypt it where the secret has a key of its own.

        Raises ``ValueError`` for a grantee of another account, or a service, if the secret has no ``encryption_key``:
        nobody else can use the AWS managed key
        (https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html).
        """
        try:
            grant = self.secret.grant_read(grantee)
        except RuntimeError as error:
            if "KeyProvidedCrossAccountAccess" not in str(error):
                raise
            raise invalid(
                "grantee",
                "be of this account for a secret without an encryption_key",
                self._written(grantee.grant_principal),
                "pass encryption_key=kms.Key(...) to SmtpCredentials",
            ) from None
        key = self.secret.encryption_key
        if key is None:
            return grant
        # CDK writes this into the policy of the key, and for an imported key nowhere.
        return grant.combine(
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=["kms:Decrypt"],
                resource_arns=[key.key_arn],
                conditions=_through_secrets_manager(self.secret),
            )
        )

    def _written(self, principal: iam.IPrincipal) -> str:
        resolved = Stack.of(self).resolve(principal.policy_fragment.principal_json)
        return ", ".join(rendered(each) for named in resolved.values() for each in named)


class SmtpCredentials(SmtpSecret):
    """An SMTP user name and password for sending from one domain, in Secrets Manager and nowhere else.

    An IAM user limited to the domain, its access key, and the SMTP password that SES derives from the key for the
    region (https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html). A function makes the key while the stack
    is deployed and writes the password into the secret; the secret access key itself is not kept.

    *domain*: what may be sent from, of this stack's region.
    *configuration_set*: one to name in messages (``X-SES-CONFIGURATION-SET``), and then the only one to send through;
    that of the domain unless given, which needs no naming.
    *from_addresses* and *sandbox*: as in ``SendingDomain.grant_send``.
    *user*: an IAM user of this account that exists, instead of one of its own; gets the permission to send and one key
    more. Keys that it has otherwise are never touched. A user is for one ``SmtpCredentials``.
    *port*: 465 or 2465 for TLS from the first byte; 587, 2587 or 25 for STARTTLS.
    *rotate_after*: a new password every 1 to 1000 days; none unless given.
    *keep_previous_for*: how long the previous password works after a rotation, an hour or more, a day unless given;
    its key is then switched off, and deleted after the same time again. Less than half of *rotate_after*.
    *failure_reactions*: what happens when a rotation fails, beside the alarm.
    *secret_name*: made by CloudFormation unless given.
    *encryption_key*: for the secret, in place of the AWS managed one.
    *host*: another endpoint, such as a FIPS one; that of the region unless given.
    *vpc*: gets an interface endpoint, so that its instances and functions send without the internet; in the subnets of
    *vpc_subnets*, or in the private ones if there are any. Its DNS hostnames and DNS support have to be on.

    Raises ``ValueError`` for arguments that cannot work, alone or together.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain: SendingDomain,
        configuration_set: ses.IConfigurationSet | None = None,
        from_addresses: Sequence[str] | None = None,
        sandbox: bool = False,
        user: iam.IUser | None = None,
        port: int = 465,
        rotate_after: Duration | None = None,
        keep_previous_for: Duration | None = None,
        failure_reactions: "Sequence[AlarmReaction | cloudwatch.IAlarmAction]" = (),
        secret_name: str | None = None,
        encryption_key: "kms.IKey | None" = None,
        host: str | None = None,
        vpc: "ec2.IVpc | None" = None,
        vpc_subnets: "ec2.SubnetSelection | None" = None,
    ) -> None:
        # Not that of SmtpSecret: the secret is made below this construct, and so after it.
        Construct.__init__(self, scope, construct_id)
        stack = Stack.of(self)
        checks.check_domain(domain, stack)
        checks.check_objects(user=user, configuration_set=configuration_set, encryption_key=encryption_key, vpc=vpc)
        checks.check_address_length(from_addresses)
        checks.check_port(self, port)
        checks.check_network(host=host, vpc=vpc, vpc_subnets=vpc_subnets)
        if user is not None:
            checks.check_account(user, stack)
        if secret_name is not None:
            checks.check_secret_name(secret_name)
        if host is None:
            checks.warn_about_region(self, stack.region)
        failure_reactions = checked_reactions(failure_reactions, "failure_reactions")
        rotation = checks.check_rotation(rotate_after, keep_previous_for, failure_reactions)
        self.host = host or smtp_host(stack.region)
        """The SMTP endpoint."""
        self.port = port
        """Its port."""
        self.user: iam.IUser = user or iam.User(self, "User")
        """The IAM user whose access key this is."""
        checks.claim_user(self.user, stack)
        self.rotation_function: lambda_.IFunction | None = None
        """The function that rotates; None without ``rotate_after``."""
        self.vpc_endpoint: ec2.IInterfaceVpcEndpoint | None = None
        """The endpoint in ``vpc``; None without."""

        # Policies of another user, or of us for another secret, come beside the old ones, which stay until the update
        # has deleted the old key: so both are part of the ids.
        user_id = [rendered(stack.resolve(user.user_name))] if user else []
        self._policy_id = "-".join(["Policy", *user_id, *([secret_name] if secret_name else [])])
        self._owns_user = user is None
        self.secret = self._empty_secret(
            secret_name, encryption_key, description=f"SMTP credentials for {domain.domain_name}"
        )
        sending = iam.Policy(self, "-".join(["Sending", *user_id]), users=[self.user])
        domain._grant_sending(
            sending,
            _SENDING_ACTIONS,
            from_addresses=from_addresses,
            configuration_sets=[configuration_set] if configuration_set else [],
            # A client that forgets the header must not send through the domain's own set instead.
            default_configuration_set=configuration_set is None,
            sandbox=sandbox,
        )
        self.ready = self._fill(sending, rotates=rotation is not None)
        if rotation:
            self._rotate(*rotation, failure_reactions)
        else:
            Validations.of(self.secret).acknowledge(
                Acknowledgment(id="AwsSolutions-SMG4", reason="rotation is a choice of the app, by rotate_after")
            )
        if vpc:
            from ._vpc_endpoint import smtp_endpoint

            checks.warn_about_zones(self, stack.region)
            self.vpc_endpoint = smtp_endpoint(self, vpc=vpc, subnets=vpc_subnets, port=port)

    @classmethod
    def from_secret(cls, scope: Construct, construct_id: str, secret: "secretsmanager.ISecret") -> SmtpSecret:
        """Refer to credentials that were made elsewhere, by another stack or by hand; nothing is made or looked up."""
        return SmtpSecret(scope, construct_id, secret=secret)

    def _empty_secret(self, name: str | None, key: "kms.IKey | None", *, description: str) -> "secretsmanager.ISecret":
        from aws_cdk import aws_secretsmanager as secretsmanager

        secret = secretsmanager.Secret(self, "Secret", secret_name=name, encryption_key=key, description=description)
        # CDK has a password made for every secret, and whoever read this one too early would take it for ours.
        resource = secret.node.default_child
        assert isinstance(resource, secretsmanager.CfnSecret)
        resource.generate_secret_string = None
        return secret

    def _fill(self, sending: iam.Policy, *, rotates: bool) -> IDependable:
        from ..functions.custom_resource_function import (
            CustomResourceFunction,
        )  # loads aws_lambda, which not every app needs

        stack = Stack.of(self)
        resource = CustomResourceFunction.shared(self, "smtp_credentials").custom_resource(
            self,
            resource_type="Custom::SESSmtpCredentials",
            properties={
                "UserName": self.user.user_name,
                "SecretArn": self.secret.secret_arn,
                "Host": self.host,
                "Port": str(self.port),
                "Region": stack.region,
                "OwnsUser": "true" if self._owns_user else "false",
                "Rotates": "true" if rotates else "false",
            },
            permissions=self._statements(_KEY_ACTIONS),
            policy_id=self._policy_id,
        )
        # A user cannot be deleted while it has keys, and a pair that may not send yet is not ready.
        resource.node.add_dependency(self.user, sending)
        return resource

    def _rotate(
        self, days: int, grace_seconds: int, failure_reactions: "Sequence[AlarmReaction | cloudwatch.IAlarmAction]"
    ) -> None:
        from ._rotation import SmtpRotation

        rotation = SmtpRotation(
            self,
            "Rotation",
            secret=self.secret,
            filled=self.ready,
            user=self.user,
            owns_user=self._owns_user,
            days=days,
            grace_seconds=grace_seconds,
            statements=self._statements((*_KEY_ACTIONS, "iam:UpdateAccessKey")),
            failure_reactions=failure_reactions,
        )
        self.rotation_function = rotation.function

    def _statements(self, key_actions: Sequence[str]) -> list[iam.PolicyStatement]:
        """For this user and this secret alone."""
        statements = [
            iam.PolicyStatement(actions=list(key_actions), resources=[self.user.user_arn]),
            iam.PolicyStatement(actions=list(_SECRET_ACTIONS), resources=[self.secret.secret_arn]),
        ]
        if self.secret.encryption_key:
            statements.append(
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=[self.secret.encryption_key.key_arn],
                    conditions=_through_secrets_manager(self.secret),
                )
            )
        return statements


def _through_secrets_manager(secret: "secretsmanager.ISecret") -> dict[str, dict[str, str]]:
    """The condition that holds the use of a key to secrets, of the region that *secret* is in."""
    return {"StringEquals": {"kms:ViaService": f"secretsmanager.{secret.env.region}.amazonaws.com"}}
