"""Measures VerifiedDomain against the same DNS records written with plain aws-cdk-lib: ``python -m benchmarks``."""
