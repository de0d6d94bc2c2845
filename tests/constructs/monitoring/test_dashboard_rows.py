"""What each row of the dashboard shows, read from the JSON that CloudWatch gets."""

import pytest
from aws_cdk import Stack

from ses_constructs import AccountHealth, AccountThresholds, EmailTeam, ForwardMail, MailDashboard, StopProcessing
from tests.constructs.dashboards import (
    alarms_of,
    body,
    everything,
    expressions,
    monitored,
    own,
    read,
    received,
    titled,
    widgets,
)
from tests.constructs.templates import identified, resources


def test_the_alarm_that_matters_most_is_in_front(stack: Stack) -> None:
    everything(stack)

    first, second = widgets(stack)[:2]
    (composite,) = identified(stack, "AWS::CloudWatch::CompositeAlarm")
    assert (first["type"], first["x"], first["y"]) == ("alarm", 0, 0)
    assert alarms_of(first["properties"]) == [composite]
    assert second["properties"]["sortBy"] == "stateUpdatedTimestamp"


def test_every_other_alarm_is_beside_it(stack: Stack) -> None:
    everything(stack)

    assert sorted(alarms_of(titled(stack, "Alarms"))) == sorted(identified(stack, "AWS::CloudWatch::Alarm"))


def test_more_alarms_than_a_widget_takes_are_cut_and_counted(stack: Stack) -> None:
    inbound = received(stack, drop_spam=False, reactions=[EmailTeam("ops@example.net")])
    for number in range(95):
        inbound.add_rule(f"Rule{number}", recipients=[f"r{number}@example.com"], actions=[StopProcessing()])
    MailDashboard(stack, "Dashboard", monitoring=monitored(stack), inbound=inbound)

    (title,) = (
        each["properties"]["title"]
        for each in widgets(stack)
        if each["type"] == "alarm" and len(each["properties"]["alarms"]) == 100
    )
    assert title == f"Alarms (100 of {len(resources(stack, 'AWS::CloudWatch::Alarm'))})"


def test_the_numbers_are_sums_over_the_time_shown(stack: Stack) -> None:
    everything(stack)

    properties = titled(stack, "Messages in the time shown")
    assert properties["setPeriodToTimeRange"] is True
    assert {metric: options["stat"] for metric, options in read(properties).items()} == {
        own(stack, name): "Sum" for name in ("Send", "Delivery", "Bounce", "Complaint")
    }
    assert body(stack)["start"] == "-P1D"


def test_the_shares_are_shares_of_what_was_sent(stack: Stack) -> None:
    everything(stack)

    properties = titled(stack, "Share of the messages sent")
    assert properties["setPeriodToTimeRange"] is True
    assert expressions(properties) == {
        "delivered, %": "100 * delivered / sent",
        "bounced, %": "100 * bounced / sent",
        "complained, %": "100 * complained / sent",
    }
    assert {options["id"]: (metric[1], options["stat"]) for metric, options in read(properties).items()} == {
        "sent": ("Send", "Sum"),
        "delivered": ("Delivery", "Sum"),
        "bounced": ("Bounce", "Sum"),
        "complained": ("Complaint", "Sum"),
    }


@pytest.mark.parametrize(
    ("title", "name", "review", "pause"),
    [
        ("Bounce rate, %", "Reputation.BounceRate", (5, "5 % review"), (10, "10 % pause")),
        ("Complaint rate, %", "Reputation.ComplaintRate", (0.1, "0.1 % review"), (0.5, "0.5 % pause")),
    ],
)
def test_a_rate_is_drawn_in_percent_below_the_lines_of_aws(
    stack: Stack, title: str, name: str, review: tuple[float, str], pause: tuple[float, str]
) -> None:
    everything(stack)

    properties = titled(stack, title)
    assert {metric: (options["stat"], options["id"]) for metric, options in read(properties).items()} == {
        own(stack, name): ("Maximum", "own"),
        ("AWS/SES", name): ("Maximum", "account"),
    }
    assert list(expressions(properties).values()) == ["100 * FILL(own, REPEAT)", "100 * FILL(account, REPEAT)"]
    lines = properties["annotations"]["horizontal"]
    assert [(each["value"], each["label"]) for each in lines] == [review, pause]
    axis = properties["yAxis"]["left"]
    assert axis["min"] == 0
    assert pause[0] < axis["max"] < 1.5 * pause[0]


def test_no_rate_or_level_is_ever_summed(stack: Stack) -> None:
    everything(stack)

    for each in widgets(stack):
        for metric, options in read(each["properties"]).items() if each["type"] == "metric" else ():
            is_count = (
                metric[0] in ("AWS/Lambda", "SesConstructs")
                or metric[:2] == ("AWS/SQS", "NumberOfMessagesSent")
                or (metric[0] == "AWS/SES" and not metric[1].startswith("Reputation."))
            )
            assert (options["stat"] == "Sum") is is_count, metric


def test_what_became_of_messages_is_drawn_over_time(stack: Stack) -> None:
    everything(stack)

    assert list(read(titled(stack, "Sent and delivered"))) == [own(stack, "Send"), own(stack, "Delivery")]
    assert list(read(titled(stack, "Bounced, delayed, complained about, rejected"))) == [
        own(stack, name) for name in ("Bounce", "DeliveryDelay", "Complaint", "Reject")
    ]


def test_what_the_dashboard_reads_is_counted(stack: Stack) -> None:
    everything(stack)

    (destination,) = (
        each["Properties"]["EventDestination"]
        for logical_id, each in identified(stack, "AWS::SES::ConfigurationSetEventDestination").items()
        if "Forwarding" not in logical_id
    )
    assert {"send", "delivery", "bounce", "complaint", "reject", "deliveryDelay"} <= set(
        destination["MatchingEventTypes"]
    )


def test_the_quota_is_drawn_below_the_line_at_which_its_alarm_warns(stack: Stack) -> None:
    health = AccountHealth(stack, "Health", thresholds=AccountThresholds(quota_warning=0.07))
    MailDashboard(stack, "Dashboard", monitoring=monitored(stack), account_health=health)

    properties = titled(stack, "24-hour quota used, %")
    assert list(read(properties)) == [("SesConstructs/Account", "QuotaUsed")]
    assert [each["value"] for each in properties["annotations"]["horizontal"]] == [7, 100]
    assert properties["annotations"]["horizontal"][0]["label"] == "7 % warning"
    assert properties["yAxis"]["left"]["max"] == 110


def test_the_state_of_the_account_is_in_numbers(stack: Stack) -> None:
    everything(stack)

    assert {metric[1]: options["stat"] for metric, options in read(titled(stack, "Account")).items()} == {
        "SentLast24Hours": "Maximum",
        "Max24HourSend": "Minimum",
        "MaxSendRate": "Minimum",
        "SendingEnabled": "Minimum",
        "ProductionAccess": "Minimum",
        "EnforcementLevel": "Maximum",
    }


def test_received_and_dropped_mail_is_counted_by_the_function_that_looks_for_spam(stack: Stack) -> None:
    inbound = received(stack)
    MailDashboard(stack, "Dashboard", monitoring=monitored(stack), inbound=inbound)

    (function,) = (each for each in identified(stack, "AWS::Lambda::Function") if "SpamFilter" in each)
    assert list(read(titled(stack, "Received"))) == [
        ("AWS/Lambda", "Invocations", "FunctionName", f"<{function}>"),
        ("SesConstructs", "DroppedSpam", "RuleSet", inbound.rule_set_name),
    ]


def test_failed_actions_are_drawn_for_each_rule(stack: Stack) -> None:
    inbound = received(stack)
    MailDashboard(stack, "Dashboard", monitoring=monitored(stack), inbound=inbound)
    added_later = inbound.add_rule("Team", actions=[StopProcessing()])

    assert inbound.spam_rule
    assert {metric: options["label"] for metric, options in read(titled(stack, "Actions that failed")).items()} == {
        ("AWS/SES", name, "RuleName", rule.rule_name): f"{rule.node.id}, {meaning}"
        for rule in (inbound.spam_rule, added_later)
        for name, meaning in (("PublishFailure", "tried again"), ("PublishExpired", "given up"))
    }


def test_more_lines_than_a_widget_takes_are_cut_and_counted(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ses_constructs.monitoring._dashboard_inbound._MAX_METRICS", 3)
    inbound = received(stack)
    inbound.add_rule("Team", actions=[StopProcessing()])
    MailDashboard(stack, "Dashboard", monitoring=monitored(stack), inbound=inbound)

    assert len(titled(stack, "Actions that failed (3 of 4 lines)")["metrics"]) == 3


def test_what_is_not_forwarded_is_drawn_by_its_reason(stack: Stack) -> None:
    inbound = received(stack, drop_spam=False)
    MailDashboard(stack, "Dashboard", monitoring=monitored(stack), inbound=inbound)
    for name in ("sales", "support"):
        inbound.add_rule(name, recipients=[f"{name}@example.com"], actions=[ForwardMail(to=["team@example.net"])])

    shown = read(titled(stack, "Not forwarded, by reason"))
    (dead_letter_queue, _) = identified(stack, "AWS::SQS::Queue")
    assert [options["label"] for options in shown.values()] == [
        *("spam", "virus", "dmarc", "own-domain", "auto-reply", "loop", "failed"),
        "waiting in the dead-letter queue",
    ]
    assert {metric[-1] for metric in list(shown)[-2:]} == {f"<{dead_letter_queue}.QueueName>"}


def test_where_nothing_can_be_counted_a_sentence_says_so(stack: Stack) -> None:
    inbound = received(stack, drop_spam=False)
    MailDashboard(stack, "Dashboard", monitoring=monitored(stack), inbound=inbound)

    texts = [each["properties"]["markdown"] for each in widgets(stack) if each["type"] == "text"]
    assert [each.splitlines()[0] for each in texts] == ["**Received**", "**Actions that failed**", "**Not forwarded**"]
