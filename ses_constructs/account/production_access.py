"""ProductionAccess: ask AWS to take the account out of the SES sandbox."""

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from constructs import Construct

from ..common.arguments import (
    check_choice,
    check_distinct,
    check_email_address,
    check_text,
    contains_token,
    invalid,
    is_token,
    name_flaw,
    text_tuple,
    without_tokens,
)
from ..common.one_per_region import claim
from ..functions.custom_resource_function import CustomResourceFunction

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PutAccountDetails.html
_LONGEST_WEBSITE = 1000
_LONGEST_USE_CASE = 5000
_MOST_CONTACTS = 4
_SHORTEST_CONTACT = 6
# SES has no lower limit; a person reads the text, and one sentence answers nothing of what that person asks.
_SHORTEST_USE_CASE = 100

_ASKED = "say what you send and to whom, where addresses come from, and what bounces, complaints and opt-outs lead to"


class ProductionAccess(Construct):
    """The request to leave the sandbox in this region; people at AWS review it, at first within about a day.

    The deployment submits and does not wait. An account that has left the sandbox, or whose request is under review, is
    left as it is, and nothing changes when the stack goes. After a denial AWS is not known to take another request: a
    deployment that creates one fails and names the support case, which is where to go on.

    The answers stand in the template as they are, so name mailboxes of a team as contacts rather than persons.

    There is one request in an account and region, so only one stack can hold it: see ``docs/account-wide.md``.

    Source: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html.

    Args:
        mail_type: ``transactional`` or ``marketing``, whichever is most of what you send.
        website: An http or https address of at most 1,000 characters, which shows what the mail is about.
        use_case: 100 to 5,000 characters. AWS wants to read how you build or get your mailing list, how you handle
            bounces and complaints, how recipients opt out, how much you plan to send, and a sample of it.
        contact_language: ``en`` or ``ja``, in which people at AWS write to you.
        contacts: Up to four addresses that hear of the review besides the account's own.

    Raises:
        ValueError: Answers that SES would not take, or a second request in the app for the same account and region.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        mail_type: Literal["transactional", "marketing"],
        website: str,
        use_case: str,
        contact_language: Literal["en", "ja"] = "en",
        contacts: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        check_choice("mail_type", mail_type, ("transactional", "marketing"))
        check_choice("contact_language", contact_language, ("en", "ja"))
        properties: dict[str, object] = {
            "MailType": mail_type.upper(),
            "Website": _checked_website(website),
            "UseCase": _checked_use_case(use_case),
            "ContactLanguage": contact_language.upper(),
        }
        if checked := _checked_contacts(contacts):
            properties["Contacts"] = list(checked)

        CustomResourceFunction.shared(self, "production_access").custom_resource(
            self, resource_type="Custom::SESProductionAccess", properties=properties
        ).node.add_dependency(claim(self, "production-access"))


def _checked_website(website: str) -> str:
    argument, fix = "website", "write an address such as 'https://www.example.com'"
    text = check_text(argument, website)
    if is_token(text):
        return text
    known = without_tokens(text)
    if not 1 <= len(known) <= _LONGEST_WEBSITE:
        raise invalid(argument, f"have 1 to {_LONGEST_WEBSITE} characters", website, fix)
    if not known.isascii() or not known.isprintable() or " " in known:
        raise invalid(argument, "be printable ASCII without spaces", website, fix)
    try:
        parts = urlsplit(known)
        host = parts.hostname or ""
    except ValueError:
        raise invalid(argument, "be an http or https address", website, fix) from None
    if parts.scheme not in ("http", "https") or name_flaw(host, partial=contains_token(text)):
        raise invalid(argument, "be an http or https address with a public host", website, fix)
    if "@" in parts.netloc:
        raise invalid(argument, "hold no user name and no password", website, fix)
    return text


def _checked_use_case(use_case: str) -> str:
    text = check_text("use_case", use_case).strip()
    length = len(without_tokens(text))
    if is_token(text) or _SHORTEST_USE_CASE <= length <= _LONGEST_USE_CASE:
        return text
    rule = f"have {_SHORTEST_USE_CASE} to {_LONGEST_USE_CASE:,} characters"
    raise invalid("use_case", rule, f"{length} characters", _ASKED)


def _checked_contacts(contacts: Sequence[str]) -> tuple[str, ...]:
    checked = tuple(check_email_address("contacts", each) for each in text_tuple("contacts", contacts))
    for each in checked:
        if len(each) < _SHORTEST_CONTACT:
            raise invalid("contacts", f"be addresses of at least {_SHORTEST_CONTACT} characters", each, "check it")
    if len(checked) > _MOST_CONTACTS:
        fix = "name a mailbox that several people read"
        raise invalid("contacts", f"be at most {_MOST_CONTACTS} addresses", f"{len(checked)} addresses", fix)
    check_distinct("contacts", checked)
    return checked
