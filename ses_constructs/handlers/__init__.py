"""What runs in AWS Lambda: one file per function, on the standard library and boto3 alone.

The folder is shipped as it is, so a module is ``handlers.sender_policy`` there and
``ses_constructs.handlers.sender_policy`` here. Nothing in it imports the rest of the package.
"""
