"""A local AWS for the demo and the tests: the real CDK CLI deploys to it, boto3 reads the result back.

It is ministack, pinned in `requirements.txt` and run by a Python environment of its own, plus the resource types and
SES calls that it lacks (`extensions/`). Nothing of this is in the wheel.

Start at `local_aws.aws.LocalAws`; what is faithful and what is not stands in `docs/local-aws.md`.
This file imports nothing, because the server's environment loads it too.
"""
