"""How a handler becomes a Lambda function or a custom resource."""
