"""The regions in which SES receives the mail of a domain, and in which order senders try them."""

from collections.abc import Mapping

from aws_cdk import Stack
from constructs import Construct

from ..common.arguments import check_kind, contains_token, invalid
from ..common.checks import warn_about_region
from ..common.register import region_of, url_suffix_of
from ..common.ses_regions import check_region, inbound_host

_PREFERENCES = range(2**16)  # RFC 1035, section 3.3.9
_EXAMPLE = "{'eu-west-1': 10, 'us-east-1': 20}"


def mail_exchangers(domain: Construct, stack: Stack, receives_mail: bool | Mapping[str, int]) -> list[str]:
    """The values of the domain's MX record, none if it receives nothing; warns about regions that are not known to.

    Raises ``ValueError`` for regions and preferences that cannot be.
    """
    region = region_of(stack)
    exchangers = _checked(receives_mail, region=region)
    warn_about_region(domain, region, sends=True, receives_mail=region in exchangers)
    for each in exchangers:
        if each != region:
            warn_about_region(domain, each, receives_mail=True)
    suffix = url_suffix_of(stack) if any(map(contains_token, exchangers)) else None
    return [f"{preference} {inbound_host(each, suffix)}" for each, preference in exchangers.items()]


def _checked(receives_mail: bool | Mapping[str, int], *, region: str) -> Mapping[str, int]:
    if not isinstance(receives_mail, Mapping):
        fix = f"pass True or False, or regions with their preferences such as {_EXAMPLE}"
        check_kind("receives_mail", receives_mail, bool, fix)
        return {region: 10} if receives_mail else {}
    if not receives_mail:
        raise invalid("receives_mail", "name a region, or be False", receives_mail, f"write {_EXAMPLE}")
    for each, preference in receives_mail.items():
        check_region("receives_mail", each)
        if isinstance(preference, bool) or preference not in _PREFERENCES:
            raise invalid(
                "receives_mail",
                f"have whole numbers from 0 to {_PREFERENCES[-1]} as preferences",
                preference,
                f"write {_EXAMPLE}; the lowest is tried first",
            )
    if len(set(receives_mail.values())) < len(receives_mail):
        raise invalid(
            "receives_mail",
            "have a preference of its own for each region, for among equal ones senders choose by chance (RFC 5321, "
            "section 5.1)",
            dict(receives_mail),
            f"write {_EXAMPLE}; the lowest is tried first",
        )
    return receives_mail
