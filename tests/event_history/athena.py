"""As much of Firehose, Glue and Athena as the saved queries need, on DuckDB.

What stands in the template decides: the prefix under which Firehose writes, the partitions that Athena looks for, and
the types of the columns. Two things differ between the dialects and are changed before a query runs:

- Trino unnests an array of rows into the columns of the row; DuckDB does so only when told ``recursive := true``.
- The current date is the last day of the sample events.
"""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

SAMPLES = Path(__file__).parent / "events"
TODAY = date(2026, 11, 20)

_UNNEST = re.compile(r"UNNEST\(([^()]+)\) AS")
_TIME_FORMATS = {"yyyy-MM-dd": "%Y-%m-%d"}
_PLAIN_TYPES = {"string": "VARCHAR", "bigint": "BIGINT", "boolean": "BOOLEAN"}


def for_duckdb(sql: str) -> str:
    """The query in DuckDB's dialect, on the last day of the samples."""
    unnested = _UNNEST.sub(r"LATERAL (SELECT UNNEST(\1, recursive := true)) AS", sql)
    return unnested.replace("current_date", f"DATE '{TODAY}'")


def duckdb_type(hive: str) -> str:
    """A Hive type as DuckDB writes it."""
    kind, _, inner = hive.partition("<")
    if not inner:
        return _PLAIN_TYPES[kind]
    parts = list(_split(inner.removesuffix(">")))
    match kind:
        case "array":
            return f"{duckdb_type(parts[0])}[]"
        case "map":
            return f"MAP({duckdb_type(parts[0])}, {duckdb_type(parts[1])})"
        case "struct":
            fields = [f'"{name}" {duckdb_type(each)}' for name, each in fields_of(hive).items()]
            return f"STRUCT({', '.join(fields)})"
    raise ValueError(f"type must be one that the table has, got {hive!r}; teach it to this function")


def fields_of(hive: str) -> dict[str, str]:
    """The fields of a Hive struct with their types."""
    inner = hive.removeprefix("struct<").removesuffix(">")
    return dict(part.split(":", 1) for part in _split(inner))


def _split(inner: str) -> Iterator[str]:
    """Cut at the commas that stand in no further brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(inner):
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == "," and not depth:
            yield inner[start:place]
            start = place + 1
    yield inner[start:]


class Athena:
    """Answers queries on the samples, which are written, found and read as the resources of the template say."""

    def __init__(self, table: dict[str, Any], destination: dict[str, Any], folder: Path) -> None:
        self._table, self._destination, self._bucket = table["TableInput"], destination, folder / "bucket"
        self._read = folder / "read"
        self._read.mkdir()
        self._deliver()
        self._connection = duckdb.connect()
        self._connection.execute(f"CREATE VIEW {self._table['Name']} AS {self._scan()}")

    def ask(self, sql: str, *parameters: str) -> list[dict[str, Any]]:
        """The rows of the answer by column."""
        result = self._connection.execute(for_duckdb(sql), parameters)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _deliver(self) -> None:
        """Write each sample file to where Firehose would have put it, compressed, on the day in its name."""
        for sample in SAMPLES.glob("*.jsonl"):
            day = date.fromisoformat(sample.name[:10])
            target = self._bucket / self._evaluated(self._destination["Prefix"], day) / f"{sample.stem}.gz"
            target.parent.mkdir(parents=True, exist_ok=True)
            assert self._destination["CompressionFormat"] == "GZIP"
            target.write_bytes(gzip.compress(sample.read_bytes()))

    def _evaluated(self, prefix: str, day: date) -> str:
        """The prefix on a day, as Firehose evaluates it."""
        return re.sub(r"!\{timestamp:([^}]+)\}", lambda match: day.strftime(_TIME_FORMATS[match[1]]), prefix)

    def _partitions(self) -> Iterator[tuple[str, Path]]:
        """The value and the folder of each partition that Athena works out from the table's parameters."""
        parameters = self._table["Parameters"]
        (key,) = self._table["PartitionKeys"]
        name = key["Name"]
        (template,) = (
            part for part in parameters["storage.location.template"]["Fn::Join"][1] if f"${{{name}}}" in part
        )
        days = re.fullmatch(r"NOW-(\d+)DAYS,NOW", parameters[f"projection.{name}.range"])
        assert days is not None
        for ago in range(int(days[1]) + 1):
            value = (TODAY - timedelta(ago)).strftime(_TIME_FORMATS[parameters[f"projection.{name}.format"]])
            yield value, self._bucket / template.replace(f"${{{name}}}", value).strip("/")

    def _scan(self) -> str:
        """A query over the files of all partitions, with the columns of the table."""
        assert self._table["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {
            "case.insensitive": "true",
            "ignore.malformed.json": "true",
        }
        for value, folder in self._partitions():
            for number, file in enumerate(sorted(folder.glob("*.gz"))):
                lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
                (self._read / f"{value}.{number}.gz").write_bytes(gzip.compress(b"".join(map(in_lower_case, lines))))
        columns = {each["Name"]: duckdb_type(each["Type"]) for each in self._table["StorageDescriptor"]["Columns"]}
        return (
            "SELECT * EXCLUDE filename, parse_filename(filename)[:10] AS day FROM read_json("
            f"'{self._read}/*.gz', format = 'newline_delimited', compression = 'gzip', columns = {columns}, "
            "ignore_errors = true, filename = true)"
        )


def in_lower_case(line: bytes) -> bytes:
    """A line as the SerDe sees it: names in lower case, and whatever is no JSON as it is."""
    try:
        event = json.loads(line, object_pairs_hook=lambda pairs: {name.lower(): value for name, value in pairs})
    except json.JSONDecodeError:
        return line
    return json.dumps(event).encode() + b"\n"
