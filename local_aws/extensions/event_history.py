"""What a history of events needs besides ministack: Firehose that compresses, and AWS::Athena::NamedQuery."""

import gzip
import json
from collections.abc import Callable
from typing import Any

from ministack.services import athena, firehose

from local_aws.extensions.registry import Properties, Provisioned, Response, register_type


def _compress() -> None:
    original: Callable[..., None] = firehose._deliver_to_s3

    def deliver(stream: dict[str, Any], destination: dict[str, Any], data: bytes, lambda_keys: Any = None) -> None:
        settings = destination["config"]
        # A converted record is compressed by its own format; partition keys are read from the record as it came.
        plain = not any(
            (settings.get(f"{name}Configuration") or {}).get("Enabled")
            for name in ("DataFormatConversion", "DynamicPartitioning")
        )
        if settings.get("CompressionFormat") == "GZIP" and plain:
            settings = settings | {"FileExtension": settings.get("FileExtension") or ".gz"}
            destination, data = destination | {"config": settings}, gzip.compress(data)
        original(stream, destination, data, lambda_keys)

    firehose._deliver_to_s3 = deliver


def _create_query(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    group = properties.get("WorkGroup", "primary")
    if group not in athena._workgroups and group != "primary":
        raise ValueError(f"WorkGroup {group} is not found.")
    response: Response = athena._create_named_query(properties)
    query_id = json.loads(response[2])["NamedQueryId"]
    return query_id, {"NamedQueryId": query_id}


def _delete_query(query_id: str, properties: Properties) -> None:
    athena._delete_named_query({"NamedQueryId": query_id})


def install() -> None:
    _compress()
    register_type(
        "AWS::Athena::NamedQuery",
        create=_create_query,
        delete=_delete_query,
        replaced_by=("Name", "Database", "QueryString", "Description", "WorkGroup"),
    )
