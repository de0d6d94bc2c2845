"""What ministack lacks and our stacks need: CloudFormation types, SES calls, and behaviour closer to AWS.

These modules run inside ministack's process and use its private names, so ministack is pinned exactly: a release that
renames one breaks the start, not a test much later. No ministack file is changed.
"""

from importlib import import_module

_INSTALLED_IN_THIS_ORDER = (
    "registry",  # where the others hang themselves in
    "access_keys",
    "account_details",
    "addresses",
    "alarm_actions",
    "alarms",
    "asynchronous",
    "buckets",
    "configuration_sets",
    "controls",
    "custom_resources",
    "embedded_metrics",
    "encryption",
    "event_bus",
    "event_destinations",
    "event_history",
    "events",
    "global_endpoints",
    "iam_lag",
    "identities",
    "identity_checks",
    "identity_policies",
    "parameters",
    "passing_time",
    "permissions",
    "queue_metrics",
    "receipt_filters",
    "receipt_rules",
    "record_conditions",
    "record_sets",
    "rotation",
    "secrets",
    "sending_account",
    "sent_mail",
    "stack_checks",
    "impairment",  # comes before what answers else
    "imports",  # adds to the types that others register
)


def install() -> None:
    """Register everything in the ministack of this process."""
    for name in _INSTALLED_IN_THIS_ORDER:
        import_module(f"{__name__}.{name}").install()
