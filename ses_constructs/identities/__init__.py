"""Domains and addresses that SES knows: their identities, the records they need, and who may send from them."""
