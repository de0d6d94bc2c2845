"""SmtpSecret: what can be done with SMTP credentials, whether this app made them or only refers to them."""

from abc import abstractmethod

import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IDependable

from ..common.arguments import invalid
from ..common.checks import check_resource
from ..common.grants import granted, name_of
from ..common.key_use import grant_key_use


class SmtpSecret(Construct, metaclass=jsii.JSIIAbstractClass):
    """A secret with what an SMTP client needs; write functions for this, and they take both kinds.

    ``SmtpCredentials`` makes one; ``SmtpCredentials.from_secret`` refers to one that was made elsewhere.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)

    @property
    @abstractmethod
    def secret(self) -> secretsmanager.ISecret:
        """The secret: JSON with ``host``, ``port`` (a number), ``username``, ``password``, ``region`` and ``url``."""

    @property
    @abstractmethod
    def ready(self) -> IDependable:
        """What to depend on before the secret is read: it has its value, and the user may send."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a grantee read the secret, and decrypt it where the secret has a key of its own.

        Args:
            grantee: Who may read, such as a function.

        Raises:
            ValueError: A grantee of another account, or a service, where the secret has no ``encryption_key``: nobody
                else can use the AWS managed key
                (https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html).
        """
        try:
            grant = granted(
                self,
                grantee,
                self.secret.grant_read,
                resource=self.secret,
                otherwise="have the owner of the secret let the grantee in",
            )
        except RuntimeError as error:
            if "KeyProvidedCrossAccountAccess" not in str(error):
                raise
            raise invalid(
                "grantee",
                "be of this account for a secret without an encryption_key",
                name_of(self, grantee),
                "pass encryption_key=kms.Key(...) to SmtpCredentials",
            ) from None
        key = self.secret.encryption_key
        if key is None:
            return grant
        # CDK writes this into the policy of the key, and for an imported key nowhere.
        return grant.combine(grant_key_use(self, grantee, key, "secretsmanager", actions=("kms:Decrypt",)))


class ExistingSmtpSecret(SmtpSecret):
    """A secret that was made elsewhere."""

    def __init__(self, scope: Construct, construct_id: str, *, secret: secretsmanager.ISecret) -> None:
        super().__init__(scope, construct_id)
        check_resource("secret", secret, "secret")
        self._secret = secret

    @property
    def secret(self) -> secretsmanager.ISecret:
        """The secret as it was given."""
        return self._secret

    @property
    def ready(self) -> IDependable:
        """What to depend on before the secret is read: the secret itself, which is taken to have its value."""
        return self._secret
