"""Grants: names, dry runs, lists, ends, limits, and keys of other accounts."""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.sandbox import Sandbox
from tests.sandbox.clients import OPERATIONS, OTHER, OWN, ROOT, allow, identity, policy, refused, slr


@pytest.fixture(autouse=True)
def _world(sandbox: Sandbox) -> None:
    sandbox.add_key("data")
    sandbox.add_cache("fc-0123")


def given(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {
        "KeyId": sandbox.key("data").arn,
        "GranteePrincipal": slr("fc-0123"),
        "Operations": OPERATIONS,
        "Name": "fcsse:fc-0123",
        **more,
    }


def test_the_same_name_and_parameters_answer_the_same_grant(sandbox: Sandbox) -> None:
    """KMS API reference, CreateGrant, Name."""
    kms = sandbox.client("kms")
    first = kms.create_grant(**given(sandbox))
    again = kms.create_grant(**given(sandbox, Operations=[*reversed(OPERATIONS)]))
    assert again["GrantId"] == first["GrantId"]
    assert again["GrantToken"] != first["GrantToken"]
    other = kms.create_grant(**given(sandbox, Operations=["Decrypt"]))
    narrowed = kms.create_grant(**given(sandbox, Constraints={"EncryptionContextSubset": {"a": "b"}}))
    assert len({first["GrantId"], other["GrantId"], narrowed["GrantId"]}) == 3


def test_without_a_name_every_call_adds_a_grant(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    bare = given(sandbox)
    del bare["Name"]
    assert kms.create_grant(**bare)["GrantId"] != kms.create_grant(**bare)["GrantId"]
    assert len(kms.list_grants(KeyId=bare["KeyId"])["Grants"]) == 2


@pytest.mark.parametrize("name", ["my.bucket", "with space", "ü", "x" * 257])
def test_the_service_checks_the_name_s_characters(sandbox: Sandbox, name: str) -> None:
    assert refused(sandbox.client("kms").create_grant, **given(sandbox, Name=name))[0] == "ValidationException"


def test_a_dry_run_never_acts(sandbox: Sandbox) -> None:
    """KMS developer guide, "Testing your permissions"."""
    kms = sandbox.client("kms")
    key = sandbox.key("data").arn
    assert refused(kms.create_grant, **given(sandbox, DryRun=True))[0] == "DryRunOperationException"
    assert kms.list_grants(KeyId=key)["Grants"] == []
    grant = kms.create_grant(**given(sandbox))["GrantId"]
    assert refused(kms.revoke_grant, KeyId=key, GrantId=grant, DryRun=True)[0] == "DryRunOperationException"
    assert refused(kms.retire_grant, KeyId=key, GrantId=grant, DryRun=True)[0] == "DryRunOperationException"
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 1
    nobody = sandbox.client("kms", credentials=sandbox.add_user("nobody"))
    assert refused(nobody.create_grant, **given(sandbox, DryRun=True))[0] == "AccessDeniedException"


def test_a_dry_run_answers_http_400(sandbox: Sandbox) -> None:
    with pytest.raises(Exception, match="would have succeeded") as caught:
        sandbox.client("kms").create_grant(**given(sandbox, DryRun=True))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400  # type: ignore[attr-defined]


def test_a_list_entry_shows_everything(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    grant = kms.create_grant(
        **given(sandbox, RetiringPrincipal=ROOT, Constraints={"EncryptionContextEquals": {"a": "b"}})
    )
    (entry,) = kms.list_grants(KeyId=sandbox.key("data").arn)["Grants"]
    assert entry.pop("CreationDate")
    assert entry == {
        "KeyId": sandbox.key("data").arn,
        "GrantId": grant["GrantId"],
        "Name": "fcsse:fc-0123",
        "GranteePrincipal": slr("fc-0123"),
        "RetiringPrincipal": ROOT,
        "IssuingAccount": ROOT,
        "Operations": OPERATIONS,
        "Constraints": {"EncryptionContextEquals": {"a": "b"}},
    }


def test_lists_are_filtered_and_paged(sandbox: Sandbox) -> None:
    sandbox.add_cache("fc-0456")
    kms = sandbox.client("kms")
    key = sandbox.key("data").arn
    ids = [kms.create_grant(**given(sandbox, Name=f"n{number}"))["GrantId"] for number in range(5)]
    theirs = kms.create_grant(**given(sandbox, GranteePrincipal=slr("fc-0456")))["GrantId"]
    found = kms.list_grants(KeyId=key, GranteePrincipal=slr("fc-0456"))["Grants"]
    assert [entry["GrantId"] for entry in found] == [theirs]
    assert [entry["GrantId"] for entry in kms.list_grants(KeyId=key, GrantId=ids[2])["Grants"]] == [ids[2]]
    first = kms.list_grants(KeyId=key, Limit=4)
    assert (len(first["Grants"]), first["Truncated"]) == (4, True)
    rest = kms.list_grants(KeyId=key, Limit=4, Marker=first["NextMarker"])
    assert (len(rest["Grants"]), rest["Truncated"], "NextMarker" in rest) == (2, False, False)
    sandbox.switches.page = 2
    pages = list(kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 100}))
    assert [len(page["Grants"]) for page in pages] == [2, 2, 2]


def test_bad_list_parameters_are_refused(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    key = sandbox.key("data").arn
    assert refused(kms.list_grants, KeyId=key, Limit=101)[0] == "ValidationException"
    assert refused(kms.list_grants, KeyId=key, Marker="x")[0] == "InvalidMarkerException"
    assert refused(kms.list_grants, KeyId=key, GrantId="x")[0] == "InvalidGrantIdException"


def test_a_deleted_grantee_shows_as_its_bare_id(sandbox: Sandbox) -> None:
    """Filtering by ARN then misses the grant; recreating the role does not bring it back."""
    kms = sandbox.client("kms")
    key = sandbox.key("data").arn
    kms.create_grant(**given(sandbox))
    sandbox.delete_cache("fc-0123")
    sandbox.add_cache("fc-0123")
    (entry,) = kms.list_grants(KeyId=key)["Grants"]
    assert entry["GranteePrincipal"].startswith("AROA")
    assert kms.list_grants(KeyId=key, GranteePrincipal=slr("fc-0123"))["Grants"] == []
    new = kms.create_grant(**given(sandbox))["GrantId"]
    assert new != entry["GrantId"]


@pytest.mark.parametrize("grantee", [slr("fc-0999"), "AROAEXAMPLEEXAMPLE123", "*"])
def test_a_grantee_that_kms_does_not_see_is_refused(sandbox: Sandbox, grantee: str) -> None:
    code, _ = refused(sandbox.client("kms").create_grant, **given(sandbox, GranteePrincipal=grantee))
    assert code in ("InvalidArnException", "ValidationException")


def test_a_young_role_is_a_valid_grantee_only_once_kms_sees_it(sandbox: Sandbox) -> None:
    sandbox.add_cache("fc-0777", kms_calls=2)
    kms = sandbox.client("kms")
    asked = given(sandbox, GranteePrincipal=slr("fc-0777"))
    assert [refused(kms.create_grant, **asked)[0] for _ in range(2)] == ["InvalidArnException"] * 2
    assert kms.create_grant(**asked)["GrantId"]


@pytest.mark.parametrize(
    ("spec", "usage", "operation"),
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "Sign"),
        ("RSA_2048", "SIGN_VERIFY", "Decrypt"),
        ("RSA_2048", "ENCRYPT_DECRYPT", "GenerateDataKey"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "Encrypt"),
    ],
)
def test_operations_must_fit_the_key(sandbox: Sandbox, spec: str, usage: str, operation: str) -> None:
    """KMS developer guide, "Grant operations"."""
    key = sandbox.add_key(spec=spec, usage=usage)
    asked = given(sandbox, KeyId=key.arn, Operations=["DescribeKey", operation])
    assert refused(sandbox.client("kms").create_grant, **asked)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("state", "code"), [("Disabled", "DisabledException"), ("PendingDeletion", "KMSInvalidStateException")]
)
def test_a_key_out_of_use_takes_no_grant_but_ends_them(sandbox: Sandbox, state: str, code: str) -> None:
    """KMS developer guide, "Key states of AWS KMS keys"."""
    kms = sandbox.client("kms")
    grant = kms.create_grant(**given(sandbox))["GrantId"]
    sandbox.set_key_state("data", state)
    assert refused(kms.create_grant, **given(sandbox, Name="more"))[0] == code
    assert kms.list_grants(KeyId=sandbox.key("data").arn)["Grants"]
    kms.revoke_grant(KeyId=sandbox.key("data").arn, GrantId=grant)


def test_the_number_of_grants_is_limited(sandbox: Sandbox) -> None:
    """KMS developer guide, "Resource quotas": 50,000 grants per key."""
    assert sandbox.switches.grant_limit == 50_000
    sandbox.switches.grant_limit = 1
    kms = sandbox.client("kms")
    first = kms.create_grant(**given(sandbox))
    assert refused(kms.create_grant, **given(sandbox, Name="more"))[0] == "LimitExceededException"
    assert kms.create_grant(**given(sandbox))["GrantId"] == first["GrantId"]


def test_an_alias_is_no_key_id_here(sandbox: Sandbox) -> None:
    assert refused(sandbox.client("kms").create_grant, **given(sandbox, KeyId="alias/data")) == (
        "InvalidArnException",
        "Key Aliases are not supported for this operation.",
    )


def test_revoking_needs_a_permission_on_the_key_and_retiring_a_relation_to_the_grant(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    key = sandbox.key("data").arn
    sandbox.add_role("retirer", trust=OWN)
    retirer = f"arn:aws:iam::{OWN}:role/retirer"
    grant = kms.create_grant(**given(sandbox, RetiringPrincipal=retirer))["GrantId"]
    outsider = sandbox.client("kms", credentials=sandbox.add_user("outsider", identity("kms:ListGrants")))
    assert refused(outsider.revoke_grant, KeyId=key, GrantId=grant)[0] == "AccessDeniedException"
    assert refused(outsider.retire_grant, KeyId=key, GrantId=grant)[0] == "AccessDeniedException"
    sandbox.client("kms", credentials=sandbox.assume_role(retirer)).retire_grant(KeyId=key, GrantId=grant)
    assert kms.list_grants(KeyId=key)["Grants"] == []
    assert refused(kms.revoke_grant, KeyId=key, GrantId=grant)[0] == "NotFoundException"


def test_another_account_s_key_takes_a_grant_where_both_sides_allow(world: Sandbox) -> None:
    """KMS developer guide, "Allowing users in other accounts to use a KMS key"."""
    key = world.key("data-other-account").arn
    asked = {"KeyId": key, "GranteePrincipal": slr("fc-0123"), "Operations": OPERATIONS, "Name": "n"}
    nobody = world.client("kms", credentials=world.add_user("nobody"))
    code, message = refused(nobody.create_grant, **asked)
    assert (code, "because no identity-based policy allows the kms:CreateGrant action" in message) == (
        "AccessDeniedException",
        True,
    )
    kms = world.client("kms")
    grant = kms.create_grant(**asked)["GrantId"]
    (entry,) = kms.list_grants(KeyId=key)["Grants"]
    assert entry["IssuingAccount"] == ROOT
    assert world.client("kms", account=OTHER).list_grants(KeyId=key)["Grants"] == [entry]
    kms.retire_grant(KeyId=key, GrantId=grant)


def test_the_console_s_cross_account_policy_refuses_a_direct_grant(world: Sandbox) -> None:
    """The condition ``kms:GrantIsForAWSResource`` is met only by a grant that an AWS service makes."""
    key = world.key("data-other-console").arn
    code, message = refused(
        world.client("kms").create_grant, KeyId=key, GranteePrincipal=slr("fc-0123"), Operations=["Decrypt"]
    )
    assert code == "AccessDeniedException"
    assert (
        f"User: arn:aws:iam::{OWN}:user/admin is not authorized to perform: kms:CreateGrant on this resource" in message
    )


def test_another_account_s_key_needs_its_arn(world: Sandbox) -> None:
    key = world.key("data-other-account")
    assert refused(world.client("kms").list_grants, KeyId=key.id)[0] == "NotFoundException"


def test_a_key_policy_can_narrow_grants_to_a_grantee(sandbox: Sandbox) -> None:
    theirs = f"arn:aws:iam::{OTHER}:root"
    narrowed = allow(ROOT, "kms:CreateGrant", Condition={"StringEquals": {"kms:GranteePrincipal": slr("fc-0123")}})
    key = sandbox.add_key(account=OTHER, policy=policy(narrowed, root=theirs))
    sandbox.add_cache("fc-0456")
    kms = sandbox.client("kms")
    assert kms.create_grant(**given(sandbox, KeyId=key.arn))
    asked = given(sandbox, KeyId=key.arn, GranteePrincipal=slr("fc-0456"))
    assert refused(kms.create_grant, **asked)[0] == "AccessDeniedException"
