"""What lies in a queue, or comes into it."""

from typing import Any

from local_aws.aws import LocalAws
from tests.running_aws.processes import wait_until


def next_message(aws: LocalAws, queue_url: str) -> Any:
    """The next message, with its attributes, which is then no longer in the queue."""
    client, found = aws.client("sqs"), list[Any]()

    def has_come() -> bool:
        answer = client.receive_message(
            QueueUrl=queue_url, WaitTimeSeconds=5, MaxNumberOfMessages=1, MessageAttributeNames=["All"]
        )
        found.extend(answer.get("Messages", []))
        return bool(found)

    assert wait_until(has_come)
    client.delete_message(QueueUrl=queue_url, ReceiptHandle=found[0]["ReceiptHandle"])
    return found[0]
