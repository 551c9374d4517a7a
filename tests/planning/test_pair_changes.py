"""Which change of a plan is a pair's, which grant is the one that it needs, and what the owner of a key has to add for one."""

from __future__ import annotations

import json

import pytest

from fcsse.link_options import AccessLevel, Operation, Options, Via
from fcsse.model import Facts, Grant, Pair
from fcsse.planning.changes import GrantAddition, PolicyChange
from fcsse.planning.make_plan import make_plan
from fcsse.planning.outlook import writes_too
from fcsse.planning.owner_statement import create_grant_statement
from fcsse.planning.pairs import access_of, grant_of
from fcsse.planning.plan import Outcome, Status
from fcsse.planning.requirements import Requirement, requirement_of
from fcsse.planning.wanted_grant import WantedGrant, ends
from fcsse.planning.width import wide_statements
from fcsse.policy.document import parsed
from tests.audit.factories import OTHER, grant, slr
from tests.planning.test_recorded_plans import FOR_ALL, fact
from tests.policy.documents import DEAD, ROOT, ours
from tests.policy.test_recorded_edits import CACHE, READ

OF_DATA, OF_LOGS = {"aws:s3:arn": "arn:aws:s3:::data"}, {"aws:s3:arn": "arn:aws:s3:::logs"}
BY_GRANT = Options(via=Via.GRANT)


def of_logs(facts: Facts) -> Facts:
    return facts._replace(pair=Pair(CACHE, "logs"), bucket=facts.bucket._replace(name="logs"))


def of_another_key(facts: Facts) -> Facts:
    assert facts.key is not None
    return facts._replace(key=facts.key._replace(arn=facts.key.arn._replace(account=OTHER)))


def test_an_access_of_a_change_is_that_of_its_pair() -> None:
    one, all_caches = fact(ROOT), fact(ROOT)._replace(pair=Pair(None, "data"), role=None)
    plan = make_plan([one, of_logs(one), all_caches], Options())
    (change,) = plan.changes
    assert isinstance(change, PolicyChange)

    found = [access_of(outcome, change) for outcome in plan.outcomes]
    assert [(of and of.role, of and of.bucket) for of in found] == [
        (slr(CACHE), "data"),
        (slr(CACHE), "logs"),
        (None, "data"),
    ]
    outcome = plan.outcomes[0]
    assert outcome.facts is not None
    for other in (
        outcome._replace(via=Via.GRANT),
        outcome._replace(facts=None),
        outcome._replace(facts=outcome.facts._replace(key=None)),
        outcome._replace(facts=of_another_key(outcome.facts)),
        outcome._replace(facts=outcome.facts._replace(bucket=outcome.facts.bucket._replace(name="x"))),
    ):
        assert access_of(other, change) is None


@pytest.mark.parametrize("narrow", [False, True])
def test_the_grant_of_a_change_is_that_of_its_pair(narrow: bool) -> None:
    facts = fact(ROOT, bucket_keys=True)
    plan = make_plan([facts, of_logs(facts)], BY_GRANT._replace(narrow_grant=narrow))
    outcome, logs = plan.outcomes
    change = plan.changes[0]
    assert isinstance(change, GrantAddition)

    made = grant_of(outcome, change, "g1")
    subset = OF_DATA if narrow else None
    name = f"fcsse:{CACHE}:data{':narrow' * narrow}"
    assert made == Grant("g1", slr(CACHE), frozenset(change.operations), name, constraint_subset=subset)
    assert made is not None
    assert made.constrained is narrow
    unknown = grant_of(outcome, change, None)
    assert unknown is not None
    assert unknown.grant_id == ""
    assert outcome.facts is not None
    for other in (
        logs,
        outcome._replace(via=Via.POLICY),
        outcome._replace(facts=None),
        outcome._replace(facts=outcome.facts._replace(key=None)),
        outcome._replace(facts=of_another_key(outcome.facts)),
    ):
        assert grant_of(other, change, "g1") is None


def wanted(*, narrow: bool) -> WantedGrant:
    need = requirement_of(fact(ROOT, bucket_keys=True), BY_GRANT._replace(narrow_grant=narrow))
    assert isinstance(need, Requirement)
    assert need.grant is not None
    return need.grant


@pytest.mark.parametrize(
    ("given", "for_narrow", "for_wide"),
    [
        (grant(CACHE), False, True),
        (grant(CACHE, "theirs", constraint_subset=OF_DATA), True, False),
        (grant(CACHE, "theirs", constraint_equals=OF_DATA), True, False),
        (grant(CACHE, "theirs", constraint_equals=OF_DATA, constraint_subset=OF_DATA), True, False),
        (grant(CACHE, "theirs", constraint_equals=OF_DATA, constraint_subset=OF_LOGS), False, False),
        (grant(CACHE, "theirs", constraint_equals=OF_LOGS, constraint_subset=OF_DATA), False, False),
        (grant(CACHE, "theirs", constraint_subset=OF_LOGS), False, False),
        (grant("fc-9"), False, False),
        (grant(CACHE, "theirs", other_constraints=("SourceArn",)), False, False),
        (grant(CACHE, f"fcsse:{CACHE}:logs"), False, False),
        (grant(CACHE, f"fcsse:{CACHE}:data:read"), False, True),
    ],
)
def test_a_grant_is_enough_where_it_is_as_wide_and_for_this_pair(
    given: Grant, for_narrow: bool, for_wide: bool
) -> None:
    assert wanted(narrow=True).is_met_by(given) is for_narrow
    assert wanted(narrow=False).is_met_by(given) is for_wide


def test_what_unlinking_ends_is_by_name_or_says_what_is_documented() -> None:
    facts = fact(ROOT)
    assert ends(grant(CACHE, f"fcsse:{CACHE}:data:narrow", constraint_subset=OF_DATA), facts) is True
    assert ends(grant(CACHE, f"fcsse:{CACHE}:data:narrow:read"), facts) is True
    assert ends(grant(CACHE, f"fcsse:{CACHE}:x"), facts) is False
    assert ends(grant("fc-9", "theirs"), facts) is False
    assert ends(grant(CACHE, "theirs"), facts) is True
    assert ends(grant(CACHE, "theirs"), facts._replace(role=None)) is False


def test_the_owner_of_a_key_allows_just_that_grant() -> None:
    text = create_grant_statement("aws", slr(CACHE), ("Decrypt", "DescribeKey"))

    assert json.loads(text) == {
        "Sid": "Allow account 111122223333 to create the grant for its FSx role",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "kms:CreateGrant",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:GranteePrincipal": slr(CACHE)},
            "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "DescribeKey"]},
            "Null": {"kms:GrantOperations": "false"},
        },
    }
    assert text.startswith('{\n  "Sid"')


def test_nobody_reads_or_writes_by_a_key_or_role_that_is_not_known() -> None:
    facts = fact(ROOT, READ)
    assert facts.policy is not None
    document = parsed(facts.policy)
    nobody = facts._replace(role=None)

    assert writes_too(facts._replace(key=None), document, ()) == ()
    assert wide_statements(facts._replace(key=None), document) == ()
    assert wide_statements(nobody, document) == ()


def planned(facts: Facts, options: Options) -> Outcome:
    (outcome,) = make_plan([facts], options).outcomes
    return outcome


def test_where_the_policy_is_not_read_a_grant_is_in_doubt_unless_the_key_is_known_and_anothers() -> None:
    own = fact(ROOT)._replace(policy=None)
    unknown = own._replace(key=own.key and own.key._replace(state=None))
    assert own.key is not None

    assert planned(own, BY_GRANT).in_doubt is True
    assert planned(of_another_key(own), BY_GRANT).in_doubt is False
    assert planned(of_another_key(unknown), BY_GRANT).in_doubt is True


def test_a_grant_is_judged_beside_what_the_policy_denies_and_other_grants_give() -> None:
    none_listed = fact(ROOT)._replace(grants=None)
    to_write = fact(ROOT, {**FOR_ALL, "Sid": "No", "Action": "kms:GenerateDataKey*"})

    assert planned(none_listed, BY_GRANT).status is Status.TO_DO
    assert planned(to_write, BY_GRANT).status is Status.BLOCKED
    reading = planned(fact(ROOT, ours(CACHE)), BY_GRANT._replace(level=AccessLevel.READ))
    assert any("can write as well, by statement 'ours'" in one for one in reading.warnings)
    unread = planned(fact(ROOT, ours(CACHE))._replace(policy=None), BY_GRANT._replace(level=AccessLevel.READ))
    assert not any("can write as well" in one for one in unread.warnings)


def test_an_unlink_names_why_grants_stay() -> None:
    of_another = planned(fact(ROOT, grants=(grant(CACHE, f"fcsse:{CACHE}:logs"),)), Options(Operation.UNLINK))
    more = grant(CACHE, "theirs")
    more = more._replace(operations=more.operations | {"RetireGrant"})
    of_others = planned(fact(ROOT, grants=(grant("fc-9", "x", "g0"), more)), Options(Operation.UNLINK))

    assert [one.rpartition(": ")[2] for one in of_another.warnings] == ["fcsse made it for another bucket."]
    assert [one.rpartition(": ")[2] for one in of_others.warnings] == [
        "it is not the documented grant for this bucket."
    ]


def test_dead_principals_are_named_where_nothing_names_a_role_that_is_gone() -> None:
    facts = fact(ROOT, {**ROOT, "Sid": "old", "Principal": {"AWS": [ROOT["Principal"]["AWS"], DEAD[0]]}})  # type: ignore[index,call-overload]
    gone = facts._replace(role=facts.role and facts.role._replace(exists=False, role_id=None))
    (warning,) = planned(gone, Options(Operation.UNLINK)).warnings

    assert f"{DEAD[0]} in statement 'old'" in warning
    assert planned(gone._replace(dead_ids=frozenset()), Options(Operation.UNLINK)).warnings == ()


def test_a_region_that_is_not_known_is_that_of_the_key() -> None:
    facts = fact(ROOT)
    need = requirement_of(facts._replace(bucket=facts.bucket._replace(region=None)), Options())
    assert isinstance(need, Requirement)
    assert need.access is not None
    assert need.access.region == "eu-west-1"
