"""RuleSet: what a rule and its actions know of the set that they are in.

A protocol, so that the file of ``InboundRuleSet`` imports those of rules and actions, and they do not import it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs
    from constructs import Node

    from ..alarms.alarm_reactions import AlarmReaction
    from ..identities.sending_domain import SendingDomain


class RuleSet(Protocol):
    """**Protocol:** what a rule and its actions may use of the ``InboundRuleSet`` that they are in."""

    @property
    def node(self) -> "Node":
        """Where the set is in the tree; it is a construct."""
        ...

    @property
    def rule_set_name(self) -> str:
        """The literal name of the set."""
        ...

    @property
    def domains(self) -> "Sequence[SendingDomain]":
        """The domains whose mail the rules are for; at least one."""
        ...

    @property
    def reactions(self) -> "Sequence[AlarmReaction | cloudwatch.IAlarmAction]":
        """What happens when mail cannot be handled; for the alarms of an action."""
        ...

    @property
    def alarms(self) -> "list[cloudwatch.Alarm]":
        """The alarms of the set; see ``add_alarm``."""
        ...

    def add_alarm(self, alarm: "cloudwatch.Alarm") -> None:
        """Have the reactions of the set follow an alarm that an action makes.

        Args:
            alarm: The alarm; it is one of ``alarms`` from then on.
        """
        ...

    @property
    def dead_letter_queues(self) -> "list[sqs.IQueue]":
        """Where failures end; an action that makes such a queue appends it."""
        ...

    @property
    def mailbox(self) -> "s3.IBucket | None":
        """The bucket that mail is stored in; None until it is given or needed."""
        ...

    def use_mailbox(self) -> "s3.IBucket":
        """The bucket that mail is stored in, made on first use."""
        ...
