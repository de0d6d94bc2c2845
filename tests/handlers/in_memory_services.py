"""What the handlers use of SES and Lambda, as plain Python objects over shared state."""

# ruff: noqa: N803 - parameters have the names of AWS

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .forwarding.mail_aws import SendEmail, Sent
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
    origin: str = "AWS_SES"
    configuration_set: str = ""
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
    sent: list[Sent] = field(default_factory=list, compare=False)

    # What SES says of each replica; by default its keys are there at once.
    replication_error: str = ""

    def replicate(self, identity: DomainIdentity) -> None:
        identity.verified = not self.replication_error
        identity.error = self.replication_error

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

    def get_identity_verification_attributes(self, *, Identities: list[str]) -> dict[str, Any]:
        found = {name: self.state.identities[name] for name in Identities if name in self.state.identities}
        return {"VerificationAttributes": {name: _attributes(identity) for name, identity in found.items()}}

    def verify_domain_identity(self, *, Domain: str) -> dict[str, Any]:
        identity = self.state.identities.setdefault(Domain, DomainIdentity())
        identity.token = identity.token or f"token-of-{Domain}"
        return {"VerificationToken": identity.token}

    def create_receipt_rule_set(self, *, RuleSetName: str) -> dict[str, Any]:
        if RuleSetName in self.state.rule_sets:
            raise AwsError("AlreadyExists", f"Rule set already exists: {RuleSetName}")
        self.state.rule_sets.add(RuleSetName)
        return {}

    def delete_receipt_rule_set(self, *, RuleSetName: str) -> dict[str, Any]:
        if RuleSetName == self.state.active_rule_set:
            raise AwsError("CannotDelete", f"Cannot delete active rule set: {RuleSetName}")
        self.state.rule_sets.discard(RuleSetName)
        return {}

    def describe_active_receipt_rule_set(self) -> dict[str, Any]:
        if not self.state.active_rule_set:
            return {}
        created = "2026-11-24T12:00:00.000Z"
        return {"Metadata": {"Name": self.state.active_rule_set, "CreatedTimestamp": created}, "Rules": []}

    def describe_receipt_rule_set(self, *, RuleSetName: str) -> dict[str, Any]:
        if RuleSetName not in self.state.rule_sets:
            raise AwsError("RuleSetDoesNotExist", f"Rule set does not exist: {RuleSetName}")
        return {"Metadata": {"Name": RuleSetName}, "Rules": [{"Name": name} for name in self.state.rules]}

    def set_receipt_rule_position(self, *, RuleSetName: str, RuleName: str, After: str) -> dict[str, Any]:
        self.state.rules.remove(RuleName)
        self.state.rules.insert(self.state.rules.index(After) + 1, RuleName)
        return {}

    def set_active_receipt_rule_set(self, *, RuleSetName: str = "") -> dict[str, Any]:
        if RuleSetName and RuleSetName not in self.state.rule_sets:
            raise AwsError("RuleSetDoesNotExist", f"Rule set does not exist: {RuleSetName}")
        self.state.active_rule_set = RuleSetName
        return {}


def _attributes(identity: DomainIdentity) -> dict[str, str]:
    status = {"VerificationStatus": "Success" if identity.verified else identity.verification.capitalize()}
    return status | ({"VerificationToken": identity.token} if identity.token else {})


@dataclass
class SesV2(SesAccount, AccountDetails, AddressesV2, SendEmail):
    """The current API (JSON)."""

    state: SesState

    def get_email_identity(self, *, EmailIdentity: str) -> dict[str, Any]:
        identity = self.state.identity(EmailIdentity)
        return {
            "IdentityType": "EMAIL_ADDRESS" if "@" in EmailIdentity else "DOMAIN",
            "VerifiedForSendingStatus": identity.verified,
            "VerificationStatus": identity.verification,
            "DkimAttributes": {"Status": identity.dkim, "SigningAttributesOrigin": identity.origin},
            "MailFromAttributes": {
                "MailFromDomain": identity.mail_from,
                "MailFromDomainStatus": identity.mail_from_status,
            },
            "VerificationInfo": {"ErrorType": identity.error} if identity.error else {},
            "Tags": list(identity.tags),
            **({"ConfigurationSetName": identity.configuration_set} if identity.configuration_set else {}),
        }

    def get_email_identity_policies(self, *, EmailIdentity: str) -> dict[str, Any]:
        return {"Policies": dict(self.state.identity(EmailIdentity).policies)}

    def create_email_identity_policy(self, *, EmailIdentity: str, PolicyName: str, Policy: str) -> dict[str, Any]:
        policies = self.state.identity(EmailIdentity).policies
        if PolicyName in policies:
            raise AwsError("AlreadyExistsException", f"Policy {PolicyName} already exists.")
        if len(policies) >= MOST_POLICIES:
            raise AwsError("LimitExceededException", f"An identity can have at most {MOST_POLICIES} policies.")
        policies[PolicyName] = Policy
        return {}

    def update_email_identity_policy(self, *, EmailIdentity: str, PolicyName: str, Policy: str) -> dict[str, Any]:
        policies = self.state.identity(EmailIdentity).policies
        if PolicyName not in policies:
            raise AwsError("NotFoundException", f"Policy {PolicyName} does not exist.", 404)
        policies[PolicyName] = Policy
        return {}

    def delete_email_identity_policy(self, *, EmailIdentity: str, PolicyName: str) -> dict[str, Any]:
        if self.state.identity(EmailIdentity).policies.pop(PolicyName, None) is None:
            raise AwsError("NotFoundException", f"Policy {PolicyName} does not exist.", 404)
        return {}


@dataclass
class Lambda:
    """Keeps asynchronous invocations for the test to run."""

    queue: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert InvocationType == "Event", f"{FunctionName} must be invoked asynchronously, or both would be paid for"
        self.queue.append(json.loads(Payload))
        return {}

    def list_tags(self, *, Resource: str) -> dict[str, Any]:
        return {"Tags": dict(self.tags)}

    def tag_resource(self, *, Resource: str, Tags: dict[str, str]) -> dict[str, Any]:
        self.tags |= Tags
        return {}


@dataclass
class StackRecords:
    """What CloudFormation shows of one stack, while it is at work on a resource and afterwards."""

    stack_id: str
    resources: dict[str, dict[str, str]] = field(default_factory=dict)
    events: list[dict[str, str]] = field(default_factory=list)
    # What else it has: types and physical ids, and logical ids where they matter.
    others: set[tuple[str, ...]] = field(default_factory=set)

    def begin(self, event: Mapping[str, Any]) -> None:
        """Go to work as CloudFormation does when it sends *event*."""
        logical_id, physical_id = event["LogicalResourceId"], event.get("PhysicalResourceId", "")
        record = {
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": event["ResourceType"],
            "ResourceStatus": f"{event['RequestType'].upper()}_IN_PROGRESS",
        }
        self.events.append(record)
        known = self.resources.get(logical_id, record)["PhysicalResourceId"]
        # What is deleted under another id is no longer the resource of that name.
        if event["RequestType"] != "Delete" or physical_id == known:
            self.resources[logical_id] = record

    def end(self, event: Mapping[str, Any], physical_id: str) -> None:
        """End it well."""
        logical_id, done = event["LogicalResourceId"], f"{event['RequestType'].upper()}_COMPLETE"
        record = self.events[-1] | {"PhysicalResourceId": physical_id, "ResourceStatus": done}
        self.events.append(record)
        if self.resources[logical_id]["ResourceStatus"].endswith("_IN_PROGRESS"):
            self.resources[logical_id] = record

    def describe_stack_resource(self, *, StackName: str, LogicalResourceId: str) -> dict[str, Any]:
        self._check(StackName)
        if LogicalResourceId not in self.resources:
            raise AwsError("ValidationError", f"Resource {LogicalResourceId} does not exist for stack Mail")
        return {"StackResourceDetail": self.resources[LogicalResourceId]}

    def describe_stack_events(self, *, StackName: str, NextToken: str = "0") -> dict[str, Any]:
        self._check(StackName)
        start, end = int(NextToken), int(NextToken) + 2
        more = {"NextToken": str(end)} if end < len(self.events) else {}
        return {"StackEvents": self.events[::-1][start:end], **more}

    def list_stack_resources(self, *, StackName: str, NextToken: str = "0") -> dict[str, Any]:
        self._check(StackName)
        start, end = int(NextToken), int(NextToken) + 2
        found = [
            {
                "ResourceType": kind,
                "PhysicalResourceId": each,
                "LogicalResourceId": (logical_id or ["Other"])[0],
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for kind, each, *logical_id in sorted(self.others)
        ]
        more = {"NextToken": str(end)} if end < len(found) else {}
        return {"StackResourceSummaries": found[start:end], **more}

    def _check(self, stack_name: str) -> None:
        assert stack_name == self.stack_id, "the stack is asked for by its id, which nobody can have again"
