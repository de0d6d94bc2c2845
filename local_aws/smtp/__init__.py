"""SES's SMTP endpoint: mail goes out by login with an IAM user's access key and the password derived from it."""
