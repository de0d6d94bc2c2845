"""A domain whose DNS is not in Route 53: every record becomes an output, as a line of a zone file.

Deploy, publish the lines at the DNS provider, and SES verifies the domain by itself, within 72 hours.
"""

from aws_cdk import App, SecretValue, Stack
from constructs import Construct

from ses_constructs import DmarcPolicy, OwnDkim, RecordsToPublish, SpfPolicy, VerifiedDomain

PUBLIC_KEY = """
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7vbqajDw4o6gJy8UtmIbkcpnk
O3Kwc4qsEnSZp/TR+fQi62F79RHWmwKOtFmwteURgLbj7D/WGuNLGOfa/2vse3G2
eHnHl5CB8ruRX9fBl/KgwCVr2JaEuUm66bBQeP5XeBotdR4cvX38uPYivCDdPjJ1
QWPdspTBKcxeFbccDwIDAQAB
-----END PUBLIC KEY-----
"""


class DnsElsewhere(Stack):
    """One domain signed by SES's keys, and one signed by a key of its own."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        VerifiedDomain(
            self,
            "Domain",
            domain_name="example.com",
            dns=RecordsToPublish(),
            dmarc=DmarcPolicy.monitor(reports_to=["dmarc-reports@example.com"]),
            # What the domain publishes today, with SES added: DNS allows one SPF policy for a name.
            spf=SpfPolicy.parse("v=spf1 include:_spf.google.com ~all").merge(SpfPolicy.amazon_ses()),
            existing_txt_values=["google-site-verification=rXOxyZounnZasA8Z7oaD3c14JdjS9aKSWvsR1EbUSIQ"],
        )
        VerifiedDomain(
            self,
            "Newsletter",
            domain_name="news.example.com",
            dns=RecordsToPublish(),
            dkim=OwnDkim(
                selector="mail2026",
                private_key=SecretValue.secrets_manager("newsletter-dkim-key"),
                public_key=PUBLIC_KEY,
            ),
        )


app = App()
DnsElsewhere(app, "DnsElsewhere")
app.synth()
