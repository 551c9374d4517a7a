"""The organization: who may ask for it, and what its members' requests carry."""

from __future__ import annotations

from typing import Any

from fcsse.sandbox import Sandbox
from tests.sandbox.clients import OTHER, OWN, identity, policy, refused, slr

ORGANIZATION = "o-exampleorgid"


def test_without_an_organization_there_is_none(sandbox: Sandbox) -> None:
    for call in ("describe_organization", "list_accounts", "list_roots"):
        code, _ = refused(getattr(sandbox.client("organizations"), call))
        assert code == "AWSOrganizationsNotInUseException"


def test_members_describe_it_and_the_management_account_lists(sandbox: Sandbox) -> None:
    """AWS Organizations API reference: the lists are for the management account and delegated administrators."""
    made = sandbox.add_organization({OTHER: "Data", "777788889999": "More"})
    sandbox.switches.page = 2
    management, member = sandbox.client("organizations"), sandbox.client("organizations", account=OTHER)
    for who in (management, member):
        found = who.describe_organization()["Organization"]
        assert (found["Id"], found["MasterAccountId"]) == (ORGANIZATION, OWN)
    pages = list(management.get_paginator("list_accounts").paginate())
    accounts = {entry["Id"]: entry for one in pages for entry in one["Accounts"]}
    assert (len(pages), sorted(accounts)) == (2, [OWN, OTHER, "777788889999"])
    assert (accounts[OTHER]["Name"], accounts[OTHER]["Status"]) == ("Data", "ACTIVE")
    assert refused(member.list_accounts)[0] == "AccessDeniedException"
    made.delegated.add(OTHER)
    assert member.list_accounts()["Accounts"]
    (unit,) = management.list_organizational_units_for_parent(ParentId=made.root)["OrganizationalUnits"]
    assert management.list_parents(ChildId=OTHER)["Parents"] == [{"Id": unit["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    assert refused(management.describe_account, AccountId="000011112222")[0] == "AccountNotFoundException"


def test_it_takes_a_permission(sandbox: Sandbox) -> None:
    sandbox.add_organization()
    reader = sandbox.add_user("reader", identity("organizations:DescribeOrganization"))
    client = sandbox.client("organizations", credentials=reader)
    assert client.describe_organization()
    assert refused(client.list_accounts)[0] == "AccessDeniedException"


def _allowed(world: Sandbox, condition: dict[str, Any]) -> bool:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": slr("fc-0123")},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": condition,
    }
    world.put_policy("data", policy(statement))
    return world.cache("fc-0123").read("data", "hello.txt").allowed


def test_requests_of_caches_carry_what_aws_sends(world: Sandbox) -> None:
    """IAM user guide, "AWS global condition context keys"; KMS developer guide, "AWS KMS condition keys"."""
    world.key("data").tags["team"] = "red"
    for operator, key, value in (
        ("StringEquals", "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
        ("StringEquals", "aws:RequestedRegion", "eu-west-1"),
        ("StringEquals", "aws:ResourceAccount", OWN),
        ("StringEquals", "aws:PrincipalAccount", "${aws:ResourceAccount}"),
        ("StringEquals", "aws:PrincipalOrgID", ORGANIZATION),
        ("StringEquals", "aws:ResourceOrgID", "${aws:PrincipalOrgID}"),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{ORGANIZATION}/r-ab12/*"),
        ("Bool", "aws:SecureTransport", "true"),
        ("Bool", "aws:ViaAWSService", "true"),
        ("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
        ("NumericGreaterThan", "aws:EpochTime", "1577836800"),
        ("StringEquals", "kms:KeyOrigin", "AWS_KMS"),
        ("StringEquals", "kms:KeySpec", "SYMMETRIC_DEFAULT"),
        ("StringEquals", "kms:KeyUsage", "ENCRYPT_DECRYPT"),
        ("Bool", "kms:MultiRegion", "false"),
        ("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/data"),
        ("StringEquals", "aws:ResourceTag/team", "red"),
        ("StringLike", "aws:userid", "AROA*:FSx"),
        ("Null", "aws:SourceArn", "true"),
    ):
        assert _allowed(world, {operator: {key: value}}), key
        opposite = {"Null": {key: "true" if key != "aws:SourceArn" else "false"}}
        assert not _allowed(world, opposite), key
    world.state.organization = None
    assert not _allowed(world, {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}})


def test_what_aws_does_not_document_is_denied_and_said(world: Sandbox) -> None:
    for condition in (
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
        {"StringEquals": {"kms:EncryptionContextKeys": "aws:s3:arn"}},
    ):
        assert not _allowed(world, condition)
        outcome = world.cache("fc-0123").read("data", "hello.txt")
        assert "AWS documents nowhere" in outcome.message
