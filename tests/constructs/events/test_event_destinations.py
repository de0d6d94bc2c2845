"""Where the events of a configuration set go: metrics, topics, the event bus, streams."""

from collections.abc import Collection, Sequence
from typing import Any

import pytest
from aws_cdk import App, Aws, CfnParameter, Environment, Stack
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ses_constructs import (
    BounceMonitoring,
    CloudWatchMetrics,
    DeliveryThresholds,
    EventBusEvents,
    EventDestination,
    FirehoseEvents,
    TopicEvents,
)
from tests.constructs.templates import (
    conditions,
    identified,
    needs,
    only,
    resources,
    service_statements,
    template,
    warnings,
    written,
)

DESTINATION = "AWS::SES::ConfigurationSetEventDestination"
POLICY = "AWS::IAM::Policy"
STREAM = "AWS::KinesisFirehose::DeliveryStream"
PROBLEMS = ["bounce", "complaint", "reject", "renderingFailure", "deliveryDelay"]
UNWATCHED = DeliveryThresholds(rejects=None, delays=None)
KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
Event = ses.EmailSendingEvent
Source = ses.CloudWatchDimensionSource


def make(stack: Stack, *destinations: EventDestination, **changes: Any) -> BounceMonitoring:
    return BounceMonitoring(
        stack, "Bounces", **{"destinations": destinations, "delivery_thresholds": UNWATCHED, **changes}
    )


def dimension(name: str, **changes: Any) -> ses.CloudWatchDimension:
    return ses.CloudWatchDimension(**{"name": name, "source": Source.MESSAGE_TAG, "default_value": "none", **changes})


def counted(stack: Stack) -> list[list[str]]:
    """The kinds of events of every destination that counts."""
    return [
        each["Properties"]["EventDestination"]["MatchingEventTypes"]
        for each in resources(stack, DESTINATION)
        if "CloudWatchDestination" in each["Properties"]["EventDestination"]
    ]


def stream(stack: Stack) -> firehose.DeliveryStream:
    return firehose.DeliveryStream(stack, "Stream", destination=firehose.S3Bucket(s3.Bucket(stack, "Bucket")))


# CloudWatch


def test_problems_are_counted_by_configuration_set(stack: Stack) -> None:
    make(stack, CloudWatchMetrics())

    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    assert only(stack, DESTINATION)["Properties"] == {
        "ConfigurationSetName": {"Ref": set_id},
        "EventDestination": {
            "Enabled": True,
            "CloudWatchDestination": {
                "DimensionConfigurations": [
                    {
                        "DefaultDimensionValue": "default",
                        "DimensionName": "ses:configuration-set",
                        "DimensionValueSource": "messageTag",
                    }
                ]
            },
            "MatchingEventTypes": PROBLEMS,
        },
    }


def test_a_further_dimension_is_a_destination_of_its_own(stack: Stack) -> None:
    make(
        stack,
        CloudWatchMetrics(
            dimensions=[
                dimension("ses:from-domain"),
                dimension("X-Campaign", source=Source.EMAIL_HEADER),
                dimension("link", source=Source.LINK_TAG),
            ]
        ),
    )

    dimensions = [
        each["Properties"]["EventDestination"]["CloudWatchDestination"]["DimensionConfigurations"]
        for each in resources(stack, DESTINATION)
    ]
    assert [[(one["DimensionName"], one["DimensionValueSource"]) for one in each] for each in dimensions] == [
        [("ses:configuration-set", "messageTag")],
        [("ses:from-domain", "messageTag")],
        [("X-Campaign", "emailHeader")],
        [("link", "linkTag")],
    ]


def test_what_is_read_is_counted_once_by_every_dimension(stack: Stack) -> None:
    monitoring = make(stack, CloudWatchMetrics(dimensions=[dimension("ses:from-domain")]))
    for read in (monitoring.metric_sends, monitoring.metric_bounces, monitoring.metric_sends):
        read()

    assert counted(stack) == [[*PROBLEMS, "send"]] * 2


@pytest.mark.parametrize("first", [True, False])
def test_a_destination_that_comes_later_counts_what_is_read_too(stack: Stack, first: bool) -> None:
    monitoring = make(stack, *([CloudWatchMetrics()] if first else []))
    if not first:
        monitoring.add_destination("Counted", CloudWatchMetrics())
    monitoring.metric_deliveries()
    monitoring.add_destination("Other", EventBusEvents())

    assert counted(stack) == [[*PROBLEMS, "delivery"]]
    assert resources(stack, DESTINATION)[-1]["Properties"]["EventDestination"]["MatchingEventTypes"] == PROBLEMS


@pytest.mark.parametrize("event", list(Event), ids=str)
def test_every_metric_brings_its_event(stack: Stack, event: ses.EmailSendingEvent) -> None:
    other = Event.OPEN if event is not Event.OPEN else Event.CLICK
    metric_name = event.name.title().replace("_", "")
    make(stack, CloudWatchMetrics(events=[other])).metric(metric_name)

    assert counted(stack) == [[other.value.lower(), metric_name[0].lower() + metric_name[1:]]]


def test_a_rate_needs_no_event(stack: Stack) -> None:
    make(stack, CloudWatchMetrics(events=[Event.BOUNCE])).metric_bounce_rate()

    assert counted(stack) == [["bounce"]]


def test_metrics_are_counted_once_and_not_read_where_nothing_counts(stack: Stack) -> None:
    with pytest.raises(
        ValueError,
        match=r"destinations must hold CloudWatchMetrics\(\), so that the metric Send exists, got "
        r"\['EventBusEvents'\]; add it, or leave out what reads the metric",
    ):
        make(stack, EventBusEvents()).metric_sends()
    with pytest.raises(
        ValueError, match=r"destinations must hold CloudWatchMetrics once, .*, got 'CloudWatchMetrics2'"
    ):
        make(Stack(), CloudWatchMetrics(), CloudWatchMetrics(events=[Event.SEND]))


NAMES = "dimensions must have names of 1-256 letters, digits, '_', ':' and '-', got .*; name a tag"
DEFAULTS = "dimensions must have default values of 1-256 letters, digits, '_' and '-', got .*; take a"
HEADERS = ["From", "to", "Message-ID", "DKIM-Signature", "Return-Path", "CC", "received"]


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        *((each, {}, NAMES) for each in ("", "a b", "a.b", "ä", "a" * 257, "a\n")),
        *(
            ("campaign", {"default_value": each}, DEFAULTS)
            for each in ("", "a b", "a:b", "a.b", "ä", "a" * 257, "a\n", f"none {Aws.REGION}")
        ),
        *(
            (each, {}, f"dimensions must have different names, got '{each}'")
            for each in ("tag", "ses:configuration-set")
        ),
        *(
            (each, {"source": Source.EMAIL_HEADER}, f"dimensions must name a header that SES takes, got '{each}'; take")
            for each in HEADERS
        ),
    ],
)
def test_a_dimension_that_ses_does_not_take_is_refused(name: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CloudWatchMetrics(dimensions=[dimension("tag"), dimension(name, **changes)])
    # A tag may be called like such a header.
    assert CloudWatchMetrics(dimensions=[dimension("from")]).dimensions[0].name == "from"


def test_a_default_value_may_hold_what_only_cloudformation_knows(stack: Stack) -> None:
    value = f"none-{CfnParameter(stack, 'Stage').value_as_string}"
    make(stack, CloudWatchMetrics(dimensions=[dimension("campaign", default_value=value)]))

    written_values = {
        written(each["DefaultDimensionValue"])
        for destination in resources(stack, DESTINATION)
        for each in destination["Properties"]["EventDestination"]["CloudWatchDestination"]["DimensionConfigurations"]
    }
    assert written_values == {"default", "none-<Stage>"}


def of_events(kind: str, stack: Stack, events: Any) -> EventDestination:
    match kind:
        case "metrics":
            return CloudWatchMetrics(events=events)
        case "topic":
            return TopicEvents(topic=sns.Topic(stack, "Topic"), events=events)
        case "bus":
            return EventBusEvents(events=events)
    return FirehoseEvents(stream=stream(stack), events=events)


every_kind = pytest.mark.parametrize("kind", ["metrics", "topic", "bus", "stream"])


@every_kind
def test_only_events_that_were_asked_for_go_anywhere(stack: Stack, kind: str) -> None:
    make(stack, of_events(kind, stack, {Event.RENDERING_FAILURE}))

    (destination,) = resources(stack, DESTINATION)
    assert destination["Properties"]["EventDestination"]["MatchingEventTypes"] == ["renderingFailure"]
    with pytest.raises(ValueError, match=r"events must be at least one kind of event, got .*; leave it out for"):
        of_events(kind, Stack(), [])


# Topics


def test_a_topic_gets_the_problems_once_ses_may_publish_and_use_its_key(stack: Stack) -> None:
    make(stack, TopicEvents(topic=sns.Topic(stack, "Topic", enforce_ssl=True, master_key=kms.Key(stack, "Key"))))

    (topic_id,), (set_id,) = identified(stack, "AWS::SNS::Topic"), identified(stack, "AWS::SES::ConfigurationSet")
    ((destination_id, destination),) = identified(stack, DESTINATION).items()
    assert destination["Properties"]["EventDestination"] == {
        "Enabled": True,
        "MatchingEventTypes": PROBLEMS,
        "SnsDestination": {"TopicARN": {"Ref": topic_id}},
    }
    by_policy, (key_id,) = dict(service_statements(stack, "ses.amazonaws.com")), identified(stack, "AWS::KMS::Key")
    of_key = by_policy[key_id]
    ((_, statement),) = (each for each in by_policy.items() if each[0] != key_id)
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", {"Ref": topic_id})
    assert {key.lower(): value for key, value in conditions(statement).items()} == {
        "aws:sourceaccount": "111122223333",
        "aws:sourcearn": f"arn:<AWS::Partition>:ses:eu-west-1:111122223333:configuration-set/<{set_id}>",
    }
    assert of_key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert "Condition" not in of_key  # AWS documents none
    assert set(by_policy) <= needs(stack, destination_id)
    assert warnings(stack) == []


def test_a_topic_from_elsewhere_is_taken_and_its_owner_told_the_statement_to_add(stack: Stack) -> None:
    arn = "arn:aws:sns:eu-west-1:111122223333:events"
    make(stack, TopicEvents(topic=sns.Topic.from_topic_arn(stack, "Topic", arn)))

    assert resources(stack, "AWS::SNS::TopicPolicy") == []
    (warning,) = warnings(stack)
    assert "must let ses.amazonaws.com in before anything is published" in warning
    assert warning.endswith("[ack: ses-constructs:topic-policy-not-added]")
    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    assert arn in warning
    assert set_id in warning


def test_a_topic_that_another_stack_makes_is_refused(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=Environment(account="111122223333", region="eu-west-1"))

    with pytest.raises(
        ValueError,
        match=r"topic must be made in the same stack as the monitoring, for each of the two refers to the other, got "
        r"'Other/Topic'; move one of the two, or refer to the topic by Topic\.from_topic_arn and write its policy",
    ):
        make(stack, TopicEvents(topic=sns.Topic(other, "Topic")))


def test_a_topic_of_another_stack_takes_the_events_of_a_set_whose_name_is_known(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=Environment(account="111122223333", region="eu-west-1"))
    given = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "transactional")
    make(stack, TopicEvents(topic=sns.Topic(other, "Topic")), configuration_set=given)
    app.synth()

    assert stack.dependencies == [other]


@pytest.mark.parametrize("imported", [False, True])
def test_a_fifo_topic_is_refused(stack: Stack, imported: bool) -> None:
    arn = "arn:aws:sns:eu-west-1:111122223333:events.fifo"
    topic = sns.Topic.from_topic_arn(stack, "Topic", arn) if imported else sns.Topic(stack, "Topic", fifo=True)

    with pytest.raises(
        ValueError, match="topic must be a standard topic, because SES takes no FIFO topics, got 'Mail/"
    ):
        TopicEvents(topic=topic)


# The event bus


@pytest.mark.parametrize(
    ("env", "place"),
    [
        (None, "<AWS::Region>:<AWS::AccountId>"),
        (Environment(account="111122223333", region="us-east-1"), "us-east-1:111122223333"),
    ],
)
def test_events_go_to_the_default_bus_of_the_account_and_region(env: Environment | None, place: str) -> None:
    stack = Stack(App(), "Mail", env=env)
    make(stack, EventBusEvents())

    destination = only(stack, DESTINATION)["Properties"]["EventDestination"]
    bus = f"arn:<AWS::Partition>:events:{place}:event-bus/default"
    assert written(destination["EventBridgeDestination"]["EventBusArn"]) == bus
    assert destination["MatchingEventTypes"] == PROBLEMS
    assert resources(stack, "AWS::Events::Rule") == []


def test_a_rule_sends_the_events_of_this_configuration_set_to_the_targets(stack: Stack) -> None:
    make(stack, EventBusEvents(targets=[targets.SqsQueue(sqs.Queue(stack, "Queue"))]))

    (set_id,), (queue_id,) = identified(stack, "AWS::SES::ConfigurationSet"), identified(stack, "AWS::SQS::Queue")
    rule = only(stack, "AWS::Events::Rule")["Properties"]
    of_the_set = {"mail": {"tags": {"ses:configuration-set": [{"Ref": set_id}]}}}
    assert rule["EventPattern"] == {"source": ["aws.ses"], "detail": of_the_set}
    assert [each["Arn"] for each in rule["Targets"]] == [{"Fn::GetAtt": [queue_id, "Arn"]}]
    assert rule["State"] == "ENABLED"


def test_targets_are_no_resources(stack: Stack) -> None:
    queue: Any = sqs.Queue(stack, "Queue")

    with pytest.raises(ValueError, match=r"targets must be a list of rule targets, got .*; pass targets of aws_events"):
        EventBusEvents(targets=[queue])


# Streams


def test_a_stream_gets_every_kind_but_opens_and_clicks_by_a_role_for_this_configuration_set(stack: Stack) -> None:
    make(stack, FirehoseEvents(stream=stream(stack)))

    (stream_id,) = identified(stack, "AWS::KinesisFirehose::DeliveryStream")
    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    destination = only(stack, DESTINATION)["Properties"]["EventDestination"]
    assert destination["MatchingEventTypes"] == [*PROBLEMS, "send", "delivery", "subscription"]
    assert destination["KinesisFirehoseDestination"]["DeliveryStreamARN"] == {"Fn::GetAtt": [stream_id, "Arn"]}
    role_id, _ = destination["KinesisFirehoseDestination"]["IAMRoleARN"]["Fn::GetAtt"]
    role = identified(stack, "AWS::IAM::Role")[role_id]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert {key.lower(): value for key, value in conditions(trust).items()} == {
        "aws:sourceaccount": "111122223333",
        "aws:sourcearn": f"arn:<AWS::Partition>:ses:eu-west-1:111122223333:configuration-set/<{set_id}>",
    }
    (policy,) = (
        each for each in identified(stack, POLICY).values() if each["Properties"]["Roles"] == [{"Ref": role_id}]
    )
    (allowed,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (allowed["Action"], allowed["Resource"]) == (
        "firehose:PutRecordBatch",
        {"Fn::GetAtt": [stream_id, "Arn"]},
    )


def test_ses_assumes_a_role_that_is_older_than_the_stream_and_its_own_policy(stack: Stack) -> None:
    make(stack, FirehoseEvents(stream=stream(stack)))

    (stream_id,), (destination_id,) = identified(stack, STREAM), identified(stack, DESTINATION)
    found = only(stack, DESTINATION)["Properties"]["EventDestination"]["KinesisFirehoseDestination"]
    role_id, _ = found["IAMRoleARN"]["Fn::GetAtt"]
    (policy_id,) = (
        key for key, each in identified(stack, POLICY).items() if each["Properties"]["Roles"] == [{"Ref": role_id}]
    )
    assert role_id in needs(stack, stream_id)
    assert {role_id, policy_id, stream_id} <= needs(stack, destination_id)
    assert "Policies" not in identified(stack, "AWS::IAM::Role")[role_id]["Properties"]
    assert [key for key in template(stack)["Resources"] if key in needs(stack, key)] == []


def test_a_stream_from_elsewhere_does_not_wait_for_a_role_here(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=Environment(account="111122223333", region="eu-west-1"))
    arn = "arn:aws:firehose:eu-west-1:111122223333:deliverystream/events"
    imported = firehose.DeliveryStream.from_delivery_stream_arn(stack, "Imported", arn)
    make(stack, FirehoseEvents(stream=stream(other)), FirehoseEvents(stream=imported))

    (stream_id,) = identified(other, STREAM)
    assert all(needs(other, stream_id).isdisjoint(identified(stack, kind)) for kind in (POLICY, DESTINATION))
    assert len(identified(stack, DESTINATION)) == 2


# All together


class QueueEvents2:
    """A destination as an application could write it; its name ends in a number like our ids."""

    def __init__(self, events: Collection[Event] = (Event.BOUNCE,)) -> None:
        self._events = list(events)

    def bind_to_configuration_set(
        self, scope: Construct, configuration_set: ses.IConfigurationSet
    ) -> Sequence[ses.ConfigurationSetEventDestination]:
        return [
            ses.ConfigurationSetEventDestination(
                scope,
                "Own",
                configuration_set=configuration_set,
                destination=ses.EventDestination.sns_topic(sns.Topic(scope, "Topic")),
                events=self._events,
            )
        ]


def test_a_destination_of_ones_own_is_taken(stack: Stack) -> None:
    make(stack, QueueEvents2(), QueueEvents2([Event.SEND]))

    events = {
        key[:-8]: each["Properties"]["EventDestination"]["MatchingEventTypes"]
        for key, each in identified(stack, DESTINATION).items()
    }
    assert events == {"BouncesQueueEvents2Own": ["bounce"], "BouncesQueueEvents22Own": ["send"]}


def test_ids_come_from_the_kind_of_destination_and_never_change_with_others(stack: Stack) -> None:
    topics = [sns.Topic(stack, f"Topic{number}") for number in (1, 2)]
    other = Stack(stack, "Other")
    make(stack, CloudWatchMetrics(dimensions=[dimension("a")]), *(TopicEvents(topic=each) for each in topics))
    make(other, TopicEvents(topic=sns.Topic(other, "Topic")), EventBusEvents(), CloudWatchMetrics())

    def ids(of: Stack) -> set[str]:
        return {key[:-8] for key in identified(of, DESTINATION)}

    assert ids(stack) == {
        "BouncesCloudWatchMetricsDestination",
        "BouncesCloudWatchMetricsDimension1Destination",
        "BouncesTopicEventsDestination",
        "BouncesTopicEvents2Destination",
    }
    assert ids(other) == {
        "BouncesTopicEventsDestination",
        "BouncesEventBusEventsDestination",
        "BouncesCloudWatchMetricsDestination",
    }


def test_ten_destinations_are_taken_and_no_eleventh(stack: Stack) -> None:
    monitoring = make(stack, CloudWatchMetrics(dimensions=[dimension(f"tag{number}") for number in range(9)]))

    assert len(resources(stack, DESTINATION)) == 10
    with pytest.raises(
        ValueError, match=r"destinations must be at most 10, with one for each .*, got 11; leave some out"
    ):
        monitoring.add_destination("Eleventh", EventBusEvents())


def test_destinations_are_ours_and_no_resources(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    wrong: list[Any] = [topic, "topic", CloudWatchMetrics, ses.EventDestination.sns_topic(topic)]
    for number, each in enumerate(wrong):
        with pytest.raises(
            ValueError, match=r"destinations must have the method bind_to_configuration_set, got .*; write \[CloudW"
        ):
            BounceMonitoring(stack, f"Bounces{number}", destinations=[each])
    with pytest.raises(ValueError, match=r"destination must have the method .*, got 'topic'; pass CloudWatch"):
        make(stack).add_destination("Topic", "topic")  # type: ignore[arg-type]


def test_a_topic_of_another_region_is_refused(stack: Stack) -> None:
    topic = sns.Topic.from_topic_arn(stack, "Topic", "arn:aws:sns:us-east-1:111122223333:events")

    with pytest.raises(
        ValueError, match="topic must be in the region of the stack, eu-west-1, got 'us-east-1'; pass one"
    ):
        make(stack, TopicEvents(topic=topic))


def test_a_region_that_is_not_known_yet_is_taken(agnostic_stack: Stack) -> None:
    topic = sns.Topic.from_topic_arn(agnostic_stack, "Topic", "arn:aws:sns:us-east-1:111122223333:events")
    make(agnostic_stack, TopicEvents(topic=topic))

    destination = only(agnostic_stack, DESTINATION)["Properties"]["EventDestination"]
    assert destination["SnsDestination"]["TopicARN"] == topic.topic_arn
