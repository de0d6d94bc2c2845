"""The command ``ses-constructs``: what DNS, SES and a template say about a domain, side by side."""
