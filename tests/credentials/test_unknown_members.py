"""Members of an answer that the installed botocore does not know: they bind all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.loaders import Loader

from fcsse.aws.kms import list_grants
from fcsse.aws.make_clients import clients_of_boto3
from fcsse.sandbox.state import Key, StoredGrant
from tests.credentials.test_sources import PAIR

if TYPE_CHECKING:
    from pathlib import Path

    from tests.credentials.conftest import Operator

OTHER_CACHE = "arn:aws:fsx:eu-west-1:111122223333:file-cache/fc-0999"
BUCKET = {"aws:s3:arn": "arn:aws:s3:::data-bucket-keys"}


def granted(operator: Operator) -> StoredGrant:
    """The grant of a fresh link, to be bound by hand."""
    operator.set(operator.keys)
    run = operator.run("link", *PAIR, "--via", "grant")
    assert run.code == 0, run.err
    assert operator.run("check", *PAIR).code == 0
    key: Key = operator.sandbox.key("data")
    (grant,) = key.grants.value.values()
    return grant


def older_model(folder: Path) -> str:
    """A folder with KMS's service model as it was before ``Constraints.SourceArn`` and ``GranteeServicePrincipal``."""
    model = Loader().load_service_model("kms", "service-2")
    shapes: Any = json.loads(json.dumps(model["shapes"]))
    shapes["GrantConstraints"]["members"].pop("SourceArn", None)
    for name in ("GranteeServicePrincipal", "RetiringServicePrincipal"):
        shapes["GrantListEntry"]["members"].pop(name, None)
    place = folder / "kms" / "2014-11-01"
    place.mkdir(parents=True)
    (place / "service-2.json").write_text(json.dumps({**model, "shapes": shapes}), encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize("age", ["installed", "older"])
@pytest.mark.parametrize(
    ("member", "access", "told"),
    [
        # Only calls of service principals carry an aws:SourceArn: the cache's role gets nothing by such a grant.
        ("SourceArn", "denied", f"holds only for aws:SourceArn {OTHER_CACHE}"),
        ("SomethingNewer", "unknown", "holds, as far as is known, only for SomethingNewer"),
    ],
    ids=["SourceArn", "SomethingNewer"],
)
def test_a_bound_grant_is_never_read_as_unbound(
    operator: Operator, tmp_path: Path, member: str, access: str, told: str, age: str
) -> None:
    granted(operator).constraints[member] = OTHER_CACHE
    env = {"AWS_DATA_PATH": older_model(tmp_path / "models")} if age == "older" else {}
    run = operator.run("check", *PAIR, env=env)
    assert run.code == 3, run.err
    assert ("is not known" if access == "unknown" else "cannot read or write") in run.out
    assert f"grant fcsse:fc-0123:data {told}\n" in run.out
    audited = operator.run("audit", "-o", "json", env=env)
    assert audited.code == 3, audited.err
    (pair,) = [one for one in audited.json["pairs"] if (one["cache"], one["bucket"]) == ("fc-0123", "data")]
    assert pair["access"] == access


def test_what_botocore_knows_is_unchanged(operator: Operator, tmp_path: Path) -> None:
    granted(operator).constraints["EncryptionContextSubset"] = BUCKET
    session = boto3.Session(
        operator.keys.access_key, operator.keys.secret, operator.keys.token, region_name="eu-west-1"
    )
    kms = clients_of_boto3(session, endpoint_url=operator.sandbox.url)("kms")
    key = operator.sandbox.key("data").arn
    (grant,) = list_grants(kms, key)
    assert (grant.constraint_subset, grant.other_constraints) == (BUCKET, ())
    assert list_grants(kms, key) == (grant,)


def test_an_answer_in_another_encoding_is_no_unbound_grant(operator: Operator) -> None:
    """Where KMS's own JSON cannot be read, nobody knows what botocore dropped."""
    granted(operator)
    session = boto3.Session(
        operator.keys.access_key, operator.keys.secret, operator.keys.token, region_name="eu-west-1"
    )
    kms = clients_of_boto3(session, endpoint_url=operator.sandbox.url)("kms")
    kms.meta.events.register(
        "before-parse.kms.ListGrants", lambda customized_response_dict, **_: customized_response_dict.clear()
    )
    list_grants(kms, operator.sandbox.key("data").arn)
    kms.meta.events.register_last(
        "before-parse.kms.ListGrants", lambda customized_response_dict, **_: customized_response_dict.clear()
    )
    (grant,) = list_grants(kms, operator.sandbox.key("data").arn)
    assert grant.other_constraints
