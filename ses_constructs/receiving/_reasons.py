"""Why mail is not forwarded, as the function counts it; apart, for a dashboard to know without loading aws_lambda."""

REFUSALS = ("spam", "virus", "dmarc", "own-domain", "auto-reply", "loop")
"""On purpose."""
REASONS = (*REFUSALS, "failed")
