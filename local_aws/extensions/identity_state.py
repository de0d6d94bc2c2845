"""What SES knows about each identity, kept the same in the stores of SES v1 and v2, and brought up to date by DNS."""

from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import route53, ses, ses_v2

from local_aws.extensions.dkim_replicas import parent_keys, parent_region
from local_aws.extensions.identity_policies import policies_of_identity
from local_aws.extensions.registry import Properties
from local_aws.extensions.verification import (
    Records,
    easy_dkim_records,
    first_problem,
    mail_from_records,
    own_dkim_records,
    token_records,
)

# Domains whose owner asked for a verification token; SES then also accepts the TXT record instead of DKIM.
token_asked = AccountRegionScopedDict()
# identity -> the MAIL FROM domain that was found in order: like DKIM, it stays so when the records vanish later.
_mail_from_found = AccountRegionScopedDict()


def records_in_zones() -> Records:
    """Every record of every public zone, as a resolver would see it."""
    records: dict[tuple[str, str], list[str]] = {}
    # A resolver does not ask whose account a zone is in.
    of_zones = route53._records.to_dict()
    for account_and_zone, zone in list(route53._zones.to_dict().items()):
        if zone.get("private"):
            continue
        for record_set in of_zones.get(account_and_zone, []):
            name = (record_set["Name"].rstrip(".").lower(), record_set["Type"])
            records.setdefault(name, []).extend(record_set.get("ResourceRecords", []))
    return records


def refresh() -> None:
    """Let SES look at the zones: before each call, where AWS looks every few minutes."""
    records = records_in_zones()
    for name, identity in list(ses_v2._identities.items()):
        if "@" not in name:  # an address is verified by mail, see `addresses`
            _refresh_dkim(name, identity, records)
            _refresh_mail_from(name, identity, records)


def _refresh_dkim(name: str, identity: dict[str, Any], records: Records) -> None:
    dkim = identity["DkimAttributes"]
    problem: str | None = ""
    if (region := parent_region(dkim.get("SigningAttributesOrigin", ""))) and dkim["Status"] == "PENDING":
        dkim["Tokens"], problem = parent_keys(name, region)
    if dkim["Status"] == "PENDING" and not problem:
        own = dkim["SigningAttributesOrigin"] == "EXTERNAL"
        expected = own_dkim_records(name, dkim["Tokens"][0]) if own else easy_dkim_records(name, dkim["Tokens"])
        problem = first_problem(expected, records)
        if problem is None:
            dkim["Status"] = "SUCCESS"
    by_token = name in token_asked and first_problem(token_records(name), records) is None
    verified = dkim["Status"] == "SUCCESS" or by_token or identity.get("VerificationStatus") == "SUCCESS"
    identity["VerifiedForSendingStatus"] = verified
    identity["VerificationStatus"] = "SUCCESS" if verified else "PENDING"
    identity["VerificationInfo"] = {} if verified else {"ErrorType": problem or "HOST_NOT_FOUND"}
    v1 = ses._identities.setdefault(name, ses._make_identity(name, "Domain"))
    v1.update(
        VerificationStatus="Success" if verified else "Pending",
        DkimEnabled=dkim["SigningEnabled"],
        DkimTokens=dkim["Tokens"],
        DkimVerificationStatus={"SUCCESS": "Success", "PENDING": "Pending"}.get(dkim["Status"], "NotStarted"),
    )


def _refresh_mail_from(name: str, identity: dict[str, Any], records: Records) -> None:
    mail_from = identity["MailFromAttributes"]
    domain = mail_from.get("MailFromDomain")
    if not domain:
        identity["MailFromAttributes"] = {"BehaviorOnMxFailure": mail_from["BehaviorOnMxFailure"]}
        _mail_from_found.pop(name, None)
        return
    if first_problem(mail_from_records(domain), records) is None:
        _mail_from_found[name] = domain
    found = _mail_from_found.get(name) == domain
    mail_from["MailFromDomainStatus"] = "SUCCESS" if found else "PENDING"


def declare_dkim(name: str, signing: Properties, *, enabled: bool) -> None:
    """Start DKIM for a domain; the same tokens or selector as before keep their status."""
    identity = ses_v2._identities[name]
    if "@" in name:
        return
    own = bool(signing.get("DomainSigningPrivateKey"))
    if origin := signing.get("DomainSigningAttributesOrigin"):
        _declare_replica(name, origin)
        return
    # Each account and region has keys of its own for the same domain.
    place = f"{name}@{get_region()}@{get_account_id()}"
    tokens = [signing.get("DomainSigningSelector", "")] if own else ses._dkim_tokens(place)
    before = identity["DkimAttributes"]
    same = before.get("Tokens") == tokens and "SigningAttributesOrigin" in before and _is_ours(identity)
    key_length = {} if own else {"CurrentSigningKeyLength": "RSA_2048_BIT", "NextSigningKeyLength": "RSA_2048_BIT"}
    identity["DkimAttributes"] = {
        "SigningEnabled": enabled,
        "Status": before["Status"] if same else "PENDING",
        "Tokens": tokens,
        "SigningAttributesOrigin": "EXTERNAL" if own else "AWS_SES",
        **key_length,
    }
    if not _is_ours(identity):  # ministack verifies every new identity at once
        _start_anew(name)


def _start_anew(name: str) -> None:
    ses_v2._identities[name].update(VerificationStatus="PENDING", VerifiedForSendingStatus=False)
    ses._identities[name] = ses._make_identity(name, "Domain") | {"VerificationStatus": "Pending"}


def _declare_replica(name: str, origin: str) -> None:
    """A replica gets its keys with the next look."""
    ses_v2._identities[name]["DkimAttributes"] = {
        "SigningEnabled": True,
        "Status": "PENDING",
        "Tokens": [],
        "SigningAttributesOrigin": origin,
    }
    _start_anew(name)


def _is_ours(identity: dict[str, Any]) -> bool:
    return "VerificationStatus" in identity


def forget(name: str) -> None:
    """Delete an identity in both APIs, with all that belongs to it."""
    for store in (ses._identities, ses_v2._identities, policies_of_identity, token_asked, _mail_from_found):
        store.pop(name, None)
    ses_v2._ses_tags.pop(ses_v2._resource_arn("identity", name), None)
