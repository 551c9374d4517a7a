"""Does a bucket still use the key that a change is about? By what S3 and KMS say now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from fcsse.apply.bucket_keys_now import require_same_keys
from fcsse.arn import Arn, key_arn
from fcsse.errors import ChangedError, DeniedError, ImpossibleError
from fcsse.link_options import Operation, Via
from fcsse.model import Bucket, Encryption, Facts, Grant, Key, Pair, Role
from fcsse.planning.changes import Change, GrantAddition, GrantEnding
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.planning.review import STALE_AFTER
from fcsse.policy.encryption_context import ContextForm
from tests.write_protocol.scripted import ScriptedAws, ScriptedClock, context
from tests.write_protocol.simulation import ACCOUNT, DEFAULT, REGION, cache_name, change, key

OTHER_KEY = cast("Arn", key_arn(f"{key()}"[:-1] + "3"))
ALIAS = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/data"
ROLE = Role.computed("aws", ACCOUNT, cache_name(0))
BY_ARN = Encryption("aws:kms", str(key()))
LINK = change(0, DEFAULT)
BOTH_FORMS = replace(LINK, accesses=tuple(replace(one, forms=frozenset(ContextForm)) for one in LINK.accesses))
GRANT = GrantAddition(key(), str(ROLE.arn), "ours", ("Decrypt",))
NARROW = replace(GRANT, subset=(("aws:s3:arn", "arn:aws:s3:::data"),))
ENDING = GrantEnding(key(), Grant("1", str(ROLE.arn), frozenset({"Decrypt"})))


def now(
    shown: Encryption | Exception,
    change: Change = LINK,
    *,
    age: float = STALE_AFTER + 1,
    operation: Operation = Operation.LINK,
    status: Status = Status.TO_DO,
    key_now: Key | None = None,
    known: Key | None = None,
    written: bool = False,
    **bucket: Any,
) -> list[str]:
    """Asks; returns the calls that it took."""
    said = Bucket(**{"name": "data", "encryption": BY_ARN, "region": REGION, **bucket})
    facts = Facts(Pair(cache_name(0), "data"), ACCOUNT, "aws", ROLE, said, known or Key(key()))
    other = Facts(
        Pair(cache_name(0), "other"), ACCOUNT, "aws", ROLE, Bucket("other", BY_ARN), Key(OTHER_KEY, "Enabled")
    )
    outcomes = tuple(Outcome(one.pair, status, via=Via.POLICY, facts=one) for one in (facts, other))
    aws = ScriptedAws(
        read_encryption=[shown], resolve_key=[key_now or Key(key())], describe_key=[key_now or Key(key(), "Enabled")]
    )
    plan = Plan(operation, outcomes, (change,))
    require_same_keys(change, plan, context(aws, ScriptedClock(age), read_at=0.0), written=written)
    return aws.calls


@pytest.mark.parametrize(
    ("how", "calls"),
    [
        ({}, ["read_encryption"]),
        ({"age": STALE_AFTER}, []),
        ({"operation": Operation.UNLINK}, []),
        ({"status": Status.NOTHING}, []),
        ({"given": True}, []),
        ({"known": Key(key(), "Enabled")}, ["read_encryption", "describe_key"]),
        ({"given": True, "known": Key(key(), "Enabled")}, ["describe_key"]),
        ({"known": Key(OTHER_KEY, "Enabled")}, []),
    ],
)
def test_what_is_asked_again(how: dict[str, Any], calls: list[str]) -> None:
    assert now(BY_ARN, **how) == calls


def test_a_key_that_the_caller_stated_by_its_arn_may_be_named_by_its_id() -> None:
    assert now(BY_ARN._replace(key=key().resource.removeprefix("key/"))) == ["read_encryption"]


@pytest.mark.parametrize(
    "encryption",
    [
        BY_ARN._replace(key=str(OTHER_KEY)),
        BY_ARN._replace(key=None),
        BY_ARN._replace(key=""),
        BY_ARN._replace(key="8-123456789012"),
        BY_ARN._replace(algorithm="aws:kms:dsse"),
    ],
)
def test_another_key_is_a_change(encryption: Encryption) -> None:
    with pytest.raises(ChangedError) as caught:
        now(encryption)
    said = f"changing key {key()}: the default encryption of bucket data has changed since the plan was made"
    assert (caught.value.message, caught.value.hint) == (said, "Make a new plan, for what the bucket has now.")


def test_what_s3_says_counts_where_the_caller_stated_another_key() -> None:
    default = BY_ARN._replace(key=str(OTHER_KEY))
    assert now(default, default=default) == ["read_encryption"]
    with pytest.raises(ChangedError, match="default encryption"):
        now(BY_ARN, default=default)
    by_alias = BY_ARN._replace(key=ALIAS)
    assert now(by_alias, default=by_alias, encryption=BY_ARN) == ["read_encryption"]


def test_an_alias_is_resolved_again() -> None:
    by_alias = BY_ARN._replace(key=ALIAS)
    assert now(by_alias, encryption=by_alias) == ["read_encryption", "resolve_key"]
    with pytest.raises(ChangedError, match="the alias of bucket data has changed since the plan was made"):
        now(by_alias, encryption=by_alias, key_now=Key(OTHER_KEY))
    by_id = BY_ARN._replace(key=key().resource.removeprefix("key/"))
    assert now(by_id, encryption=by_id) == ["read_encryption"]


def test_an_alias_is_resolved_in_the_bucket_s_region() -> None:
    by_alias = BY_ARN._replace(key="alias/data")
    for region, asked in (("eu-west-2", "eu-west-2"), (None, REGION)):
        facts = Facts(Pair(None, "data"), ACCOUNT, "aws", None, Bucket("data", by_alias, region), Key(key()))
        aws = ScriptedAws(read_encryption=[by_alias], resolve_key=[Key(key())])
        plan = Plan(Operation.LINK, (Outcome(facts.pair, Status.TO_DO, facts=facts),), (LINK,))
        require_same_keys(LINK, plan, context(aws, ScriptedClock(60)))
        assert aws.words[1] == ("alias/data", asked)


KEYS_ON = BY_ARN._replace(bucket_keys=True)


@pytest.mark.parametrize(
    ("one", "encryption", "bucket", "same"),
    [
        (LINK, KEYS_ON, {}, False),
        (LINK, KEYS_ON, {"bucket_keys_stated": True}, True),
        (BOTH_FORMS, KEYS_ON, {}, True),
        (BOTH_FORMS, BY_ARN, {}, True),
        (GRANT, KEYS_ON, {}, True),
        (GRANT, BY_ARN, {}, True),
        (NARROW, KEYS_ON, {}, True),
        (NARROW, BY_ARN, {}, False),
        (ENDING, BY_ARN, {}, True),
    ],
)
def test_the_form_of_the_encryption_context_is_one_that_the_change_gives(
    one: Change, encryption: Encryption, bucket: dict[str, Any], same: bool
) -> None:
    if same:
        assert now(encryption, one, **bucket) == ["read_encryption"]
    else:
        with pytest.raises(ChangedError, match="the Bucket Keys setting of bucket data has changed"):
            now(encryption, one, **bucket)


def test_a_key_that_cannot_be_used_any_more_is_the_reason() -> None:
    known = Key(key(), "Enabled")
    for written, end in ((False, ""), (True, "; the change itself was written")):
        with pytest.raises(ImpossibleError, match=f"is disabled, so nobody can read or write with it{end}"):
            now(BY_ARN, known=known, key_now=Key(key(), "Disabled"), written=written)


@pytest.mark.parametrize("written", [False, True])
def test_what_keeps_it_from_being_read_says_whether_the_change_was_made(written: bool) -> None:
    with pytest.raises(DeniedError) as caught:
        now(DeniedError("not allowed", "x"), written=written)
    assert caught.value.message == "not allowed" + ("; the change itself was written" if written else "")
