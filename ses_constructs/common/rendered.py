"""How cdk-nag writes a resource into the id of a finding, so that one finding can be acknowledged and no other."""


def rendered(resolved: object) -> str:
    """The text of a resolved ARN, with references as ``<LogicalId>`` and attributes as ``<LogicalId.Attribute>``.

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
