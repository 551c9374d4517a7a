"""Recorded facts on KMS keys, their states, tags and aliases."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from scripts.conformity.fact_bench import NOBODY, OTHER, OWN, REGION, ROOT, delegation, document, holds, same, statement

if TYPE_CHECKING:
    from scripts.conformity.fact_bench import Bench
    from scripts.conformity.recorded_facts import Fact

_MRK = "mrk-" + "0" * 32
_MEMBERS = (
    "AWSAccountId Arn CreationDate CurrentKeyMaterialId CustomerMasterKeySpec Description Enabled EncryptionAlgorithms "
    "KeyId KeyManager KeySpec KeyState KeyUsage MultiRegion Origin"
)


def _describe(bench: Bench, key: str) -> dict[str, Any]:
    found: dict[str, Any] = bench.kms.describe_key(KeyId=key)["KeyMetadata"]
    return found


def k01(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.kms.describe_key, {"arn": bench.arn()}, KeyId=NOBODY)


def k02(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.kms.describe_key, {"arn": bench.arn()}, KeyId=bench.arn())


def k03(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.kms.describe_key, {"arn": bench.arn(_MRK)}, KeyId=_MRK)


def k04(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.kms.describe_key, KeyId="fake-key-id")


def k06(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.kms.describe_key, KeyId="mrk-fake-key-id")


def k07(bench: Bench, fact: Fact) -> None:
    names = {"region of the ARN": "us-west-2"}
    bench.refuses(fact, bench.kms.describe_key, names, KeyId=bench.arn(region="us-west-2"))


def k09(bench: Bench, _: Fact) -> None:
    key = bench.key()
    bench.kms.create_alias(AliasName="alias/recorded", TargetKeyId=key)
    same(_describe(bench, f"arn:aws:kms:{REGION}:{OWN}:alias/recorded")["Arn"], key)


def k10(bench: Bench, fact: Fact) -> None:
    names = {"region": REGION, "account": OWN, "alias": "alias/none"}
    bench.refuses(fact, bench.kms.describe_key, names, KeyId="alias/none")


def k11(bench: Bench, _: Fact) -> None:
    """Over the wire: botocore shows the member of either spelling."""
    headers = {
        "X-Amz-Target": "TrentService.DescribeKey",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={bench.sandbox.credentials().access_key}/20260101/{REGION}/kms/aws4_request, x",
    }
    request = urllib.request.Request(bench.sandbox.url, b'{"KeyId": "fake-key-id"}', headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request)
    except urllib.error.HTTPError as error:
        same(sorted(json.loads(error.read())), ["__type", "message"], "members")
    else:
        raise AssertionError("it succeeded")


def k12(bench: Bench, _: Fact) -> None:
    made = bench.kms.create_key(Description="recorded")["KeyMetadata"]
    same(sorted(made), sorted(_MEMBERS.split()), "members")
    same(sorted(_describe(bench, made["Arn"])), sorted(_MEMBERS.split()), "members")


def k13(bench: Bench, _: Fact) -> None:
    made = bench.kms.create_key(MultiRegion=True)["KeyMetadata"]
    holds(made["KeyId"].startswith("mrk-"), "the id does not begin with mrk-")
    family = {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": made["Arn"], "Region": REGION},
        "ReplicaKeys": [],
    }
    same(made["MultiRegionConfiguration"], family)


def k17(bench: Bench, _: Fact) -> None:
    key = bench.key()
    bench.kms.disable_key(KeyId=key)
    found = _describe(bench, key)
    same((found["Enabled"], found["KeyState"]), (False, "Disabled"))


def k18(bench: Bench, _: Fact) -> None:
    key = bench.key()
    answer = bench.kms.schedule_key_deletion(KeyId=key.rpartition("/")[2])
    same(answer["KeyId"], key)
    holds("DeletionDate" in answer, "no DeletionDate")
    found = _describe(bench, key)
    same((found["Enabled"], found["KeyState"]), (False, "PendingDeletion"))


def k19(bench: Bench, _: Fact) -> None:
    key = bench.key()
    bench.kms.schedule_key_deletion(KeyId=key)
    bench.kms.cancel_key_deletion(KeyId=key)
    found = _describe(bench, key)
    same((found["KeyState"], "DeletionDate" in found), ("Disabled", False))


def k21(bench: Bench, fact: Fact) -> None:
    key = bench.key(Origin="EXTERNAL")
    bench.refuses(fact, bench.kms.encrypt, {"key arn": key}, KeyId=key, Plaintext=b"x")


def k22(bench: Bench, fact: Fact) -> None:
    key = bench.key()
    bench.kms.disable_key(KeyId=key)
    for call, given in (
        (bench.kms.encrypt, {"Plaintext": b"x"}),
        (bench.kms.generate_data_key, {"KeySpec": "AES_256"}),
        (bench.kms.rotate_key_on_demand, {}),
        (bench.kms.create_grant, {"GranteePrincipal": ROOT, "Operations": ["Decrypt"]}),
    ):
        bench.refuses(fact, call, {"key arn": key}, KeyId=key, **given)


def k23(bench: Bench, _: Fact) -> None:
    key = bench.key(MultiRegion=True)
    answer = bench.kms.replicate_key(KeyId=key, ReplicaRegion="us-west-2")
    replica = answer["ReplicaKeyMetadata"]
    same((replica["KeyState"], replica["Enabled"]), ("Creating", False))
    default = bench.client("kms", region="us-west-2").get_key_policy(KeyId=replica["Arn"])["Policy"]
    same(answer["ReplicaPolicy"], default)
    holds("key-default-1" in default, "not the default policy")
    end = time.monotonic() + 10
    there = bench.client("kms", region="us-west-2")
    while there.describe_key(KeyId=replica["Arn"])["KeyMetadata"]["KeyState"] != "Enabled":
        holds(time.monotonic() < end, "never enabled")
        time.sleep(0.05)


def k24(bench: Bench, fact: Fact) -> None:
    key = bench.key(Origin="EXTERNAL")
    bench.refuses(fact, bench.kms.get_key_rotation_status, {"key arn": key}, KeyId=key)


def k25(bench: Bench, fact: Fact) -> None:
    key = bench.key(KeySpec="RSA_4096", KeyUsage="ENCRYPT_DECRYPT")
    bench.refuses(fact, bench.kms.rotate_key_on_demand, KeyId=key)


def k26(bench: Bench, _: Fact) -> None:
    key = bench.key()
    sealed = bench.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    bench.sandbox.set_key_state(key, "Updating")
    same(_describe(bench, key)["KeyState"], "Updating")
    same(bench.kms.decrypt(CiphertextBlob=sealed)["Plaintext"], b"x")
    bench.kms.generate_data_key(KeyId=key, KeySpec="AES_256")


def t01(bench: Bench, fact: Fact) -> None:
    tags = [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]
    bench.refuses(fact, bench.kms.tag_resource, KeyId=bench.key(), Tags=tags)


def v01(bench: Bench, fact: Fact) -> None:
    names = {"n": "1025", "camelCaseName": "numberOfBytes", "max": "1024"}
    bench.refuses(fact, bench.kms.generate_random, names, NumberOfBytes=1025)
    names = {"n": "101", "camelCaseName": "limit", "max": "100"}
    bench.refuses(fact, bench.kms.list_grants, names, KeyId=bench.key(), Limit=101)


def a02(bench: Bench, _: Fact) -> None:
    key = bench.key()
    bench.kms.create_alias(AliasName="alias/recorded", TargetKeyId=key)
    (alias,) = bench.kms.list_aliases(KeyId=key)["Aliases"]
    same(alias["TargetKeyId"], key.rpartition("/")[2])
    holds({"CreationDate", "LastUpdatedDate"} <= set(alias), f"members {sorted(alias)}")


def a03(bench: Bench, _: Fact) -> None:
    found = _describe(bench, "alias/aws/s3")
    text = "Default key that protects my S3 objects when no other key is defined"
    same((found["KeyManager"], found["Description"]), ("AWS", text))


def d01(bench: Bench, fact: Fact) -> None:
    role = bench.role("Only")
    policy = document(statement({"AWS": role}, "kms:*"))
    key = bench.key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    caller = f"arn:aws:iam::{OWN}:user/admin"
    bench.refuses(fact, bench.kms.describe_key, {"arn": caller, "key arn": key}, KeyId=key)


def d03(bench: Bench, fact: Fact) -> None:
    other = bench.client("kms", account=OTHER)
    there = other.create_key()["KeyMetadata"]["Arn"]
    names = {"arn": f"arn:aws:iam::{OWN}:user/admin"}
    for key in (there, bench.arn(account=OTHER)):
        bench.refuses(fact, bench.kms.describe_key, names, KeyId=key)
        bench.refuses(fact, bench.kms.encrypt, names, KeyId=key, Plaintext=b"x")


def d04(bench: Bench, fact: Fact) -> None:
    key = bench.key(Policy=document(delegation()))
    nobody = bench.client("kms", credentials=bench.sandbox.add_user("nobody"))
    answer = bench.refuses(fact, nobody.get_key_last_usage, KeyId=key)
    holds(not re.search("arn:", answer["Error"]["Message"]), "it names somebody")


FACTS = {name: check for name, check in globals().items() if re.fullmatch(r"[a-z]\d\d", name)}
