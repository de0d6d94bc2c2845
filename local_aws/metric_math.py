"""The part of CloudWatch's metric math that our alarms use.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
from collections.abc import Mapping
from functools import cache


def calculate(expression: str, values: Mapping[str, float | None]) -> float:
    """The value of *expression* for one period, with the metrics by their ids; None where one has no data.

    >>> calculate("IF(FILL(sends, 0) >= 100 AND FILL(bounces, 0) >= 5, 1, 0)", {"sends": 120.0, "bounces": None})
    0
    """
    return _calculate(_parse(expression), values)


@cache
def _parse(expression: str) -> ast.expr:
    # Metric math reads like Python, but for the words between conditions: IF, an expression there, is a call here.
    return ast.parse(expression.replace(" AND ", " and "), mode="eval").body


def _calculate(node: ast.expr, values: Mapping[str, float | None]) -> float:
    match node:
        case ast.Constant(value=int(number) | float(number)):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_calculate(operand, values)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _calculate(left, values) * _calculate(right, values)
        case ast.Compare(left=left, ops=[ast.GtE()], comparators=[right]):
            return _calculate(left, values) >= _calculate(right, values)
        case ast.BoolOp(op=ast.And(), values=conditions):
            return all(_calculate(condition, values) for condition in conditions)
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            return _calculate(then if _calculate(condition, values) else otherwise, values)
        case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name(id=name), instead]):
            value = values[name]
            return _calculate(instead, values) if value is None else value
    raise ValueError(f"metric math that is not known here: {ast.unparse(node)}")
