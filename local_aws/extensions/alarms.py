"""AWS::CloudWatch::Alarm with Metrics (metric math): stored and read back, never evaluated."""

from typing import Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from local_aws.extensions.registry import Properties

SINGLE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit", "Dimensions")


def install() -> None:
    original_record, original_evaluate = provisioners._cw_metric_alarm_record, cloudwatch._evaluate_alarm

    def record(name: str, properties: Properties) -> dict[str, Any]:
        metrics = properties.get("Metrics")
        # A placeholder metric passes the checks of a single-metric alarm; such an alarm then has none of its fields.
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        placeholder = {"MetricName": "placeholder", "Namespace": "placeholder"} if metrics else {}
        made: dict[str, Any] = original_record(name, plain | placeholder)
        if metrics:
            made = {key: value for key, value in made.items() if key not in SINGLE_METRIC} | {"Metrics": metrics}
        return made

    def evaluate(alarm: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        return None if alarm.get("Metrics") else original_evaluate(alarm, *args, **kwargs)

    provisioners._cw_metric_alarm_record = record
    cloudwatch._evaluate_alarm = evaluate
