"""Every handler, every call it makes, everything that can go wrong with a call."""

import copy
from functools import cache
from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet

from ses_constructs.handlers.verified_address import OWNER_TAG

from .in_memory_aws import FOREVER, Fault, Trouble
from .world import KINDS, PASSING, Event, World, event, in_turn, world

TOKEN, POLICY, WAIT = "verification_token", "sender_policy", "wait_for_verification"
ACTIVE, SUPPRESSION = "activate_rule_set", "suppression_list"
ORDER = "order_rules"
RECORDS = "dns_records"
DEFAULT = "default_configuration_set"
ADDRESS, ADDRESSES, PRODUCTION = "verified_address", "wait_for_addresses", "production_access"
REPLICA, ENDPOINT = "replicated_identity", "global_endpoint"


class Step(NamedTuple):
    """One event for one handler, in the state where it usually comes."""

    handler: str
    kind: str
    calls: tuple[str, ...]
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def event(self) -> Event:
        return event(self.handler, self.kind, **dict(self.properties))

    def arrange(self, aws: World) -> None:
        if self.handler == POLICY and self.kind != "create":
            aws.domain.policies["MailDomainSenders"] = event(POLICY, "create")["ResourceProperties"]["Policy"]
        if self.handler == DEFAULT and self.kind != "create":
            aws.domain.configuration_set = "first"
        if self.handler == WAIT:
            aws.domain.succeed()
            aws.domain.mail_from = self.event["ResourceProperties"]["MailFromDomain"]
        if self.handler == ACTIVE:
            before, after = (event(ACTIVE, kind)["ResourceProperties"]["RuleSetName"] for kind in ("create", "update"))
            aws.state.rule_sets = {before, after}
            aws.state.active_rule_set = "" if self.kind == "create" else before
            if self.properties:
                aws.state.rule_sets.add("theirs")
                aws.state.active_rule_set = "theirs"
        if self.handler == ORDER:
            aws.state.rule_sets = {self.event["ResourceProperties"]["RuleSetName"]}
            aws.state.rules = ["Support", "DropSpam", "Sales"]
        if self.handler == SUPPRESSION and self.kind == "create":
            aws.state.account.suppressed_reasons = []
        if self.handler == ADDRESS and self.kind != "create":
            owner = {"Key": OWNER_TAG, "Value": self.event["StackId"]}
            aws.state.new_identity(self.event["PhysicalResourceId"]).tags = [owner]
        if self.handler == RECORDS and self.kind != "create":
            aws.send(RECORDS, event(RECORDS, "create"))
            aws.aws.calls.clear()
            aws.cloudformation.bodies.clear()
            aws.clock.sleeps.clear()
        if self.handler == REPLICA and self.kind != "create":
            owner = {"Key": OWNER_TAG, "Value": self.event["StackId"]}
            aws.state.new_identity(self.event["PhysicalResourceId"]).tags = [owner]
        if self.handler == ENDPOINT:
            aws.domain.succeed()
            aws.domain.configuration_set = "mail-set"
            aws.state.account.configuration_sets = {"mail-set": True}
        if self.handler == ADDRESSES:
            for address in self.event["ResourceProperties"]["Addresses"]:
                aws.state.new_identity(address).succeed()
        if self.handler == PRODUCTION:
            aws.state.account.in_production = False
            if self.kind == "update":
                aws.state.account.details = {"ReviewDetails": {"Status": "FAILED"}}


LOOK = "sesv2.GetEmailIdentityPolicies"
ASK, SET = "ses.DescribeActiveReceiptRuleSet", "ses.SetActiveReceiptRuleSet"
REMEMBER = "lambda.TagResource"
MOVE = "ses.SetReceiptRulePosition"
IDENTITY, PUT = "sesv2.GetEmailIdentity", "sesv2.PutEmailIdentityConfigurationSetAttributes"
ACCOUNT, REASONS = "sesv2.GetAccount", "sesv2.PutAccountSuppressionAttributes"
READ, NOTE = "ssm.GetParameter", "ssm.PutParameter"
ZONE, CHANGE, IN_SYNC = "route53.GetHostedZone", "route53.ChangeResourceRecordSets", "route53.GetChange"
LISTS = ("route53.ListResourceRecordSets",) * 3
SETTINGS = ("sesv2.PutEmailIdentityMailFromAttributes", "sesv2.PutEmailIdentityConfigurationSetAttributes")
REGION = (ACCOUNT, IDENTITY, "sesv2.GetConfigurationSet", "sesv2.GetConfigurationSetEventDestinations")
STEPS = (
    Step(TOKEN, "create", ("ses.GetIdentityVerificationAttributes", "ses.VerifyDomainIdentity")),
    Step(TOKEN, "update", ("ses.GetIdentityVerificationAttributes", "ses.VerifyDomainIdentity")),
    Step(TOKEN, "delete", ()),
    Step(POLICY, "create", (LOOK, "sesv2.CreateEmailIdentityPolicy")),
    Step(POLICY, "update", (LOOK, "sesv2.UpdateEmailIdentityPolicy")),
    Step(POLICY, "delete", ("sesv2.DeleteEmailIdentityPolicy",)),
    Step(DEFAULT, "create", (IDENTITY, PUT)),
    Step(DEFAULT, "update", (IDENTITY, PUT)),
    Step(DEFAULT, "delete", (IDENTITY, PUT)),
    Step(WAIT, "create", ("sesv2.GetEmailIdentity",)),
    Step(WAIT, "update", ("sesv2.GetEmailIdentity",)),
    Step(WAIT, "delete", ()),
    Step(ACTIVE, "create", (ASK, SET, ASK)),
    Step(ACTIVE, "create", (ASK, REMEMBER, SET, ASK), (("TakeOver", "true"),)),
    Step(ACTIVE, "update", (ASK, SET, ASK)),
    Step(ACTIVE, "delete", (ASK, SET)),
    Step(ORDER, "create", ("ses.DescribeReceiptRuleSet", MOVE)),
    Step(ORDER, "update", ("ses.DescribeReceiptRuleSet", MOVE)),
    Step(ORDER, "delete", ()),
    Step(RECORDS, "create", (READ, ZONE, *LISTS, NOTE, CHANGE, NOTE, IN_SYNC, IN_SYNC)),
    Step(RECORDS, "update", (READ, ZONE, *LISTS, NOTE, CHANGE, NOTE, IN_SYNC)),
    Step(RECORDS, "delete", (READ, *LISTS, NOTE, CHANGE, "ssm.DeleteParameter")),
    Step(SUPPRESSION, "create", (ACCOUNT, REASONS)),
    Step(SUPPRESSION, "update", (ACCOUNT, REASONS)),
    Step(SUPPRESSION, "delete", ()),
    Step(ADDRESS, "create", (IDENTITY, IDENTITY, "sesv2.CreateEmailIdentity")),
    Step(ADDRESS, "update", (IDENTITY, "ses.VerifyEmailIdentity")),
    Step(ADDRESS, "delete", (IDENTITY, "sesv2.DeleteEmailIdentity")),
    Step(REPLICA, "create", (IDENTITY, "sesv2.CreateEmailIdentity", *SETTINGS, IDENTITY)),
    Step(REPLICA, "update", (IDENTITY, "sesv2.PutEmailIdentityDkimSigningAttributes", *SETTINGS, IDENTITY)),
    Step(REPLICA, "delete", (IDENTITY, "sesv2.DeleteEmailIdentity")),
    Step(ENDPOINT, "create", (*REGION, *REGION, "sesv2.GetMultiRegionEndpoint")),
    Step(ENDPOINT, "update", (*REGION, *REGION, "sesv2.GetMultiRegionEndpoint")),
    Step(ENDPOINT, "delete", ()),
    Step(ADDRESSES, "create", ("ses.GetIdentityVerificationAttributes",)),
    Step(ADDRESSES, "update", ("ses.GetIdentityVerificationAttributes",)),
    Step(ADDRESSES, "delete", ()),
    Step(PRODUCTION, "create", (ACCOUNT, "sesv2.PutAccountDetails")),
    Step(PRODUCTION, "update", (ACCOUNT, "sesv2.PutAccountDetails")),
    Step(PRODUCTION, "delete", ()),
)


def calls(*kinds: str) -> list[ParameterSet]:
    """Each call of each step, once."""
    return [
        pytest.param(step, call, id="-".join([step.handler, step.kind, *dict(step.properties), call]))
        for step in STEPS
        if step.kind in kinds
        for call in dict.fromkeys(step.calls)
    ]


CALLS = calls(*KINDS)
QUESTIONS = ("cloudformation.DescribeStackResource", "cloudformation.ListStackResources")


def name(value: object) -> str | None:
    if isinstance(value, Step):
        return "-".join([value.handler, value.kind, *dict(value.properties)])
    return value.name if isinstance(value, Trouble) else None


every_step = pytest.mark.parametrize("step", STEPS, ids=name)


@cache
def calm_end(step: Step) -> tuple[Event, object]:
    """The answer to an event without trouble, and what AWS keeps."""
    with world() as calm:
        step.arrange(calm)
        return calm.send(step.handler, step.event), calm.kept


@every_step
def test_a_handler_makes_no_other_calls_than_these_and_answers_to_the_letter(aws: World, step: Step) -> None:
    step.arrange(aws)
    sent = step.event

    answer = aws.send(step.handler, sent)

    assert tuple(aws.aws.operations()) == step.calls
    taken_over = {name: sent[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    assert answer == taken_over | {
        "Status": "SUCCESS",
        **{name: answer[name] for name in ("PhysicalResourceId", "Reason", "Data")},
    }


# Of what passes, botocore sits all out but a write that took effect; which of the others it is matters to no handler.
SPARED = [trouble for trouble in PASSING if trouble is not Trouble.TIMED_OUT_AFTER]


@pytest.mark.parametrize(
    ("step", "call", "trouble"),
    [(*each.values, which) for each, spared in in_turn(CALLS, SPARED) for which in (spared, Trouble.TIMED_OUT_AFTER)],
    ids=name,
)
def test_trouble_that_passes_changes_nothing(aws: World, step: Step, call: str, trouble: Trouble) -> None:
    step.arrange(aws)
    aws.aws.faults.append(Fault(trouble, call, times=2))

    assert (aws.send(step.handler, step.event), aws.kept) == calm_end(step)


# All handlers ask by the same code, the second question only this one.
ASKED = [(step, QUESTIONS[0], trouble) for step, trouble in in_turn(STEPS, Trouble)] + [
    (step, QUESTIONS[1], trouble)
    for step in STEPS
    for trouble in Trouble
    if step.handler == ACTIVE
    # Only the first question of a Delete is asked again after a denial.
    if (step.kind, trouble) != ("delete", Trouble.DENIED)
]


@pytest.mark.parametrize(("step", "question", "trouble"), ASKED, ids=name)
def test_trouble_with_a_question_that_passes_changes_nothing(
    aws: World, step: Step, question: str, trouble: Trouble
) -> None:
    step.arrange(aws)
    fault = Fault(trouble, question, times=2)
    aws.aws.faults.append(fault)

    assert (aws.send(step.handler, step.event), aws.kept) == calm_end(step)
    assert fault.times == 0


@pytest.mark.parametrize(("step", "call"), calls("create", "update"))
def test_denied_access_passes_for_a_policy_that_iam_does_not_apply_yet(aws: World, step: Step, call: str) -> None:
    step.arrange(aws)
    aws.aws.faults.append(Fault(Trouble.DENIED, call, times=3))

    assert (aws.send(step.handler, step.event), aws.kept) == calm_end(step)


@pytest.mark.parametrize("timeout", [160, 300])
@pytest.mark.parametrize("kind", ["create", "update"])
def test_denied_access_is_waited_for_within_90_seconds_and_the_time_of_the_function(
    aws: World, kind: str, timeout: int
) -> None:
    aws.timeout = timeout
    aws.aws.faults.append(Fault(Trouble.DENIED, times=FOREVER))

    assert aws.send(POLICY, event(POLICY, kind))["Status"] == "FAILED"
    assert sum(aws.clock.sleeps) == (7 if timeout == 160 else 90)


# Not where everything is done already by the call, nor for a second write: what CloudFormation sends after a failed
# Create or Update takes the first one back.
UNDONE = [each for each in CALLS if each.values[1] not in (IN_SYNC, "ssm.DeleteParameter", *SETTINGS)]


@pytest.mark.parametrize(("step", "call"), UNDONE)
def test_denied_access_fails_with_one_answer_and_no_change(aws: World, step: Step, call: str) -> None:
    step.arrange(aws)
    before = copy.deepcopy(aws.kept)
    aws.aws.faults.append(Fault(Trouble.DENIED, call, times=FOREVER))

    answer = aws.send(step.handler, step.event)

    assert answer["Status"] == "FAILED"
    assert "User is not authorized" in answer["Reason"]
    assert call.partition(".")[2] in answer["Reason"]
    assert aws.kept == before


@pytest.mark.parametrize("trouble", PASSING, ids=name)
@pytest.mark.parametrize(("step", "call"), CALLS)
def test_trouble_that_stays_is_answered_too(aws: World, step: Step, call: str, trouble: Trouble) -> None:
    step.arrange(aws)
    aws.aws.faults.append(Fault(trouble, call, times=FOREVER))

    answer = aws.send(step.handler, step.event)

    # A write that took effect is a success for who looks again, and for who only waits for it.
    assert answer["Status"] == "FAILED" or trouble is Trouble.TIMED_OUT_AFTER or call == IN_SYNC
    assert answer["Status"] == "SUCCESS" or answer["Reason"]


@every_step
def test_the_same_event_twice_gives_the_same_answer_and_state(aws: World, step: Step) -> None:
    step.arrange(aws)
    first = aws.send(step.handler, step.event)
    after = copy.deepcopy(aws.kept)

    assert aws.send(step.handler, step.event) == first
    assert aws.kept == after


@pytest.mark.parametrize("step", [step for step in STEPS if step.kind == "create"], ids=lambda step: step.handler)
def test_the_delete_after_a_failed_create_calls_nothing(aws: World, step: Step) -> None:
    aws.aws.faults.append(Fault(Trouble.DENIED, times=FOREVER))
    failed = aws.send(step.handler, step.event)
    aws.aws.calls.clear()

    deleted = aws.send(
        step.handler, event(step.handler, "delete") | {"PhysicalResourceId": failed["PhysicalResourceId"]}
    )

    assert failed["PhysicalResourceId"] == "ses-constructs:create-failed"
    assert deleted["Status"] == "SUCCESS"
    assert not aws.aws.calls


@pytest.mark.parametrize("step", [step for step in STEPS if step.kind == "update"], ids=lambda step: step.handler)
def test_a_failed_update_keeps_its_physical_id(aws: World, step: Step) -> None:
    step.arrange(aws)
    aws.aws.faults.append(Fault(Trouble.DENIED, times=FOREVER))

    answer = aws.send(step.handler, step.event)

    assert answer["Status"] == "FAILED"
    assert answer["PhysicalResourceId"] == step.event["PhysicalResourceId"]
