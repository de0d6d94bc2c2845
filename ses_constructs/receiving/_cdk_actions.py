"""The actions of aws_ses_actions, as CloudFormation's resource takes them."""

import inspect
from typing import TypeVar

from aws_cdk import aws_ses as ses

from ..common.arguments import offers

_T = TypeVar("_T")


def is_cdk_action(action: object) -> bool:
    """Tell whether *action* is one for a receipt rule; what alarms and event rules take has a ``bind`` too."""
    return offers(action, "bind") and len(inspect.signature(action.bind).parameters) == 1  # type: ignore[attr-defined]


def converted(config: ses.ReceiptRuleActionConfig) -> ses.CfnReceiptRule.ActionProperty:
    """What an action asks for, as CloudFormation's resource takes it."""
    rule = ses.CfnReceiptRule
    return rule.ActionProperty(
        add_header_action=_copied(rule.AddHeaderActionProperty, config.add_header_action),
        bounce_action=_copied(rule.BounceActionProperty, config.bounce_action),
        lambda_action=_copied(rule.LambdaActionProperty, config.lambda_action),
        s3_action=_copied(rule.S3ActionProperty, config.s3_action),
        sns_action=_copied(rule.SNSActionProperty, config.sns_action),
        stop_action=_copied(rule.StopActionProperty, config.stop_action),
        workmail_action=_copied(rule.WorkmailActionProperty, config.workmail_action),
    )


def _copied(kind: type[_T], config: object) -> _T | None:
    """The fields of *config* as a *kind*: both have the names of the API of SES."""
    if config is None:
        return None
    names = inspect.signature(kind).parameters
    return kind(**{name: getattr(config, name) for name in names if hasattr(config, name)})
