"""Receiving mail as SES does: an SMTP listener on loopback in front of the deployed, active receipt rule set.

Start at `LocalAws.receive_mail`. The listener runs in the caller's process and reaches the local AWS by boto3 alone.
"""
