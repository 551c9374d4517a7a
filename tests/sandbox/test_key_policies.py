"""Key policies: what KMS refuses, how it stores them, and what becomes of deleted roles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fcsse.sandbox import Sandbox
from tests.sandbox.clients import INVALID, LOCKOUT, OTHER, OWN, ROOT, allow, identity, policy, refused, slr

MALFORMED = "MalformedPolicyDocumentException"


def put(sandbox: Sandbox, text: str, **more: Any) -> None:
    sandbox.client("kms").put_key_policy(KeyId=sandbox.key("data").id, Policy=text, **more)


def refusal(sandbox: Sandbox, text: str, **more: Any) -> tuple[str, str]:
    return refused(sandbox.client("kms").put_key_policy, KeyId=sandbox.key("data").id, Policy=text, **more)


@pytest.fixture(autouse=True)
def _key(sandbox: Sandbox) -> None:
    sandbox.add_key("data")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '"text"',
        "{}",
        '{"Statement": []}',
        '{"Statement": [1]}',
        json.dumps({"Statement": [{"Principal": "*", "Action": "kms:*", "Resource": "*"}]}),
        json.dumps({"Statement": [{"Effect": "allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}),
        json.dumps({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}),
    ],
)
def test_what_is_no_policy_is_malformed(sandbox: Sandbox, text: str) -> None:
    assert refusal(sandbox, text)[0] == MALFORMED
    assert sandbox.policy("data")["Id"] == "key-default-1"


def test_the_size_limit_is_32768_bytes_of_what_is_sent(sandbox: Sandbox) -> None:
    """KMS developer guide, "Resource quotas"."""
    text = policy()
    fits = text + " " * (32_768 - len(text))
    put(sandbox, fits)
    assert refusal(sandbox, fits + " ")[0] == "LimitExceededException"


def test_only_latin_1_characters_are_taken(sandbox: Sandbox) -> None:
    """KMS API reference, PutKeyPolicy, Policy."""
    put(sandbox, policy(allow(ROOT, Sid="Größe")).encode().decode("unicode_escape"))
    raw = json.dumps(json.loads(policy(allow(ROOT, Sid="€"))), ensure_ascii=False)
    assert refusal(sandbox, raw)[0] == "ValidationException"


@pytest.mark.parametrize(
    "principal",
    [
        slr("fc-0123"),
        f"arn:aws:iam::{OWN}:user/nobody",
        f"arn:aws:iam::{OWN}:role/*",
        f"arn:aws:iam::{OWN}:group/people",
        "arn:aws:iam::999999999999:root",
        "999999999999",
        "AROAEXAMPLEEXAMPLE123",
        "AIDAEXAMPLEEXAMPLE123",
        "nonsense",
        [ROOT, slr("fc-0123")],
    ],
)
def test_principals_must_exist(sandbox: Sandbox, principal: object) -> None:
    assert refusal(sandbox, policy(allow(principal))) == (MALFORMED, INVALID)


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": slr("fc-0123")},
        {"AWS": f"arn:aws:iam::{OWN}:user/admin"},
        {"AWS": f"arn:aws:sts::{OWN}:assumed-role/AWSServiceRoleForFSxS3Access_fc-0123/FSx"},
        {"AWS": [OTHER, f"arn:aws:iam::{OTHER}:root"]},
        {"AWS": "*"},
        "*",
        {"Service": "cloudtrail.amazonaws.com"},
        {"Service": ["s3.amazonaws.com"], "AWS": OWN},
    ],
)
def test_these_principals_are_taken(sandbox: Sandbox, principal: object) -> None:
    sandbox.add_cache("fc-0123")
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*"}
    put(sandbox, policy(statement))


def test_a_service_must_look_like_one(sandbox: Sandbox) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "S3"}, "Action": "kms:Decrypt", "Resource": "*"}
    message = "Policy contains a statement with one or more invalid service principals."
    assert refusal(sandbox, policy(statement)) == (MALFORMED, message)
    for region, on in (("me-south-1", False), ("eu-west-1", True)):
        statement["Principal"] = {"Service": f"logs.{region}.amazonaws.com"}
        if on:
            put(sandbox, policy(statement))
        else:
            assert refusal(sandbox, policy(statement)) == (MALFORMED, message)
    sandbox.switches.regions_on = ("me-south-1",)
    statement["Principal"] = {"Service": "logs.me-south-1.amazonaws.com"}
    put(sandbox, policy(statement))


@pytest.mark.parametrize("change", [{"Action": None}, {"Resource": None}, {"Resource": "arn:aws:kms:*"}])
def test_incomplete_statements_are_refused_unless_switched_off(sandbox: Sandbox, change: dict[str, Any]) -> None:
    """AWS's notice for August 2025; the service model still says that the request succeeds."""
    statement = {name: value for name, value in {**allow(ROOT), **change}.items() if value is not None}
    assert refusal(sandbox, policy(statement))[0] == MALFORMED
    sandbox.switches.elements_required = False
    put(sandbox, policy(statement))


def test_not_action_counts_as_an_action(sandbox: Sandbox) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "NotAction": "kms:*", "Resource": ["*"]}
    put(sandbox, policy(statement))


@pytest.mark.parametrize(
    "statements",
    [
        [allow(f"arn:aws:iam::{OTHER}:root", "kms:*")],
        [allow(ROOT, ["kms:Get*", "kms:Describe*"])],
        [allow(ROOT, "kms:*", Condition={"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/x"}})],
        [
            allow(ROOT, "kms:*"),
            {"Effect": "Deny", "Principal": "*", "Action": "kms:PutKeyPolicy", "Resource": "*"},
        ],
    ],
)
def test_a_policy_that_locks_its_caller_out_is_refused(sandbox: Sandbox, statements: list[dict[str, Any]]) -> None:
    """KMS API reference, PutKeyPolicy: must allow the calling principal to make a subsequent request."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    assert refusal(sandbox, text) == (MALFORMED, LOCKOUT)
    put(sandbox, text, BypassPolicyLockoutSafetyCheck=True)


def test_naming_the_caller_is_control_enough(sandbox: Sandbox) -> None:
    text = json.dumps({"Statement": allow(f"arn:aws:iam::{OWN}:user/admin", "kms:*")})
    put(sandbox, text)
    other = sandbox.add_user("second", identity("kms:*"))
    kms = sandbox.client("kms", credentials=other)
    code, message = refused(kms.put_key_policy, KeyId=sandbox.key("data").id, Policy=policy())
    arn = sandbox.key("data").arn
    assert (code, message) == (
        "AccessDeniedException",
        f"User: arn:aws:iam::{OWN}:user/second is not authorized to perform: kms:PutKeyPolicy on resource: {arn} "
        "because no resource-based policy allows the kms:PutKeyPolicy action",
    )


def test_the_only_policy_name_is_default(sandbox: Sandbox) -> None:
    assert refusal(sandbox, policy(), PolicyName="mine")[0] == "NotFoundException"
    assert refusal(sandbox, policy(), PolicyName="AWS_RAM")[0] == "ValidationException"
    put(sandbox, policy(), PolicyName="default")


def test_policies_are_stored_normalised_in_kms_s_layout(sandbox: Sandbox) -> None:
    """Public issue threads: lists of one become strings, principals are deduplicated and reordered."""
    sandbox.add_role("b")
    sandbox.add_role("a")
    a, b = f"arn:aws:iam::{OWN}:role/a", f"arn:aws:iam::{OWN}:role/b"
    condition = {"StringEquals": {"kms:CallerAccount": [OWN], "x:y": ["2", "1"]}}
    put(sandbox, policy(allow([b, a, b], ["kms:Decrypt"], Resource=["*"], Condition=condition), allow([OWN])))
    document = sandbox.policy("data")
    assert document["Statement"][1] == {
        "Effect": "Allow",
        "Principal": {"AWS": [a, b]},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:CallerAccount": OWN, "x:y": ["2", "1"]}},
    }
    assert document["Statement"][2]["Principal"] == {"AWS": ROOT}
    text = sandbox.client("kms").get_key_policy(KeyId=sandbox.key("data").id)["Policy"]
    assert text.startswith('{\n  "Version" : "2012-10-17",\n  "Statement" : [ {\n    "Effect" : "Allow",')
    assert f'      "AWS" : [ "{a}", "{b}" ]\n    }},\n' in text
    assert text.endswith("\n  } ]\n}")


def test_policies_can_be_kept_verbatim(sandbox: Sandbox) -> None:
    sandbox.switches.normalise = False
    text = policy(allow([ROOT], ["kms:Decrypt"])).replace(", ", ",\n\t")
    put(sandbox, text)
    assert sandbox.client("kms").get_key_policy(KeyId=sandbox.key("data").id)["Policy"] == text


def test_a_deleted_role_poisons_the_policy_for_good(sandbox: Sandbox) -> None:
    """IAM user guide, "AWS JSON policy elements: Principal": the ARN becomes the bare id; recreating does not help."""
    sandbox.add_cache("fc-0123")
    sandbox.add_cache("fc-0456")
    put(sandbox, policy(allow([slr("fc-0123"), slr("fc-0456")])))
    dead = sandbox.client("iam").get_role(RoleName=slr("fc-0123").rpartition("/")[2])["Role"]["RoleId"]
    sandbox.delete_cache("fc-0123")
    kms, key = sandbox.client("kms"), sandbox.key("data").id
    shown = kms.get_key_policy(KeyId=key)["Policy"]
    assert json.loads(shown)["Statement"][1]["Principal"]["AWS"] == [dead, slr("fc-0456")]
    assert dead.startswith("AROA")
    assert refusal(sandbox, shown) == (MALFORMED, INVALID)
    sandbox.add_cache("fc-0123")
    assert kms.get_key_policy(KeyId=key)["Policy"] == shown
    assert refusal(sandbox, shown) == (MALFORMED, INVALID)
    put(sandbox, policy(allow([slr("fc-0123"), slr("fc-0456")])))
    assert dead not in kms.get_key_policy(KeyId=key)["Policy"]


def test_a_condition_keeps_its_arn_when_the_role_is_deleted(sandbox: Sandbox) -> None:
    arn = sandbox.add_role("gone")
    put(sandbox, policy(allow(arn, Condition={"ArnEquals": {"aws:PrincipalArn": arn}})))
    sandbox.client("iam").delete_role(RoleName="gone")
    statement = sandbox.policy("data")["Statement"][1]
    assert statement["Principal"]["AWS"].startswith("AROA")
    assert statement["Condition"]["ArnEquals"]["aws:PrincipalArn"] == arn


def test_a_deleted_user_becomes_an_aida_id(sandbox: Sandbox) -> None:
    iam = sandbox.client("iam")
    arn = iam.create_user(UserName="leaver")["User"]["Arn"]
    put(sandbox, policy(allow(arn)))
    iam.delete_user(UserName="leaver")
    assert sandbox.policy("data")["Statement"][1]["Principal"]["AWS"].startswith("AIDA")


@pytest.mark.parametrize("state", ["Enabled", "Disabled", "PendingDeletion"])
def test_policies_can_be_read_and_put_in_every_key_state(sandbox: Sandbox, state: str) -> None:
    """KMS developer guide, "Key states of AWS KMS keys"."""
    sandbox.set_key_state("data", state)
    put(sandbox, policy(allow(ROOT, Sid="more")))
    assert "more" in sandbox.client("kms").get_key_policy(KeyId=sandbox.key("data").id)["Policy"]


def test_another_account_s_key_is_refused_even_where_its_policy_allows(sandbox: Sandbox) -> None:
    """KMS API reference, GetKeyPolicy and PutKeyPolicy: "Cross-account use: No"."""
    theirs = sandbox.add_key(account=OTHER, policy=policy(allow(ROOT, "kms:*"), root=f"arn:aws:iam::{OTHER}:root"))
    kms = sandbox.client("kms")
    assert refused(kms.get_key_policy, KeyId=theirs.arn)[0] == "AccessDeniedException"
    assert refused(kms.put_key_policy, KeyId=theirs.arn, Policy=policy())[0] == "AccessDeniedException"
    assert kms.describe_key(KeyId=theirs.arn)["KeyMetadata"]["AWSAccountId"] == OTHER


def test_an_aws_managed_key_s_policy_cannot_be_changed(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    metadata = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert metadata["KeyManager"] == "AWS"
    code, _ = refused(kms.put_key_policy, KeyId=metadata["KeyId"], Policy=policy())
    assert code == "UnsupportedOperationException"


def test_only_the_role_that_a_locked_key_names_gets_in(world: Sandbox) -> None:
    key = world.key("data-locked").arn
    assert refused(world.client("kms").get_key_policy, KeyId=key)[0] == "AccessDeniedException"
    role = f"arn:aws:iam::{OWN}:role/KeyAdministrator"
    kms = world.client("kms", credentials=world.assume_role(role))
    assert "Only the administrator" in kms.get_key_policy(KeyId=key)["Policy"]
