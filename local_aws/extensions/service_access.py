"""Whether a resource's own policy lets an AWS service in, as the service would find out by trying."""

from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.core.responses import get_account_id, get_region


def service_may(
    service: str, action: str, resource_arn: str, policy: str | dict[str, Any] | None, *, source_arn: str
) -> bool:
    """Whether *policy* allows *service* the *action* on behalf of *source_arn* in our account.

    Every condition operator of IAM is understood; the keys are those that services send, and TLS is in use.
    """
    account = get_account_id()
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
            "aws:sourcearn": source_arn,
            "aws:sourceaccount": account,
            "aws:sourceowner": account,  # the default policy of a topic
            "aws:referer": account,  # SES sends it along; the S3 action of aws-cdk-lib relies on it
            "aws:principalisawsservice": "true",
            "aws:principalservicename": service,
        },
    )
    decision: str = evaluate_resource_policy(policy, context, service=service).decision
    return decision == "Allow"
