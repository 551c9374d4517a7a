"""Judges the pairs of the bench's account as audit does, and prints the processor time: decide_pairs.py

Printed: pairs, how many have their access, seconds of the first pass (which reads the 20 policies as well), and seconds of
a later pass. It runs on this version of fcsse and on the one that the suite ``deciding`` compares it to.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.account import ACCOUNT, REGION, Account, key_name, role_arn

from fcsse.arn import Arn, key_arn
from fcsse.model import Bucket, Encryption, Facts, Key, Pair, Role

PASSES = 8

try:
    from fcsse.commands.audit.verdicts import Verdicts  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from fcsse.findings.judging import Verdicts  # type: ignore[import-not-found,no-redef,unused-ignore]


def facts(account: Account) -> list[Facts]:
    """What audit reads of each pair."""
    found = []
    for number, association in enumerate(account.associations):
        cache = str(association["FileCacheId"])
        bucket = str(association["DataRepositoryPath"]).split("/")[2]
        arn, key = Arn.parse(role_arn(cache)), key_arn(key_name(number % account.buckets % account.keys))
        assert arn
        assert key
        found.append(
            Facts(
                Pair(cache, bucket),
                ACCOUNT,
                "aws",
                Role(arn, cache, f"AROAEXAMPLE{number // account.per_cache:010d}"),
                Bucket(bucket, Encryption("aws:kms", str(key)), REGION, foreign=False),
                Key(key, "Enabled", "CUSTOMER", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
                account.policies[str(key)],
                (),
                prefixes=("",),
                bucket_policy="",
            )
        )
    return found


def main() -> None:
    found = facts(Account())
    buckets = {one.bucket.name: one.bucket for one in found}
    taken = []
    for _ in range(1 + PASSES):
        start = time.process_time()
        judged = Verdicts().all(found, {}, buckets, ())
        taken.append(time.process_time() - start)
    allowed = sum(one.allowed for one in judged)
    again = sum(taken[1:]) / PASSES
    print(f"{len(found)} {allowed} {taken[0]:.6f} {again:.6f}")


if __name__ == "__main__":
    main()
