"""What SES refuses of a receipt rule by its own words, before it looks at buckets, topics and functions."""

import re
from collections.abc import Iterator

from ministack.services import ses

from local_aws.extensions.registry import Params, Response

MOST_ACTIONS = 10  # in a rule
MOST_RULES = 200  # in a rule set
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?")

Actions = list[dict[str, dict[str, str]]]
Problem = tuple[str, str]  # SES's code and message


def rule_error(rule: dict[str, Actions]) -> Response | None:
    """SES's error about the first thing that it does not take, or None."""
    malformed: Response | None = ses._receipt_rule_error(rule)
    problem = next(_problems(rule["Actions"]), None) if malformed is None else None
    return malformed or (error(*problem) if problem else None)


def limit_error(rules: list[object]) -> Response | None:
    """SES's error about one more rule in a set that is full, or None."""
    return error("LimitExceeded", "Too many rules") if len(rules) >= MOST_RULES else None


def error(code: str, message: str) -> Response:
    response: Response = ses._receipt_error(code, message)
    return response


def missing_set(params: Params) -> Response | None:
    """SES's error about a rule set that does not exist, or None."""
    name = ses._p(params, "RuleSetName")
    response: Response | None = None if name in ses._receipt_rule_sets else ses._receipt_missing_set(name)
    return response


def _problems(actions: Actions) -> Iterator[Problem]:
    if len(actions) > MOST_ACTIONS:
        yield "LimitExceeded", "Too many actions"
    for action in actions:
        ((kind, fields),) = action.items()
        if kind == "BounceAction":
            yield from (("InvalidParameterValue", told) for told in _bounce_problems(fields))
        if kind == "S3Action" and not fields.get("BucketName"):
            yield "InvalidS3Configuration", "Bucket name must not be empty"
        if kind == "LambdaAction" and not _FUNCTION.fullmatch(fields["FunctionArn"]):
            yield "InvalidLambdaFunction", f"Invalid Lambda function: {fields['FunctionArn']}"
        if "TopicArn" in fields and not _TOPIC.fullmatch(fields["TopicArn"]):
            yield "InvalidSnsTopic", f"Invalid SNS topic: {fields['TopicArn']}"


def _bounce_problems(fields: dict[str, str]) -> Iterator[str]:
    """The sender comes last. It is an identity that is verified now, not one that will be."""
    code, status, sender = fields.get("SmtpReplyCode", ""), fields.get("StatusCode"), fields.get("Sender", "")
    if not re.fullmatch(r"[45][0-9]{2}", code):
        yield f"Invalid SMTP reply code: {code}"
    if status is not None and not re.fullmatch(r"[45]\.[0-9]\.[0-9]", status):
        yield f"Invalid status code: {status}"
    if not fields.get("Message"):
        yield f"Invalid SMTP response message: {fields.get('Message', '')}"
    if not ses._identity_verified(sender):
        yield f"Identity is not verified: {sender}"
