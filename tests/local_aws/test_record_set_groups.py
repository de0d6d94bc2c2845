"""AWS::Route53::RecordSetGroup: all or nothing, and only what differs."""

import pytest
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.local_aws.plain_app import add_records, txt
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws")


def texts(stack: DeployedStack, zone: Zone) -> dict[str, str]:
    """The TXT records of the zone: label and value."""
    listed = stack.aws.client("route53").list_resource_record_sets(HostedZoneId=zone.hosted_zone_id)
    return {
        record_set["Name"].partition(".")[0]: record_set["ResourceRecords"][0]["Value"].strip('"')
        for record_set in listed["ResourceRecordSets"]
        if record_set["Type"] == "TXT"
    }


def test_refuses_a_record_that_exists_and_takes_the_others_back(
    deployed_stack: DeployedStack, hosted_zone: Zone
) -> None:
    put_record(deployed_stack.aws, hosted_zone, "taken", "TXT", '"by hand"')
    records = [txt(f"{label}.{hosted_zone.domain}", "ours") for label in ("free", "taken")]
    with pytest.raises(
        DeploymentError, match=r"Tried to create resource record set \[name='taken\..*but it already exists"
    ):
        deployed_stack.deploy(lambda stack: add_records(stack, hosted_zone.hosted_zone_id, records))
    assert deployed_stack.status() == "ROLLBACK_COMPLETE"
    assert texts(deployed_stack, hosted_zone) == {"taken": "by hand"}


def test_an_update_changes_only_the_difference_and_a_failing_one_nothing(
    deployed_stack: DeployedStack, hosted_zone: Zone
) -> None:
    def deploy(**values: str) -> None:
        records = [txt(f"{label}.{hosted_zone.domain}", value) for label, value in values.items()]
        deployed_stack.deploy(lambda stack: add_records(stack, hosted_zone.hosted_zone_id, records))

    deploy(same="1", changed="1", gone="1")
    put_record(deployed_stack.aws, hosted_zone, "same", "TXT", '"by hand"')
    put_record(deployed_stack.aws, hosted_zone, "taken", "TXT", '"by hand"')

    deploy(same="1", changed="2", added="2")
    after = {"same": "by hand", "changed": "2", "added": "2", "taken": "by hand"}
    assert texts(deployed_stack, hosted_zone) == after

    with pytest.raises(DeploymentError, match="but it already exists"):
        deploy(same="1", changed="3", taken="3")
    assert deployed_stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert texts(deployed_stack, hosted_zone) == after
    put_record(deployed_stack.aws, hosted_zone, "same", "TXT", '"1"')

    deployed_stack.destroy()
    assert texts(deployed_stack, hosted_zone) == {"taken": "by hand"}


def test_the_api_refuses_in_the_same_words(aws: LocalAws, hosted_zone: Zone) -> None:
    put_record(aws, hosted_zone, "taken", "TXT", '"by hand"')
    with pytest.raises(
        ClientError, match=r"\[Tried to create resource record set \[name='taken\..*', type='TXT'\] but"
    ):
        put_record(aws, hosted_zone, "taken", "TXT", '"again"', action="CREATE")
