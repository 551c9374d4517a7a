"""What an edit does to documents of every kind, and how it is put: the steps as people read them, and the statements that result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest

from fcsse.link_options import AccessLevel
from fcsse.policy.document import PolicyDocument
from fcsse.policy.edit import Edit, link, prune_dead, unlink
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement import Access, documented_statement
from fcsse.policy.step_phrases import changes, concerns, is_warning, phrase
from tests import recorded
from tests.policy.documents import ACCOUNT, BOTH, BUCKET, DEAD, NAMED, ROOT, access, document, ours, role
from tests.policy.layouts import STYLES

CACHE = "fc-0123"
READ = documented_statement(
    Access(role(CACHE), ACCOUNT, "aws", "eu-west-1", "data", BOTH, AccessLevel.READ), "reading only"
)
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
CONTEXT = "kms:EncryptionContext:aws:s3:arn"
Value = dict[str, JsonValue]


def changed(**elements: JsonValue) -> Value:
    """The documented statement, changed; None leaves an element out."""
    return {name: value for name, value in {**ours(CACHE), **elements}.items() if value is not None}


def conditions(**more: JsonValue) -> Value:
    condition = ours(CACHE)["Condition"]
    assert isinstance(condition, dict)
    return changed(Condition={**condition, **more})


STATEMENTS: dict[str, tuple[Value, ...]] = {
    "documented": (ours(CACHE),),
    "documented twice": (ours(CACHE), ours(CACHE, sid="again")),
    "both forms": (ours(CACHE, forms=BOTH),),
    "the other form": (ours(CACHE, forms=BUCKET),),
    "with another cache": (ours(CACHE, "fc-9"),),
    "of another cache": (ours("fc-9"),),
    "of another bucket": (ours(CACHE, bucket="logs"),),
    "every cache": (ours(),),
    "for reading only": (READ,),
    "reading and all": (READ, ours(CACHE)),
    "with an action more": (changed(Action=["kms:Decrypt", "kms:GenerateDataKey*", "kms:Encrypt"]),),
    "with an action less": (changed(Action="kms:Decrypt"),),
    "with all actions": (changed(Action="kms:*"),),
    "a Deny": (changed(Effect="Deny"),),
    "NotAction": (changed(Action=None, NotAction="kms:PutKeyPolicy"),),
    "NotPrincipal": (changed(Principal=None, NotPrincipal={"AWS": role(CACHE)}),),
    "another resource": (changed(Resource="arn:aws:kms:eu-west-1:111122223333:key/x"),),
    "without a condition": (changed(Condition=None),),
    "without a Sid": (changed(Sid=None),),
    "an element that nobody knows": (changed(Owner="me"),),
    "one condition more": (conditions(Bool={"aws:SecureTransport": "true"}),),
    "two conditions more": (conditions(Bool={"aws:SecureTransport": "true"}, Null={"aws:userid": "false"}),),
    "many differences": (
        {
            **conditions(Bool={"aws:SecureTransport": "true"}, Null={"aws:userid": "false"}),
            "Action": "kms:*",
            "Owner": "me",
        },
    ),
    "another account": (conditions(StringEquals={"kms:CallerAccount": "444455556666"}),),
    "exact context": (conditions(StringLike={}, StringEquals={CONTEXT: "arn:aws:s3:::data/*"}),),
    "part of the bucket": (conditions(StringLike={CONTEXT: "arn:aws:s3:::data/in/*"}),),
    "two buckets": (conditions(StringLike={CONTEXT: ["arn:aws:s3:::data/*", "arn:aws:s3:::logs/*"]}),),
    "with somebody else": (changed(Principal={"AWS": [role(CACHE), ADMIN]}),),
    "with a service": (changed(Principal={"AWS": role(CACHE), "Service": "s3.amazonaws.com"}),),
    "with a dead principal": (changed(Principal={"AWS": [role(CACHE), DEAD[0]]}),),
    "a dead principal alone": (changed(Principal={"AWS": DEAD[0]}),),
    "dead principals of others": (changed(Action="kms:List*", Principal={"AWS": [ADMIN, DEAD[0], DEAD[1]]}),),
    "a dead principal beside a service": (
        changed(Action="kms:List*", Principal={"AWS": [DEAD[0]], "Service": "s3.amazonaws.com"}),
    ),
    "its context in small letters": (conditions(StringLike={CONTEXT.lower(): "arn:aws:s3:::data/*"}),),
    "a session of the role": (
        changed(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForFSxS3Access_{CACHE}/FSx"}),
    ),
    "named by others": (changed(Action=["kms:Encrypt", "kms:Decrypt"], Condition=None, Sid="theirs"),),
}
WISHES: dict[str, list[Access]] = {
    "objects": [access()],
    "both forms": [access(forms=BOTH)],
    "bucket keys": [access(forms=BUCKET)],
    "reading": [Access(role(CACHE), ACCOUNT, "aws", "eu-west-1", "data", BOTH, AccessLevel.READ)],
    "two caches": [access(), access("fc-2")],
    "two buckets": [access(), access(bucket="logs")],
    "every cache": [access(None)],
}
EDITS: dict[str, Callable[[PolicyDocument, list[Access]], Edit]] = {
    "link": link,
    "unlink": unlink,
    "link, pruning": lambda found, wished: link(found, wished, prune=True, dead=DEAD),
    "unlink, pruning": lambda found, wished: unlink(found, wished, prune=True, dead=DEAD),
    "link by name": lambda found, wished: link(found, wished, by_name=True),
    "prune all": lambda found, _: prune_dead(found, DEAD, ours_only=False),
    "prune ours": lambda found, _: prune_dead(found, DEAD, ours_only=True),
}


def test_edits_of_statements_like_ours(pytestconfig: pytest.Config) -> None:
    recorded.compare(pytestconfig, "edits", dict(_edits()))


def _edits() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, statements in STATEMENTS.items():
        given = document(ROOT, *statements, style=STYLES[crc32(name.encode()) % len(STYLES)])
        for doing, edit in EDITS.items():
            for wish, wished in WISHES.items() if "prune" not in doing else [("", [access()])]:
                yield f"{name}: {doing} {wish}".strip(), _shown(given, edit(given, wished), wished)


def _shown(given: PolicyDocument, edit: Edit, wished: list[Access]) -> dict[str, Any]:
    steps = [
        [phrase(one), *(["warning"] if is_warning(one) else []), *(["change"] if changes(one) else [])]
        + [f"of {at}" for at, wish in enumerate(wished) if concerns(one, wish)]
        for one in edit.steps
    ]
    before = [one.value for one in given.statements]
    after = [one.value for one in edit.document.statements]
    return {
        "steps": steps,
        "changed": edit.changed,
        "gone": [str(one.get("Sid")) for one in before if one not in after],
        "new": [_digest(one) for one in after if one not in before],
        "size": edit.document.size,
    }


def _digest(statement: Value) -> str:
    """Its name and a part of its hash: a statement is what the other tests of this folder look at."""
    return f"{statement.get('Sid')} {hashlib.sha256(json.dumps(statement).encode()).hexdigest()[:8]}"


def test_edits_of_named_documents(pytestconfig: pytest.Config) -> None:
    found = {}
    for name, text in NAMED.items():
        given = PolicyDocument.parse(text)
        linked = link(given, [access("fc-1"), access("fc-2", "logs", BOTH)])
        back = unlink(linked.document, [access("fc-1"), access("fc-2", "logs", BOTH)])
        # Only what is new: the documents are in documents.py.
        found[name] = {
            "steps": [phrase(one) for one in (*linked.steps, *back.steps)],
            "text": [one for one in linked.document.text.split("\n") if one not in text.split("\n")][:12],
            "same again": back.document.text == text,
            "sids": [json.dumps(one.value.get("Sid")) for one in linked.document.statements][-3:],
        }
    recorded.compare(pytestconfig, "named-edits", found)
