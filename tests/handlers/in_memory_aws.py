"""An AWS in memory, behind the real botocore: requests are built, checked, parsed and retried as against AWS itself.

``InMemoryAws`` answers botocore's ``before-send`` event, so that nothing leaves the process. It routes by operation to
a service object: the operation ``GetEmailIdentity`` of ``sesv2`` is the method ``get_email_identity`` of the service
registered under ``sesv2``, or under ``sesv2 in us-east-1`` where a region has one of its own. To add an operation,
write the method; how it travels is read from botocore's own model. Whatever is not as usual with a call is a ``Fault``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ReadTimeoutError

from .wire import AwsError as AwsError
from .wire import error_response, model_of, params_of, result_response

# As often as anybody may try.
FOREVER = 10_000


class UnknownRequest(BaseException):
    """Something that this AWS does not have; no Exception, so that no handler takes it for an error of AWS."""


class Trouble(Enum):
    """What may go wrong with one call."""

    THROTTLED = "throttled"
    DENIED = "access denied"
    BROKEN = "internal error"
    TIMED_OUT = "time-out before the effect"
    TIMED_OUT_AFTER = "time-out after the effect"


@dataclass(frozen=True)
class CutOff:
    """The end of the answer is lost."""

    size: int


@dataclass(frozen=True)
class Then:
    """Somebody else, who acts right after the call took effect; an ``AwsError`` is answered."""

    acts: Callable[[], object]


@dataclass(frozen=True)
class Call:
    """One HTTP request that reached this AWS. Retries of botocore count, for a service sees them all."""

    operation: str
    params: Mapping[str, Any]


@dataclass
class Fault:
    """What happens to calls of *operation* (any, if empty) with these *params*: the first *skip* go well.

    The next *times* meet trouble, or are answered with an error, or meet somebody else: a function acts when the call
    arrives, before anything comes of it.
    """

    trouble: Trouble | AwsError | CutOff | Then | Callable[[], object]
    operation: str = ""
    skip: int = 0
    times: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)

    def strikes(self, call: Call) -> bool:
        if self.operation not in ("", call.operation) or self.times == 0:
            return False
        if not self.params.items() <= call.params.items():
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class InMemoryAws:
    """Routes calls of botocore to *services*, by botocore's name of the service."""

    services: dict[str, object]
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    # Before all of these, a custom resource asks CloudFormation whether an event is its own.
    questions: list[Call] = field(default_factory=list)
    # Called when a request arrives, before anything comes of it.
    arrived: Callable[[], None] = lambda: None

    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def receive(self, **hook: Any) -> Any:
        request: AWSPreparedRequest = hook["request"]
        _, endpoint, name = hook["event_name"].split(".")
        # The hooks go by the id of a service, which is its name in almost every case.
        endpoint = {"secrets-manager": "secretsmanager", "route-53": "route53"}.get(endpoint, endpoint)
        region = re.search(r"\.([a-z]{2}(?:-[a-z]+)+-[0-9])\.", request.url)
        service = self.services.get(f"{endpoint} in {region[1]}" if region else "") or self.services.get(endpoint)
        method: Callable[..., Mapping[str, Any]] | None = getattr(service, str(xform_name(name)), None)
        if method is None:
            raise UnknownRequest(f"{endpoint}.{name}")
        operation = model_of(endpoint).operation_model(name)
        call = Call(f"{endpoint}.{name}", dict(params_of(request, operation)))
        self.arrived()
        (self.questions if endpoint == "cloudformation" else self.calls).append(call)
        struck = [fault.trouble for fault in self.faults if fault.strikes(call)]
        trouble = next((what for what in struck if isinstance(what, Trouble | AwsError)), None)
        try:
            for what in struck:
                if callable(what):
                    what()
            _before(trouble, request, endpoint)
            result = method(**call.params)
            for what in struck:
                if isinstance(what, Then):
                    what.acts()
            cut = sum(what.size for what in struck if isinstance(what, CutOff))
            response = result_response(request, result, operation, cut)
        except AwsError as error:
            response = error_response(request, error, operation)
        if trouble is Trouble.TIMED_OUT_AFTER:
            raise ReadTimeoutError(endpoint_url=request.url)
        return response


_THROTTLES = {
    "ses": AwsError("Throttling", "Maximum sending rate exceeded."),
    "sesv2": AwsError("TooManyRequestsException", "Too many requests have been made to the operation.", 429),
    "lambda": AwsError("TooManyRequestsException", "Rate Exceeded.", 429),
    "s3": AwsError("SlowDown", "Please reduce your request rate.", 503),
    **{name: AwsError("Throttling", "Rate exceeded") for name in ("sns", "iam", "cloudformation", "route53", "sts")},
}

# What a service answers in the place of AccessDeniedException.
_DENIED = {
    "sns": "AuthorizationError",
    **dict.fromkeys(("ses", "cloudwatch", "iam", "cloudformation", "route53", "sts", "s3"), "AccessDenied"),
}


def _before(trouble: Trouble | AwsError | None, request: AWSPreparedRequest, endpoint: str) -> None:
    match trouble:
        case AwsError():
            raise trouble
        case Trouble.THROTTLED:
            raise _THROTTLES.get(endpoint, AwsError("ThrottlingException", "Rate exceeded"))
        case Trouble.DENIED:
            code = _DENIED.get(endpoint, "AccessDeniedException")
            raise AwsError(code, "User is not authorized to perform this action on someone@example.com", 403)
        case Trouble.BROKEN:
            raise AwsError("InternalFailure", "An internal error occurred.", 500)
        case Trouble.TIMED_OUT:
            raise ReadTimeoutError(endpoint_url=request.url)
