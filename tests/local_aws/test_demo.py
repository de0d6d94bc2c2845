"""The demo, with an app of our own: it works, and it does not hide what is missing."""

import io
import sys

import pytest
from rich.console import Console

from local_aws import demo
from local_aws.cdk_cli import CdkError

PLAIN_APP = (sys.executable, "-m", "tests.local_aws.plain_app")


def test_shows_what_it_deployed_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(PLAIN_APP) == 0
    shown = capsys.readouterr().out
    for expected in ("cdk bootstrap", "cdk deploy", "SUCCESS, signing is on", "_dmarc.example.com", "All is well"):
        assert expected in shown


def test_fails_with_the_output_of_an_app_that_fails() -> None:
    console = Console(file=io.StringIO())
    with pytest.raises(CdkError, match="the app is broken"):
        demo.run(console, app=(sys.executable, "-c", "raise SystemExit('the app is broken')"))
