"""Every permission of the functions around sending is needed: without any one of them its job fails, and says so."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from local_aws.aws import LocalAws
from tests.deployed.sending_functions import ANSWERS, Credentials, Deployed, add_everything, denial
from tests.deployed.watched_domain import WatchedDomain, messages
from tests.running_aws.fixtures import stack_in, zone_in
from tests.running_aws.processes import wait_until

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")

KEYS = ("iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys")
SECRET = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
TELL = ("kms:Decrypt", "kms:GenerateDataKey", "sns:Publish")
# By the handler; what each function may do apart from writing its log.
NEEDED: dict[str, tuple[str, ...]] = {
    "pause_sending": ("ses:PutAccountSendingAttributes", "ses:PutConfigurationSetSendingOptions", *TELL),
    "account_health": ("cloudwatch:PutMetricData", "ses:GetAccount"),
    "suppression_list": ("ses:GetAccount", "ses:PutAccountSuppressionAttributes"),
    "smtp_credentials": (*KEYS, *SECRET),
    "rotate_smtp_credentials": (*KEYS, "iam:UpdateAccessKey", *SECRET),
}
SWEEP = {"source": "aws.events", "detail-type": "Scheduled Event"}


@pytest.fixture(scope="module")
def deployed(enforced_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder: Path = tmp_path_factory.mktemp("least-privilege")
    enforced_aws.client("s3").create_bucket(Bucket=ANSWERS)
    with enforced_aws.submit_mail():
        for zone in zone_in(enforced_aws):
            for stack in stack_in(enforced_aws, folder):
                outputs = stack.deploy(partial(add_everything, zone=zone))
                yield Deployed(enforced_aws, stack, WatchedDomain(stack, zone, outputs))
    # What failed without a permission may have answered after its test was over.
    s3 = enforced_aws.client("s3")
    for each in s3.list_objects_v2(Bucket=ANSWERS).get("Contents", []):
        s3.delete_object(Bucket=ANSWERS, Key=each["Key"])
    s3.delete_bucket(Bucket=ANSWERS)


@pytest.mark.parametrize("handler", NEEDED)
def test_every_permission_has_a_test_that_takes_it_away(deployed: Deployed, handler: str) -> None:
    assert deployed.permissions(handler) == set(NEEDED[handler])


@pytest.fixture
def watched(deployed: Deployed) -> Iterator[WatchedDomain]:
    deployed.watched.calm()
    yield deployed.watched
    deployed.watched.calm()


@pytest.mark.parametrize("action", NEEDED["pause_sending"])
def test_without_one_permission_a_pause_fails(deployed: Deployed, watched: WatchedDomain, action: str) -> None:
    group = "BouncesAccountAlarms" if "Account" in action else "BouncesAlarms"
    watched.set_alarm(f"{group}BounceRateCriticalTooFew", "OK")
    # What was denied is tried twice more, and would succeed once the permission is back.
    said, times = ("message not published", 1) if action in TELL else (denial(action), 3)
    before = deployed.logs("pause_sending").count(said)
    with deployed.without("pause_sending", action):
        watched.set_alarm(f"{group}BounceRateCritical", "ALARM")
        assert wait_until(lambda: deployed.logs("pause_sending").count(said) >= before + times)
        # A topic that cannot be told is no reason not to pause.
        assert watched.is_paused(watched.default_set) == (action in TELL)
        assert not watched.account_is_paused()
    told = messages(watched.aws, watched.outputs["TeamQueueUrl"])
    assert "--sending-enabled" not in str(told)


@pytest.mark.parametrize("action", NEEDED["account_health"])
def test_without_one_permission_the_account_is_not_reported(deployed: Deployed, action: str) -> None:
    assert deployed.invoke("account_health", SWEEP) == ""
    with deployed.without("account_health", action):
        assert denial(action) in deployed.invoke("account_health", SWEEP)


@pytest.mark.parametrize("action", NEEDED["suppression_list"])
def test_without_one_permission_the_list_is_not_set(deployed: Deployed, action: str) -> None:
    def update(reasons: list[str]) -> tuple[str, str]:
        new, old = {"SuppressedReasons": reasons}, {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}
        return deployed.custom_resource("suppression_list", physical_id="suppression-list", new=new, old=old)

    with deployed.without("suppression_list", action):
        status, reason = update(["BOUNCE"])
    assert status == "FAILED"
    assert denial(action) in reason
    found = deployed.aws.client("sesv2").get_account()["SuppressionAttributes"]
    assert found == {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}
    assert update(["BOUNCE", "COMPLAINT"]) == ("SUCCESS", "")


@pytest.mark.parametrize("action", NEEDED["smtp_credentials"])
def test_without_one_permission_credentials_are_not_changed(deployed: Deployed, action: str) -> None:
    credentials = Credentials(deployed, "Smtp")
    credentials.add_stray_key()
    credentials.begin_rotation()
    before = credentials.value()
    with deployed.without("smtp_credentials", action):
        status, reason = credentials.renew()
    assert status == "FAILED"
    assert denial(action) in reason
    assert credentials.value() == before

    assert credentials.renew() == ("SUCCESS", "")
    assert credentials.value()["username"] != before["username"]


@pytest.mark.parametrize("action", sorted({*NEEDED["rotate_smtp_credentials"]} - {"iam:UpdateAccessKey"}))
def test_without_one_permission_nothing_is_rotated(deployed: Deployed, action: str) -> None:
    credentials = Credentials(deployed, "Rotated")
    # What Secrets Manager tries when the schedule is made has a pending version of its own.
    assert wait_until(credentials.is_settled)
    credentials.add_stray_key()
    before = credentials.value()
    with deployed.without("rotate_smtp_credentials", action):
        credentials.rotate()
        assert wait_until(lambda: denial(action) in deployed.logs("rotate_smtp_credentials"))
        assert credentials.value() == before

    # The run that failed may not be over yet; what is asked for meanwhile comes after it.
    credentials.rotate()
    assert wait_until(lambda: credentials.value() != before)


def test_without_its_permission_the_previous_key_stays_active(deployed: Deployed) -> None:
    credentials = Credentials(deployed, "Rotated")
    assert wait_until(credentials.is_settled)
    before = credentials.value()
    credentials.rotate()
    assert wait_until(lambda: credentials.value() != before)
    assert wait_until(credentials.is_settled)
    # One day is its grace, and after two it is deleted.
    credentials.let_time_pass(hours=25)
    with deployed.without("rotate_smtp_credentials", "iam:UpdateAccessKey"):
        assert denial("iam:UpdateAccessKey") in deployed.invoke("rotate_smtp_credentials", SWEEP)
    assert set(credentials.keys().values()) == {"Active"}
