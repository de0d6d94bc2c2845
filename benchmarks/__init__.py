"""Measures the constructs against the same resources written with plain aws-cdk-lib: ``python -m benchmarks``."""
