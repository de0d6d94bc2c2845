"""What the handlers use to verify addresses and to leave the sandbox: identities made by call, and the request."""

# ruff: noqa: N803 - parameters have the names of AWS

from typing import TYPE_CHECKING, Any

from .in_memory_aws import AwsError

if TYPE_CHECKING:
    from .in_memory_services import SesState

CASE = "174321000012345"


class AddressesV1:
    """The calls of the old API (query protocol) that are about addresses."""

    state: "SesState"

    def verify_email_identity(self, *, EmailAddress: str) -> dict[str, Any]:
        identity = self.state.new_identity(EmailAddress)
        if not identity.verified:
            identity.verification = "PENDING"
        self.state.links.append(EmailAddress)
        return {}


class AddressesV2:
    """The calls of the current API (JSON) that make and delete identities."""

    state: "SesState"

    def create_email_identity(
        self, *, EmailIdentity: str, Tags: list[dict[str, str]], DkimSigningAttributes: dict[str, str] | None = None
    ) -> dict[str, Any]:
        if EmailIdentity in self.state.identities:
            raise AwsError("AlreadyExistsException", f"Email identity {EmailIdentity} already exist.")
        made = self.state.new_identity(EmailIdentity)
        made.tags = Tags
        if DkimSigningAttributes:
            made.origin = DkimSigningAttributes["DomainSigningAttributesOrigin"]
            self.state.replicate(made)
            return {"IdentityType": "DOMAIN", "VerifiedForSendingStatus": made.verified}
        self.state.links.append(EmailIdentity)
        return {"IdentityType": "EMAIL_ADDRESS", "VerifiedForSendingStatus": False}

    def put_email_identity_dkim_signing_attributes(
        self, *, EmailIdentity: str, SigningAttributesOrigin: str
    ) -> dict[str, Any]:
        identity = self.state.identity(EmailIdentity)
        identity.origin = SigningAttributesOrigin
        self.state.replicate(identity)
        return {}

    def put_email_identity_mail_from_attributes(
        self, *, EmailIdentity: str, MailFromDomain: str = "", BehaviorOnMxFailure: str = ""
    ) -> dict[str, Any]:
        assert BehaviorOnMxFailure in ("USE_DEFAULT_VALUE", "REJECT_MESSAGE") if MailFromDomain else True
        self.state.identity(EmailIdentity).mail_from = MailFromDomain
        return {}

    def put_email_identity_configuration_set_attributes(
        self, *, EmailIdentity: str, ConfigurationSetName: str = ""
    ) -> dict[str, Any]:
        self.state.identity(EmailIdentity).configuration_set = ConfigurationSetName
        return {}

    def delete_email_identity(self, *, EmailIdentity: str) -> dict[str, Any]:
        self.state.identity(EmailIdentity)
        del self.state.identities[EmailIdentity]
        return {}


class AccountDetails:
    """The request to leave the sandbox, which a person at AWS answers: see ``review``."""

    state: "SesState"

    def put_account_details(self, **answers: Any) -> dict[str, Any]:
        account = self.state.account
        match account.details.get("ReviewDetails", {}).get("Status"):
            case "PENDING":
                raise AwsError("ConflictException", "An account details update is under review.", 409)
            case "DENIED" | "LOST":
                raise AwsError("ConflictException", "None", 409)  # https://github.com/aws/aws-cli/issues/6652
        contacts = answers.get("AdditionalContactEmailAddresses", ["ops@example.com"])
        if not 1 <= len(contacts) <= 4:
            raise AwsError("BadRequestException", "Between 1 and 4 contacts are needed.")
        for contact in contacts:
            if contact.endswith(".invalid"):
                raise AwsError("BadRequestException", f"Cannot send to <{contact}>.")
        assert answers.pop("ProductionAccessEnabled") is True
        account.details = {**answers, "ReviewDetails": {"Status": "PENDING", "CaseId": CASE}}
        return {}
