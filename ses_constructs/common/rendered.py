"""How a resolved value is written as text for ids: those of constructs and of policies.

The spelling is part of the logical ids that are made from it, and a changed one replaces resources. So it is ours, and
frozen by a test.
"""


def rendered(resolved: object) -> str:
    """Write what ``Stack.resolve`` returns with references as ``<LogicalId>`` and ``<LogicalId.Attribute>``.

    >>> rendered({"Fn::Join": ["", [{"Fn::GetAtt": ["Mailbox1", "Arn"]}, "/support/*"]]})
    '<Mailbox1.Arn>/support/*'
    """
    match resolved:
        case str():
            return resolved
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(rendered(part) for part in parts)
    return str(resolved)
