"""The text that ids are made from. Another spelling would replace resources, so every expected text is a literal."""

import pytest

from ses_constructs.common.rendered import rendered


@pytest.mark.parametrize(
    ("resolved", "text"),
    [
        ("ops@example.net", "ops@example.net"),
        ("", ""),
        ({"Ref": "OpsAddress"}, "<OpsAddress>"),
        ({"Ref": "AWS::Partition"}, "<AWS::Partition>"),
        ({"Fn::GetAtt": ["Mailbox5698A41D", "Arn"]}, "<Mailbox5698A41D.Arn>"),
        ({"Fn::Join": ["", ["ops@", {"Ref": "Domain"}]]}, "ops@<Domain>"),
        ({"Fn::Join": ["-", ["a", "b", {"Ref": "C"}]]}, "a-b-<C>"),
        (
            {"Fn::Join": ["", [{"Fn::GetAtt": ["Mailbox", "Arn"]}, "/", {"Fn::Join": ["/", ["in", {"Ref": "Name"}]]}]]},
            "<Mailbox.Arn>/in/<Name>",
        ),
        ({"Fn::Join": ["", ["arn:", {"Fn::ImportValue": "Shared"}]]}, "arn:{'Fn::ImportValue': 'Shared'}"),
        ({"Fn::Select": [0, {"Ref": "Names"}]}, "{'Fn::Select': [0, {'Ref': 'Names'}]}"),
        (["a", {"Ref": "B"}], "['a', {'Ref': 'B'}]"),
        (5, "5"),
        (None, "None"),
    ],
)
def test_the_text_of_a_resolved_value_is_frozen(resolved: object, text: str) -> None:
    assert rendered(resolved) == text
