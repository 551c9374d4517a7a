"""Recorded facts on key policies and grants."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from scripts.conformity.fact_bench import (
    OWN,
    REGION,
    ROOT,
    delegation,
    document,
    holds,
    same,
    statement,
)

if TYPE_CHECKING:
    from scripts.conformity.fact_bench import Bench
    from scripts.conformity.recorded_facts import Fact

_MISSING = f"arn:aws:iam::{OWN}:role/Missing"


def _grants(bench: Bench, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bench.kms.list_grants(KeyId=key)["Grants"]
    return found


def _grant(bench: Bench, key: str, grantee: str = ROOT, **given: Any) -> dict[str, Any]:
    made: dict[str, Any] = bench.kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"], **given)
    return made


def g01(bench: Bench, fact: Fact) -> None:
    given = {"KeyId": bench.arn(), "GranteePrincipal": ROOT, "Operations": ["Decrypt"]}
    bench.refuses(fact, bench.kms.create_grant, **given)


def g02(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.kms.list_grants, KeyId=bench.arn())


def g03(bench: Bench, _: Fact) -> None:
    key = bench.key()
    made = _grant(bench, key)
    holds(made["GrantId"] and made["GrantToken"], "no GrantId or GrantToken")
    same([one["GrantId"] for one in _grants(bench, key)], [made["GrantId"]])


def g04(bench: Bench, _: Fact) -> None:
    for key in (bench.key(), bench.key()):
        _grant(bench, key, Name="one-name")
        same(len(_grants(bench, key)), 1)


def g05(bench: Bench, _: Fact) -> None:
    key = bench.key()
    made = [_grant(bench, key)["GrantId"] for _ in range(2)]
    bench.kms.revoke_grant(KeyId=key, GrantId=made[0])
    same([one["GrantId"] for one in _grants(bench, key)], made[1:])


def g07(bench: Bench, _: Fact) -> None:
    answer = bench.kms.list_grants(KeyId=bench.key())
    same({name: answer[name] for name in answer if name != "ResponseMetadata"}, {"Grants": [], "Truncated": False})


def g08(bench: Bench, _: Fact) -> None:
    key = bench.key()
    _grant(bench, key)
    (entry,) = bench.kms.list_grants(KeyId=key.rpartition("/")[2])["Grants"]
    same((entry["Name"], entry["KeyId"], entry["IssuingAccount"]), ("", key, ROOT))
    holds(re.fullmatch(r"[0-9a-f]{64}", entry["GrantId"]), "the id is not 64 hexadecimal digits")
    holds(entry["CreationDate"].microsecond == 0, "the date has fractions of seconds")


def g10(bench: Bench, fact: Fact) -> None:
    given = {"KeyId": bench.key(), "GranteePrincipal": _MISSING, "Operations": ["Decrypt"]}
    bench.refuses(fact, bench.kms.create_grant, {"arn": _MISSING}, **given)


def g11(bench: Bench, _: Fact) -> None:
    key, role = bench.key(), bench.role()
    identifier = bench.iam.get_role(RoleName="Reader")["Role"]["RoleId"]
    _grant(bench, key, role, RetiringPrincipal=role)
    (entry,) = _grants(bench, key)
    same((entry["GranteePrincipal"], entry["RetiringPrincipal"]), (identifier, identifier))
    bench.sandbox.switches.new_id_seconds = 0.0  # the minute is over
    (entry,) = _grants(bench, key)
    same((entry["GranteePrincipal"], entry["RetiringPrincipal"]), (role, role))


def g13(bench: Bench, fact: Fact) -> None:
    key = bench.key()
    given = {"KeyId": key, "GranteePrincipal": ROOT, "Operations": ["Decrypt"], "DryRun": True}
    bench.refuses(fact, bench.kms.create_grant, **given)
    bench.refuses(fact, bench.kms.generate_data_key, KeyId=key, KeySpec="AES_256", DryRun=True)
    made = _grant(bench, key)["GrantId"]
    bench.refuses(fact, bench.kms.revoke_grant, KeyId=key, GrantId=made, DryRun=True)
    bench.refuses(fact, bench.kms.retire_grant, KeyId=key, GrantId=made, DryRun=True)
    same(len(_grants(bench, key)), 1)


def g14(bench: Bench, _: Fact) -> None:
    key = bench.key()
    same(_grant(bench, key, Name="again")["GrantId"], _grant(bench, key, Name="again")["GrantId"])
    same(len(_grants(bench, key)), 1)


def g15(bench: Bench, _: Fact) -> None:
    key = bench.key()
    forms = [f"acm.{REGION}.amazonaws.com", f"{OWN}:aws:ec2-infrastructure:i-0123456789abcdef0", ROOT]
    for form in forms:
        bench.sandbox.add_service_grant(key, form)
    same([entry["GranteePrincipal"] for entry in _grants(bench, key)], forms)


def g16(bench: Bench, fact: Fact) -> None:
    bench.kms.create_alias(AliasName="alias/recorded", TargetKeyId=bench.key())
    for name in ("alias/recorded", f"arn:aws:kms:{REGION}:{OWN}:alias/recorded"):
        bench.refuses(fact, bench.kms.get_key_policy, KeyId=name)


def p01(bench: Bench, _: Fact) -> None:
    answer = bench.kms.get_key_policy(KeyId=bench.key())
    wanted = json.loads(document(delegation(Sid="Enable IAM User Permissions"), Id="key-default-1"))
    same(json.loads(answer["Policy"]), wanted)


def p02(bench: Bench, _: Fact) -> None:
    key = bench.key()
    bench.role()
    actions = ["kms:Decrypt", "kms:Encrypt"]
    policy = document(delegation(), statement({"AWS": f"arn:aws:iam::{OWN}:role/Reader"}, actions), Id="x")
    bench.kms.put_key_policy(KeyId=key, Policy=policy)
    text = bench.kms.get_key_policy(KeyId=key)["Policy"]
    lines = text.splitlines()
    same(lines[:4], ["{", '  "Version" : "2012-10-17",', '  "Id" : "x",', '  "Statement" : [ {'])
    holds("  }, {" in lines and lines[-2:] == ["  } ]", "}"], f"statements laid out otherwise: {text}")
    holds('    "Action" : [ "kms:Decrypt", "kms:Encrypt" ],' in lines, "lists laid out otherwise")
    holds(not text.endswith("\n"), "a final newline")


def p03(bench: Bench, _: Fact) -> None:
    key = bench.key()
    policy = document(delegation(Sid="one"), statement({"AWS": ROOT}, "kms:Decrypt", Sid="two"), Id="kept")
    bench.kms.put_key_policy(KeyId=key, Policy=policy)
    found = json.loads(bench.kms.get_key_policy(KeyId=key)["Policy"])
    same(found, json.loads(policy))
    same(list(found), list(json.loads(policy)), "order")
    same([list(one) for one in found["Statement"]], [list(one) for one in json.loads(policy)["Statement"]], "order")


def p04(bench: Bench, _: Fact) -> None:
    answer = bench.kms.list_key_policies(KeyId=bench.key())
    same((answer["PolicyNames"], answer["Truncated"]), (["default"], False))


def p06(bench: Bench, _: Fact) -> None:
    key = bench.key()
    policy = document(delegation(), version="2008-10-17")
    bench.kms.put_key_policy(KeyId=key, Policy=policy)
    same(json.loads(bench.kms.get_key_policy(KeyId=key)["Policy"]), json.loads(policy))


def p08(bench: Bench, fact: Fact) -> None:
    key = bench.key()
    for principal in ("arn:aws:iam:::root", "arn:aws:iam::12:root", "arn:aws:iam::role/Reader"):
        policy = document(delegation(), statement({"AWS": principal}, "kms:Decrypt"))
        bench.refuses(fact, bench.kms.put_key_policy, KeyId=key, Policy=policy)


def p09(bench: Bench, fact: Fact) -> None:
    policy = document(delegation(), statement({"AWS": _MISSING}, "kms:Decrypt"))
    bench.refuses(fact, bench.kms.put_key_policy, KeyId=bench.key(), Policy=policy)
    bench.refuses(fact, bench.kms.create_key, Policy=policy)


def p10(bench: Bench, fact: Fact) -> None:
    policy = document(statement({"AWS": ROOT}, "kms:Decrypt"))
    bench.refuses(fact, bench.kms.put_key_policy, KeyId=bench.key(), Policy=policy)
    bench.refuses(fact, bench.kms.create_key, Policy=policy)


def p11(bench: Bench, _: Fact) -> None:
    key = bench.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
    found = json.loads(bench.kms.get_key_policy(KeyId=key)["Policy"])
    same((found["Id"], len(found["Statement"])), ("auto-s3-2", 2))
    same(list(found["Statement"][0]["Condition"]["StringEquals"]), ["kms:CallerAccount", "kms:ViaService"], "order")


def p13(bench: Bench, _: Fact) -> None:
    answer = bench.kms.put_key_policy(KeyId=bench.key(), Policy=document(delegation()))["ResponseMetadata"]
    same((answer["HTTPStatusCode"], answer["HTTPHeaders"]["content-length"]), (200, "0"))


def p14(bench: Bench, fact: Fact) -> None:
    bench.sandbox.switches.empty_message_for_principals = True
    role = bench.sandbox.add_role("Young", kms_calls=1)
    policy = document(delegation(), statement({"AWS": role}, "kms:Decrypt"))
    bench.refuses(fact, bench.kms.create_key, Policy=policy)
    bench.kms.create_key(Policy=policy)


FACTS = {name: check for name, check in globals().items() if re.fullmatch(r"[a-z]\d\d", name)}
