"""Any combination of settings gives a program that synthesizes to just those, or a sentence about what is left out."""

import subprocess
import sys
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ses_constructs.command.adoption.program import Program
from ses_constructs.command.adoption.source import literal
from tests.command.adopted_mail import (
    HOSTILE,
    IDENTITY,
    PUBLISHED,
    SET,
    STOP,
    TOPIC,
    adopted,
    resources_of,
    rule,
    rule_set,
    zone_of,
)

texts = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=12)


@st.composite
def identities(draw: st.DrawFn) -> dict[str, Any]:
    origin = draw(st.sampled_from(["AWS_SES", "AWS_SES", "EXTERNAL", "AWS_SES_EU_CENTRAL_1"]))
    length = draw(st.sampled_from(["RSA_1024_BIT", "RSA_2048_BIT"]))
    mail_from = draw(st.sampled_from(["", "mail.example.com", "send.example.com", "a.b.example.com", "x.example.net"]))
    on_failure = draw(st.sampled_from(["USE_DEFAULT_VALUE", "REJECT_MESSAGE"]))
    return {
        **IDENTITY,
        "FeedbackForwardingStatus": draw(st.booleans()),
        "DkimAttributes": {
            **IDENTITY["DkimAttributes"],
            "SigningAttributesOrigin": origin,
            "NextSigningKeyLength": length,
        },
        "MailFromAttributes": {"MailFromDomain": mail_from, "BehaviorOnMxFailure": on_failure},
        "Tags": [{"Key": draw(texts), "Value": draw(texts)}],
    }


@st.composite
def records(draw: st.DrawFn) -> dict[Any, list[str]]:
    """Those of the domain, some with a value of somebody's own, some gone."""
    found = {key: values for key, values in PUBLISHED.items() if draw(st.integers(0, 3))}
    for name, start in (
        ("_dmarc.example.com", "v=DMARC1; p="),
        ("example.com", "v=spf1 "),
        ("_smtp._tls.example.com", "v=TLSRPTv1; rua="),
    ):
        if draw(st.booleans()):
            found[name, "TXT"] = [start + draw(texts)]
    return found


actions = st.one_of(
    st.fixed_dictionaries(
        {
            "S3Action": st.fixed_dictionaries(
                {"BucketName": st.sampled_from(["ours", "Old_One"]), "ObjectKeyPrefix": st.just("") | texts},
                optional={"KmsKeyArn": texts},
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "SNSAction": st.fixed_dictionaries(
                {"TopicArn": st.just(TOPIC), "Encoding": st.sampled_from(["UTF-8", "Base64"])}
            )
        }
    ),
    st.fixed_dictionaries(
        {"LambdaAction": st.fixed_dictionaries({"FunctionArn": texts, "InvocationType": st.just("Event")})}
    ),
    st.fixed_dictionaries({"AddHeaderAction": st.fixed_dictionaries({"HeaderName": texts, "HeaderValue": texts})}),
    st.just(STOP),
)
rules = st.builds(
    lambda name, made, recipients, enabled: rule(name, *made, Recipients=recipients, Enabled=enabled),
    st.sampled_from(["one", "two", "1.2", "1-2", "class", "-"]) | texts,
    st.lists(actions, min_size=1, max_size=3),
    st.lists(st.sampled_from(["a@example.com", ".example.com", "b@sub.example.com"]) | texts, max_size=2, unique=True),
    st.booleans(),
)


def as_a_template_says_it(found: Any) -> Any:
    """A rule of the API as CloudFormation spells it, without what is empty."""
    if isinstance(found, dict):
        return {key: as_a_template_says_it(value) for key, value in found.items() if value not in ([], "")}
    return [as_a_template_says_it(each) for each in found] if isinstance(found, list) else found


def formatted(program: Program) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "-"]
    return subprocess.run(command, input=program.text, capture_output=True, text=True, check=True).stdout


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    identity=identities(),
    published=records(),
    in_route53=st.booleans(),
    set_tag=texts,
    rules=st.lists(rules, max_size=3, unique_by=lambda each: each["Name"]),
)
def test_what_the_program_says_is_so_and_what_it_leaves_out_is_named(
    identity: dict[str, Any], published: Any, in_route53: bool, set_tag: str, rules: list[Any]
) -> None:
    zone = zone_of(published) if in_route53 else None
    a_set = {**SET, "Tags": [{"Key": "team", "Value": set_tag}]}

    adoption, program = adopted(
        identity=identity, published=published, zone=zone, configuration_set=a_set, rule_set=rule_set(*rules)
    )

    assert program.text.isascii()
    assert formatted(program) == program.text
    resources = resources_of(program)
    assert {*program.mapping} <= {*resources}
    left = " ".join(each.what for each in adoption.left)
    made = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::SES::ReceiptRule"]
    assert "rule set" in left or [each["Rule"] for each in made] == as_a_template_says_it(rules)
    tags = [
        tag
        for each in resources.values()
        if each["Type"].startswith("AWS::SES")
        for tag in each["Properties"].get("Tags", [])
    ]
    assert "of the configuration set" in left or {"Key": "team", "Value": set_tag} in tags
    assert "identity" in left or identity["Tags"][0] in tags
    for kind, argument in (("DMARC", "dmarc=Dmarc"), ("SPF", "spf=Spf"), ("TLS-RPT", "tls_reporting=Tls")):
        assert "identity" in left or kind in left or argument in program.text or not has_policy(published, kind)


def has_policy(published: Any, kind: str) -> bool:
    name, start = {
        "DMARC": ("_dmarc.example.com", "v=DMARC1"),
        "SPF": ("example.com", "v=spf1 "),
        "TLS-RPT": ("_smtp._tls.example.com", "v=TLSRPTv1"),
    }[kind]
    return any(each.startswith(start) for each in published.get((name, "TXT"), ()))


@given(st.text() | texts)
@example("'\"")
def test_a_literal_is_the_text_and_shows_all_of_it(text: str) -> None:
    written = literal(text)

    assert eval(written) == text
    assert written.isascii()
    assert written.isprintable()
