"""Sending by SMTP with a user name and a password."""
