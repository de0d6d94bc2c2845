"""Whether an AWS service gets at a resource: by the resource's own policy, as the service would find out by trying."""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_resource_policy
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, kms, lambda_svc, sns

from local_aws.extensions.iam_lag import may_be_assumed

SES = "ses.amazonaws.com"
CLOUDWATCH = "cloudwatch.amazonaws.com"
EVENTS = "events.amazonaws.com"
CLOUDWATCH_ALARMS = "lambda.alarms.cloudwatch.amazonaws.com"  # the principal of an alarm that calls a function


def service_may(
    service: str, action: str, resource_arn: str, policy: str | dict[str, Any] | None, *, source_arn: str | None
) -> bool:
    """Whether *policy* allows *service* the *action* on behalf of *source_arn* in our account; None tells neither.

    Every condition operator of IAM is understood; the keys are those that services send, and TLS is in use.
    """
    account = get_account_id()
    source = {"aws:sourcearn": source_arn, "aws:sourceaccount": account} if source_arn else {}
    context = EvalContext(
        # Not an IAM principal of the account: a statement for the account's root does not let a service in.
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource_arn,
        region=get_region(),
        secure_transport=True,
        service_context={
            **source,
            "aws:sourceowner": account,  # the default policy of a topic
            "aws:referer": account,  # SES sends it along; the S3 action of aws-cdk-lib relies on it
            "aws:principalisawsservice": "true",
            "aws:principalservicename": service,
        },
    )
    decision: str = evaluate_resource_policy(policy, context, service=service).decision
    return decision == "Allow"


def is_here(arn: str) -> bool:
    """Whether the resource is in the region of the service that uses it."""
    return arn.split(":")[3:4] == [get_region()]


def may_invoke(service: str, function: str, *, source_arn: str) -> bool:
    """Whether the policy of the function, or of the alias that *function* names, lets *service* call it."""
    found = lambda_svc.function_policy_for_arn(function) if is_here(function) else None
    return found is not None and service_may(
        service, "lambda:InvokeFunction", function, found[0], source_arn=source_arn
    )


def may_publish(service: str, topic_arn: str, *, source_arn: str) -> bool:
    """Whether the topic's policy, and the policy of the key that encrypts it, let *service* publish; no FIFO topics."""
    topic = sns._topic_by_arn_any_scope(topic_arn) if is_here(topic_arn) else None
    if topic is None or topic_arn.endswith(".fifo"):
        return False
    attributes = topic["attributes"]
    # AWS documents no source for the key of a topic, so that a policy must not rely on one.
    if (key := attributes.get("KmsMasterKeyId")) and not may_use_key(service, key, source_arn=None):
        return False
    # ministack keeps no policy where AWS puts the default one back, which lets the account's own services in.
    policy = attributes.get("Policy")
    return not policy or service_may(service, "sns:Publish", topic_arn, policy, source_arn=source_arn)


def may_use_key(service: str, key_id: str, *, source_arn: str | None) -> bool:
    """Whether the key's policy lets *service* write what the key encrypts."""
    # AWS's own keys (aws/s3, aws/sns, aws/ses) are not there: their policies let no other service in either.
    key = find_key(key_id)
    if key is None or not key.get("Enabled", True):
        return False
    policy = json.loads(key.get("Policy") or "{}")
    return all(
        service_may(service, action, key["Arn"], policy, source_arn=source_arn)
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )


def find_key(key_id: str) -> dict[str, Any] | None:
    """A key by its ARN, which may be in the other region that the bucket is in, or by its id or alias."""
    key: dict[str, Any] | None
    if key_id.startswith("arn:") and ":key/" in key_id:
        key = kms._keys.get_scoped(get_account_id(), key_id.split(":")[3], key_id.rpartition("/")[2])
    else:
        key = kms._resolve_key(key_id)
    return key


def may_assume(service: str, role_arn: str, *, source_arn: str) -> bool:
    """Whether the role exists, for long enough, and trusts *service*."""
    role = iam._roles.get_scoped(get_account_id(), None, role_arn.rpartition("/")[2])
    if role is None or role["Arn"] != role_arn or not may_be_assumed(role):
        return False
    trust = role["AssumeRolePolicyDocument"]
    document = json.loads(trust) if isinstance(trust, str) else trust
    # A trust policy names no resource, because it is the role's own.
    statements = [{**statement, "Resource": "*"} for statement in document["Statement"]]
    return service_may(service, "sts:AssumeRole", role_arn, {"Statement": statements}, source_arn=source_arn)


def role_may(role_arn: str, action: str, resource_arn: str) -> bool:
    """Whether the policies of the role let it do *action* on *resource_arn*."""
    account = get_account_id()
    context = EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource_arn,
        region=get_region(),
        secure_transport=True,
    )
    decision: str = evaluate(
        context, iam_evaluator._gather_role_policies(role_arn.rpartition("/")[2], account)
    ).decision
    return decision == "Allow"
