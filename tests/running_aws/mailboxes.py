"""Buckets that SES may store mail in, made by hand."""

import json

from local_aws.aws import LocalAws


def make_mailbox(aws: LocalAws, name: str) -> None:
    """A bucket whose policy lets SES in for this account."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ses.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": aws.account}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
