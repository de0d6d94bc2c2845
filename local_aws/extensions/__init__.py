"""What ministack lacks and our stacks need: CloudFormation types, SES calls, and behaviour closer to AWS.

These modules run inside ministack's process and use its private names, so ministack is pinned exactly: a release that
renames one breaks the start, not a test much later. No ministack file is changed.
"""


def install() -> None:
    """Register everything in the ministack of this process."""
    from local_aws.extensions import (
        access_keys,
        alarms,
        asynchronous,
        buckets,
        custom_resources,
        encryption,
        events,
        identities,
        identity_policies,
        permissions,
        receipt_rules,
        record_sets,
        registry,
        sent_mail,
    )

    registry.install()
    for module in (
        access_keys,
        alarms,
        asynchronous,
        buckets,
        custom_resources,
        encryption,
        events,
        identities,
        identity_policies,
        permissions,
        receipt_rules,
        record_sets,
        sent_mail,
    ):
        module.install()
