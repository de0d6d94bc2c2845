"""SmtpCredentials: what a mail program needs to send by SMTP, in a secret that no person has to see."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, CfnResource, CustomResource, Duration, Fn, Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ses as ses
from constructs import Construct, IDependable

from ..alarms.alarm_reactions import AlarmReaction, checked_reactions
from ..common.arguments import check_flag, contains_token, text_tuple
from ..common.checks import check_same_region, warn_about_region
from ..common.key_use import ENCRYPT_AND_DECRYPT, through
from ..common.rendered import rendered
from ..common.ses_regions import smtp_host
from ..functions.custom_resource_function import CustomResourceFunction
from ..identities.sending_domain import SendingDomain
from . import _smtp_checks as checks
from ._rotation import SmtpRotation
from ._vpc_endpoint import ses_endpoint
from .smtp_secret import ExistingSmtpSecret, SmtpSecret

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


class SmtpCredentials(SmtpSecret):
    """An SMTP user name and password for sending from one domain, in Secrets Manager and nowhere else.

    An IAM user limited to the domain, its access key, and the SMTP password that SES derives from the key for the
    region (https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html). A function makes the key while the stack
    is deployed and writes the password into the secret; the secret access key itself is not kept.

    Args:
        domain: The domain that may be sent from, of this stack's region.
        configuration_set: One to name in messages (``X-SES-CONFIGURATION-SET``), and then the only one to send
            through; that of the domain unless given, which needs no naming.
        from_addresses: Addresses of the domain that may be sent from, with ``*`` for any text; all unless given.
        sandbox: True while the account is in the SES sandbox, where recipients are identities and need permission too.
        user: An IAM user of this account that exists, which gets the permission to send and one key more; one of the
            credentials' own unless given. Other keys of it are never touched. A user is for one ``SmtpCredentials``.
        port: 465 or 2465 for TLS from the first byte; 587, 2587 or 25 for STARTTLS.
        rotate_after: How old a password gets, 1 to 1000 whole days; no rotation unless given.
        keep_previous_for: How long the previous password works after a rotation, an hour or more and less than half of
            *rotate_after*; a day unless given. Its key is then switched off, and deleted after the same time again.
        reactions: What happens when a rotation fails, beside the alarm.
        secret_name: Made by CloudFormation unless given.
        replica_regions: Where Secrets Manager keeps copies of the secret, for those who send from there by the host of
            this region; ``SmtpCredentials.from_secret`` refers to one by *secret_name*.
        encryption_key: Encrypts the secret; the AWS managed key unless given.
        host: Another endpoint, such as a FIPS one; that of the region unless given.
        vpc: Gets an interface endpoint, so that its instances and functions send without the internet. Its DNS
            hostnames and DNS support have to be on.
        vpc_subnets: The subnets of that endpoint; the private ones unless given, or the public ones of a VPC without.

    Raises:
        ValueError: Arguments that cannot work, alone or together.
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
        reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction] = (),
        secret_name: str | None = None,
        replica_regions: Sequence[str] = (),
        encryption_key: kms.IKey | None = None,
        host: str | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        checks.check_domain(domain, stack)
        checks.check_resources(user=user, configuration_set=configuration_set, encryption_key=encryption_key, vpc=vpc)
        if encryption_key is not None:
            check_same_region("encryption_key", encryption_key.env.region, user=self)
        check_flag("sandbox", sandbox)
        if from_addresses is not None:
            checks.check_address_length(text_tuple("from_addresses", from_addresses))
        checks.check_port(self, port)
        checks.check_network(stack, host=host, vpc=vpc, vpc_subnets=vpc_subnets)
        if user is not None:
            checks.check_account(user, stack)
        if secret_name is not None:
            checks.check_secret_name(secret_name)
        replicas = checks.checked_replicas(replica_regions, stack, secret_name=secret_name)
        if host is None:
            warn_about_region(self, stack.region, speaks_smtp=True)
        reactions = checked_reactions(reactions)
        rotation = checks.check_rotation(rotate_after, keep_previous_for, reactions)
        self.host = host or smtp_host(stack.region, stack.url_suffix)
        """The SMTP endpoint."""
        self.port = port
        """Its port."""
        self.user: iam.IUser = user or iam.User(self, "User")
        """The IAM user whose access key this is."""
        checks.claim_user(self.user, stack)
        # Policies of another user, or of us for another secret, come beside the old ones, which stay until the update
        # has deleted the old key: so both are part of the ids.
        user_id = [rendered(stack.resolve(user.user_name))] if user else []
        self._policy_id = "-".join(["Policy", *user_id, *([secret_name] if secret_name else [])])
        self._owns_user = user is None
        self._secret = self._make_empty_secret(
            secret_name, encryption_key, replicas, description=f"SMTP credentials for {domain.domain_name}"
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
        self._ready = self._make_key(sending, secret_name, rotates=rotation is not None)
        self.rotation_function: lambda_.IFunction | None = (
            self._add_rotation(*rotation, reactions).function if rotation else None
        )
        """The function that rotates; None without ``rotate_after``."""
        if not rotation:
            Validations.of(self.secret).acknowledge(
                Acknowledgment(id="AwsSolutions-SMG4", reason="rotation is a choice of the app, by rotate_after")
            )
        self.vpc_endpoint: ec2.IInterfaceVpcEndpoint | None = None
        """The endpoint in ``vpc``; None without."""
        if vpc:
            checks.warn_about_zones(self, stack.region)
            self.vpc_endpoint = ses_endpoint(
                self, service="email-smtp", traffic="SMTP", vpc=vpc, subnets=vpc_subnets, port=port
            )

    @classmethod
    def from_secret(cls, scope: Construct, construct_id: str, secret: secretsmanager.ISecret) -> SmtpSecret:
        """Refer to credentials that were made elsewhere, by another stack or by hand; nothing is made or looked up.

        Args:
            scope: Where the reference is made.
            construct_id: Its id.
            secret: A secret with the fields that ``SmtpSecret.secret`` names.

        Raises:
            ValueError: Anything else than a secret.
        """
        return ExistingSmtpSecret(scope, construct_id, secret=secret)

    @property
    def secret(self) -> secretsmanager.ISecret:
        """The secret, made empty and filled while the stack is deployed."""
        return self._secret

    @property
    def ready(self) -> IDependable:
        """What to depend on before the secret is read: the custom resource that fills it.

        >>> service.node.add_dependency(credentials.ready)  # doctest: +SKIP
        """
        return self._ready

    def _make_empty_secret(
        self, name: str | None, key: kms.IKey | None, replica_regions: Sequence[str], *, description: str
    ) -> secretsmanager.ISecret:
        secret = secretsmanager.Secret(
            self,
            "Secret",
            secret_name=name,
            encryption_key=key,
            replica_regions=[secretsmanager.ReplicaRegion(region=each) for each in replica_regions] or None,
            description=description,
        )
        # CDK has a password made for every secret, and whoever read this one too early would take it for ours.
        resource = secret.node.default_child
        assert isinstance(resource, secretsmanager.CfnSecret)
        resource.generate_secret_string = None
        return secret

    def _make_key(self, sending: iam.Policy, secret_name: str | None, *, rotates: bool) -> IDependable:
        """The custom resource that makes the first key and writes its password into the secret."""
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
            permissions=self._key_permissions(_KEY_ACTIONS),
            longest={self.secret.secret_arn: self._longest_secret_arn(secret_name)},
            policy_id=self._policy_id,
        )
        self._say_on_the_secret_whose_it_is(resource)
        # A user cannot be deleted while it has keys, and a pair that may not send yet is not ready.
        resource.node.add_dependency(self.user, sending)
        return resource

    def _say_on_the_secret_whose_it_is(self, resource: CustomResource) -> None:
        """Write what the function believes whatever an event says; ``handlers/smtp/owner.py`` has the meaning."""
        secret, made = self.secret.node.default_child, resource.node.default_child
        assert isinstance(secret, secretsmanager.CfnSecret)
        assert isinstance(made, CfnResource)
        region = Stack.of(self).region
        for name, value in {
            "credentials": made.logical_id,
            # Tags have no comma.
            "user": Fn.join(":", Fn.split(",", self.user.user_name)),
            "owns-user": "true" if self._owns_user else "false",
            "endpoint": f"{self.host}:{self.port}:{region}",
        }.items():
            secret.tags.set_tag(f"ses-constructs:smtp-{name}", value)

    def _add_rotation(
        self, days: int, grace_seconds: int, reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction]
    ) -> SmtpRotation:
        return SmtpRotation(
            self,
            "Rotation",
            secret=self.secret,
            first_credentials=self.ready,
            user=self.user,
            owns_user=self._owns_user,
            host=self.host,
            port=self.port,
            days=days,
            grace_seconds=grace_seconds,
            statements=self._key_permissions((*_KEY_ACTIONS, "iam:UpdateAccessKey")),
            reactions=reactions,
        )

    def _longest_secret_arn(self, secret_name: str | None) -> int:
        if secret_name is not None:
            name = checks.LONGEST_SECRET_NAME if contains_token(secret_name) else len(secret_name)
        else:
            # CloudFormation makes it of the logical id, a hyphen and twelve characters.
            name = len(rendered(Stack.of(self).resolve(self.secret.secret_arn))) + 13
        # Before it the longest is "arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:", behind it
        # Secrets Manager puts a hyphen and six characters.
        return 64 + name + 7

    def _key_permissions(self, key_actions: Sequence[str]) -> list[iam.PolicyStatement]:
        """What a function needs to change keys and the secret, for this user and this secret alone."""
        statements = [
            iam.PolicyStatement(actions=list(key_actions), resources=[self.user.user_arn]),
            iam.PolicyStatement(actions=list(_SECRET_ACTIONS), resources=[self.secret.secret_arn]),
        ]
        if self.secret.encryption_key:
            statements.append(
                iam.PolicyStatement(
                    actions=list(ENCRYPT_AND_DECRYPT),
                    resources=[self.secret.encryption_key.key_arn],
                    conditions=through(self.secret.env.region, "secretsmanager"),
                )
            )
        return statements
