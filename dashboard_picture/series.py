"""Values over the sample day, as CloudWatch would compute them: by period and statistic, and in expressions."""

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import sample_day

Series = NDArray[np.float64]

DAY = 24 * 60 * 60

_STATISTICS: dict[str, Callable[..., Series]] = {
    "Sum": np.nansum,
    "Average": np.nanmean,
    "Maximum": np.nanmax,
    "Minimum": np.nanmin,
}
_OPERATORS: dict[type[ast.operator], Callable[[Series, Series], Series]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class Point(NamedTuple):
    """Which metric."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]


def metric_series(point: Point, period: int, statistic: str) -> Series:
    """One value for each *period*, in seconds; NaN where there is no data."""
    values = sample_day.values_of(*point)
    # The sample has no finer data.
    size = max(period // sample_day.STEP, 1)
    bins = values.reshape(-1, size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy warns of a period without data
        found = _STATISTICS[statistic](bins, axis=1)
    found[np.isnan(bins).all(axis=1)] = np.nan
    return found


def evaluate(expression: str, parts: Mapping[str, Series]) -> Series:
    """The values of a metric math expression: arithmetic and ``FILL``."""
    return _value(ast.parse(expression, mode="eval").body, parts)


def _value(node: ast.expr, parts: Mapping[str, Series]) -> Series:
    match node:
        case ast.Constant(value=int() | float() as number):
            return np.asarray(float(number))
        case ast.Name(id=name):
            return parts[name]
        case ast.BinOp(left=left, op=op, right=right):
            with np.errstate(divide="ignore", invalid="ignore"):
                return _OPERATORS[type(op)](_value(left, parts), _value(right, parts))
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Name(id="REPEAT")]):
            return _repeated(_value(filled, parts))
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, constant]):
            values = _value(filled, parts)
            return np.where(np.isnan(values), _value(constant, parts), values)
    raise ValueError(f"expression must hold arithmetic and FILL only, got {ast.unparse(node)!r}; add it here")


def _repeated(values: Series) -> Series:
    """*values*, the last one in the place of each that is missing."""
    known = np.where(np.isnan(values), 0, np.arange(len(values)))
    return values[np.maximum.accumulate(known)]
