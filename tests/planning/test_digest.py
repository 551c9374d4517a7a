"""The plan's digest: whatever changes what a plan does, and for whom, changes it; order and layout do not."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcsse.arn import Arn
from fcsse.endpoint import Endpoint
from fcsse.link_options import AccessLevel, Context, Operation, Via
from fcsse.model import Bucket, Encryption, Facts, Grant, Pair, Role
from fcsse.planning.changes import Change, GrantAddition, GrantEnding, change_policy
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.planning.plan_digest import HALF
from fcsse.policy.document import PolicyDocument
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access
from tests.thorough import examples

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ac"
CACHE = "fc-0123456789abcdef0"
DEAD = ("AROAEXAMPLEID12345678", "AROAEXAMPLEID12345679")
THEIRS = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}


def arn(text: str) -> Arn:
    found = Arn.parse(text)
    assert found is not None
    return found


@dataclass(frozen=True)
class World:
    """Everything that decides what a plan does; each field has another value in ``OTHERS``."""

    operation: Operation = Operation.LINK
    cache: str = CACHE
    account: str = "111122223333"
    role_id: str | None = "AROAEXAMPLEID11111111"
    role_exists: bool = True
    bucket: str = "data"
    region: str = "eu-west-1"
    key: str = KEY
    forms: frozenset[ContextForm] = frozenset({ContextForm.BUCKET})
    via: Via = Via.POLICY
    others_condition: Any = None
    dead: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    grantee: str = "arn:aws:iam::444455556666:role/example"
    grant_name: str = "fcsse-example"
    operations: tuple[str, ...] = ("Decrypt", "DescribeKey")
    subset: tuple[tuple[str, str], ...] = ()
    ended: str = "0123"
    ended_grantee: str | None = "arn:aws:iam::444455556666:role/example"
    ended_operations: frozenset[str] = frozenset({"Decrypt"})
    ended_equals: dict[str, str] | None = None
    ended_subset: dict[str, str] | None = None
    ended_others: tuple[str, ...] = ()
    ended_retiring: str | None = None
    ended_issuer: str | None = None
    ended_name: str = ""
    ended_service: str | None = None
    ended_source: str | None = None
    level: AccessLevel = AccessLevel.FULL


OTHERS: dict[str, list[Any]] = {
    "operation": [Operation.UNLINK],
    "cache": ["fc-0123456789abcdef1"],
    "account": ["444455556666"],
    "role_id": ["AROAEXAMPLEID22222222", None],
    "role_exists": [False],
    "bucket": ["data2"],
    "region": ["us-east-1"],
    "key": [OTHER_KEY],
    "forms": [frozenset({ContextForm.OBJECT}), frozenset(ContextForm)],
    "via": [Via.GRANT],
    "others_condition": [
        THEIRS,
        {"StringEquals": {"kms:ViaService": []}},
        {"StringEquals": {**THEIRS["StringEquals"], "aws:SourceAccount": []}},
    ],
    "dead": [DEAD[:1], DEAD],
    "endpoints": [(Endpoint("kms", "http://127.0.0.1:9"),), (Endpoint("s3", "http://127.0.0.1:9"),)],
    "grantee": ["arn:aws:iam::444455556666:role/other"],
    "grant_name": ["fcsse-other"],
    "operations": [("Decrypt",), ("Decrypt", "CreateGrant")],
    "subset": [(("aws:s3:arn", "arn:aws:s3:::data"),), (("arn:aws:s3:::data", "aws:s3:arn"),)],
    "ended": ["0124"],
    "ended_grantee": [None, "AROAEXAMPLEID11111111"],
    "ended_operations": [frozenset({"Encrypt"}), frozenset({"Decrypt", "Encrypt"})],
    "ended_equals": [{}, {"aws:s3:arn": "arn:aws:s3:::data"}],
    "ended_subset": [{}, {"aws:s3:arn": "arn:aws:s3:::data"}],
    "ended_others": [("SourceArn",)],
    "ended_retiring": ["arn:aws:iam::444455556666:role/retiring"],
    "ended_issuer": ["444455556666"],
    "ended_name": ["fcsse-other"],
    "ended_service": ["rds.amazonaws.com"],
    "ended_source": ["arn:aws:s3:::data"],
    "level": [AccessLevel.READ],
}


def key_policy(world: World, chance: random.Random | None) -> PolicyDocument:
    theirs: dict[str, Any] = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::111122223333:role/theirs", *world.dead]},
        "Action": ["kms:Decrypt", "kms:Encrypt"],
        "Resource": "*",
    }
    if world.others_condition is not None:
        theirs["Condition"] = world.others_condition
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    statements = [root, theirs]
    if chance:
        statements = [dict(chance.sample(list(one.items()), len(one))) for one in chance.sample(statements, 2)]
        theirs["Principal"]["AWS"] = chance.sample(theirs["Principal"]["AWS"], len(theirs["Principal"]["AWS"]))
    value = {"Version": "2012-10-17", "Statement": statements}
    return PolicyDocument.parse(json.dumps(value, indent=chance.choice([None, 1, 4]) if chance else 2))


def changes_of(world: World, role: Role, chance: random.Random | None) -> list[Change]:
    key = arn(world.key)
    access = Access(str(role.arn), world.account, "aws", world.region, world.bucket, world.forms, world.level)
    operations = chance.sample(world.operations, len(world.operations)) if chance else list(world.operations)
    policy = change_policy(key, world.operation, [access], key_policy(world, chance), prune_orphans=True)
    grant = Grant(
        world.ended,
        world.ended_grantee,
        world.ended_operations,
        constraint_equals=world.ended_equals,
        constraint_subset=world.ended_subset,
        other_constraints=world.ended_others,
        retiring=world.ended_retiring,
        issuing_account=world.ended_issuer,
        name=world.ended_name,
        grantee_service=world.ended_service,
        source_arn=world.ended_source,
    )
    addition = GrantAddition(key, world.grantee, world.grant_name, tuple(operations), world.subset)
    return [policy, addition, GrantEnding(key, grant)]


def plan_of(world: World, chance: random.Random | None = None) -> Plan:
    """A plan of one policy's change, a new grant and one to end; by ``chance``, in another order and layout."""
    role = Role.computed("aws", world.account, world.cache)
    role = role._replace(role_id=world.role_id, exists=world.role_exists)
    bucket = Bucket(world.bucket, Encryption("aws:kms", world.key, bucket_keys=True), world.region)
    facts = Facts(Pair(world.cache, world.bucket), world.account, "aws", role, bucket)
    outcomes = [
        Outcome(facts.pair, Status.TO_DO, "one summary", world.via, facts),
        Outcome(Pair("fc-0123456789abcdef9", "data"), Status.NOTHING, "nothing to do"),
        Outcome(Pair("fc-0123456789abcdef8", "data"), Status.BLOCKED, "blocked"),
    ]
    changes = changes_of(world, role, chance)
    if chance:
        outcomes = [one._replace(summary="another", short="words") for one in chance.sample(outcomes, 3)]
        changes = chance.sample(changes, len(changes))
    return Plan(world.operation, tuple(outcomes), tuple(changes), world.endpoints, level=world.level)


WORLDS = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in OTHERS.items()}).map(
    lambda changed: World(**changed)
)


def test_every_fact_of_a_world_has_another_value() -> None:
    assert {field.name for field in fields(World)} == OTHERS.keys()
    assert all(getattr(World(), name) not in values for name, values in OTHERS.items())


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OTHERS.items() for value in values])
def test_each_fact_alone_changes_the_digest(name: str, value: object) -> None:
    assert plan_of(replace(World(), **{name: value})).digest != plan_of(World()).digest  # type: ignore[arg-type]


@settings(max_examples=examples(300), deadline=None)
@given(WORLDS, WORLDS, st.randoms(use_true_random=False))
def test_digests_are_equal_exactly_where_the_worlds_are(one: World, other: World, chance: random.Random) -> None:
    assert (plan_of(one).digest == plan_of(other, chance).digest) is (one == other)


@settings(max_examples=examples(200), deadline=None)
@given(WORLDS, st.randoms(use_true_random=False))
def test_order_layout_and_words_do_not_change_the_digest(world: World, chance: random.Random) -> None:
    assert plan_of(world).digest == plan_of(world, chance).digest


def test_pairs_for_which_nothing_is_written_have_no_part_in_it() -> None:
    plan = plan_of(World())
    # In the half that stands for what is changed; the other half stands for what is wanted of all pairs.
    assert plan._replace(outcomes=plan.outcomes[:1]).digest[:HALF] == plan.digest[:HALF]


@pytest.mark.parametrize("via", Via)
def test_options_of_one_route_change_the_digest_of_plans_by_it_alone(via: Via) -> None:
    plan = plan_of(World(via=via))
    assert (plan._replace(narrow_grant=True).digest != plan.digest) is (via is Via.GRANT)
    assert (plan._replace(context=Context.BOTH).digest != plan.digest) is (via is Via.POLICY)


def test_every_member_of_a_grant_that_ends_is_among_the_facts() -> None:
    assert sum(name.startswith("ended") for name in OTHERS) == len(Grant._fields)
