"""What SES takes of a receipt rule; without aws_cdk, for the command knows it too."""

import re

# https://docs.aws.amazon.com/ses/latest/dg/quotas.html
MAX_RULES = 200
MAX_RECIPIENTS = 500
MAX_ACTIONS = 10
# https://docs.aws.amazon.com/ses/latest/APIReference/API_CreateReceiptRuleSet.html, and API_ReceiptRule.html alike
RULE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
# https://docs.aws.amazon.com/ses/latest/APIReference/API_AddHeaderAction.html
HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,50}")
MAX_HEADER_VALUE = 2048


def is_header_value(text: str) -> bool:
    """Whether SES takes *text* as the value of a header that it adds."""
    return text.isprintable() and 0 < len(text) <= MAX_HEADER_VALUE
