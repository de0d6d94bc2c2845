"""Try the constructs on a real AWS account, and take everything away again: `make live DOMAIN=... HOSTED_ZONE_ID=...`.

`docs/first-deployment.md` tells minute by minute what happens. It goes the demo's way, whose steps are in `local_aws/`.
"""
