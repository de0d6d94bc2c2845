"""What the handlers use of SES and Lambda, as plain Python objects over shared state."""

import json
from dataclasses import dataclass, field
from typing import Any

from .in_memory_account import AccountDetails, AddressesV1, AddressesV2
from .in_memory_aws import AwsError
from .in_memory_monitoring import Account, SesAccount

MOST_POLICIES = 20


@dataclass
class DomainIdentity:
    """An e-mail identity as SES keeps it; not verified when new."""

    verified: bool = False
    verification: str = "PENDING"
    error: str = ""
    dkim: str = "PENDING"
    mail_from: str = ""
    mail_from_status: str = "PENDING"
    token: str = ""
    policies: dict[str, str] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)

    def succeed(self) -> None:
        self.verified, self.verification, self.dkim, self.error = True, "SUCCESS", "SUCCESS", ""
        self.mail_from_status = "SUCCESS"


@dataclass
class SesState:
    """One account in one region. Both versions of the API show the same identities."""

    identities: dict[str, DomainIdentity] = field(default_factory=dict)
    rule_sets: set[str] = field(default_factory=set)
    rules: list[str] = field(default_factory=list)
    active_rule_set: str = ""
    account: Account = field(default_factory=Account)

    # Who got a link to click, as often as that was mailed; a mail is not a part of what the account looks like.
    links: list[str] = field(default_factory=list, compare=False)

    def new_identity(self, name: str) -> DomainIdentity:
        return self.identities.setdefault(name, DomainIdentity())

    def identity(self, name: str) -> DomainIdentity:
        if name not in self.identities:
            raise AwsError("NotFoundException", f"Email identity {name} does not exist.", 404)
        return self.identities[name]


@dataclass
class SesV1(AddressesV1):
    """The old API (query protocol)."""

    state: SesState

    def get_identity_verification_attributes(self, *, Identities: list[str]) -> dict[str, Any]:  # noqa: N803
        found = {name: self.state.identities[name] for name in Identities if name in self.state.identities}
        return {"VerificationAttributes": {name: _attributes(identity) for name, identity in found.items()}}

    def verify_domain_identity(self, *, Domain: str) -> dict[str, Any]:  # noqa: N803
        identity = self.state.identities.setdefault(Domain, DomainIdentity())
        identity.token = identity.token or f"token-of-{Domain}"
        return {"VerificationToken": identity.token}

    def create_receipt_rule_set(self, *, RuleSetName: str) -> dict[str, Any]:  # noqa: N803
        if RuleSetName in self.state.rule_sets:
            raise AwsError("AlreadyExists", f"Rule set already exists: {RuleSetName}")
        self.state.rule_sets.add(RuleSetName)
        return {}

    def delete_receipt_rule_set(self, *, RuleSetName: str) -> dict[str, Any]:  # noqa: N803
        if RuleSetName == self.state.active_rule_set:
            raise AwsError("CannotDelete", f"Cannot delete active rule set: {RuleSetName}")
        self.state.rule_sets.discard(RuleSetName)
        return {}

    def describe_active_receipt_rule_set(self) -> dict[str, Any]:
        if not self.state.active_rule_set:
            return {}
        created = "2026-11-24T12:00:00.000Z"
        return {"Metadata": {"Name": self.state.active_rule_set, "CreatedTimestamp": created}, "Rules": []}

    def describe_receipt_rule_set(self, *, RuleSetName: str) -> dict[str, Any]:  # noqa: N803
        if RuleSetName not in self.state.rule_sets:
            raise AwsError("RuleSetDoesNotExist", f"Rule set does not exist: {RuleSetName}")
        return {"Metadata": {"Name": RuleSetName}, "Rules": [{"Name": name} for name in self.state.rules]}

    def set_receipt_rule_position(self, *, RuleSetName: str, RuleName: str, After: str) -> dict[str, Any]:  # noqa: N803
        self.state.rules.remove(RuleName)
        self.state.rules.insert(self.state.rules.index(After) + 1, RuleName)
        return {}

    def set_active_receipt_rule_set(self, *, RuleSetName: str = "") -> dict[str, Any]:  # noqa: N803
        if RuleSetName and RuleSetName not in self.state.rule_sets:
            raise AwsError("RuleSetDoesNotExist", f"Rule set does not exist: {RuleSetName}")
        self.state.active_rule_set = RuleSetName
        return {}


def _attributes(identity: DomainIdentity) -> dict[str, str]:
    status = {"VerificationStatus": "Success" if identity.verified else identity.verification.capitalize()}
    return status | ({"VerificationToken": identity.token} if identity.token else {})


@dataclass
class SesV2(SesAccount, AccountDetails, AddressesV2):
    """The current API (JSON)."""

    state: SesState

    def get_email_identity(self, *, EmailIdentity: str) -> dict[str, Any]:  # noqa: N803
        identity = self.state.identity(EmailIdentity)
        return {
            "IdentityType": "EMAIL_ADDRESS" if "@" in EmailIdentity else "DOMAIN",
            "VerifiedForSendingStatus": identity.verified,
            "VerificationStatus": identity.verification,
            "DkimAttributes": {"Status": identity.dkim},
            "MailFromAttributes": {
                "MailFromDomain": identity.mail_from,
                "MailFromDomainStatus": identity.mail_from_status,
            },
            "VerificationInfo": {"ErrorType": identity.error} if identity.error else {},
            "Tags": list(identity.tags),
        }

    def get_email_identity_policies(self, *, EmailIdentity: str) -> dict[str, Any]:  # noqa: N803
        return {"Policies": dict(self.state.identity(EmailIdentity).policies)}

    def create_email_identity_policy(self, *, EmailIdentity: str, PolicyName: str, Policy: str) -> dict[str, Any]:  # noqa: N803
        policies = self.state.identity(EmailIdentity).policies
        if PolicyName in policies:
            raise AwsError("AlreadyExistsException", f"Policy {PolicyName} already exists.")
        if len(policies) >= MOST_POLICIES:
            raise AwsError("LimitExceededException", f"An identity can have at most {MOST_POLICIES} policies.")
        policies[PolicyName] = Policy
        return {}

    def update_email_identity_policy(self, *, EmailIdentity: str, PolicyName: str, Policy: str) -> dict[str, Any]:  # noqa: N803
        policies = self.state.identity(EmailIdentity).policies
        if PolicyName not in policies:
            raise AwsError("NotFoundException", f"Policy {PolicyName} does not exist.", 404)
        policies[PolicyName] = Policy
        return {}

    def delete_email_identity_policy(self, *, EmailIdentity: str, PolicyName: str) -> dict[str, Any]:  # noqa: N803
        if self.state.identity(EmailIdentity).policies.pop(PolicyName, None) is None:
            raise AwsError("NotFoundException", f"Policy {PolicyName} does not exist.", 404)
        return {}


@dataclass
class Lambda:
    """Keeps asynchronous invocations for the test to run."""

    queue: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert InvocationType == "Event", f"{FunctionName} must be invoked asynchronously, or both would be paid for"
        self.queue.append(json.loads(Payload))
        return {}
