"""An account that answers as a test told it: states that no local AWS can be brought into."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


class Told:
    """A client whose every call answers as it was told: with a value, by a function, or with an exception."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: object) -> Any:
            answer = self.answers[name]
            if callable(answer):
                answer = answer(**arguments)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def get_paginator(self, name: str) -> Any:
        return Told({"paginate": [getattr(self, name)()]})


def refusal(code: str, message: str = "") -> ClientError:
    """An error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "TheCall")
