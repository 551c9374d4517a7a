"""An account of 300 pairs with something of everything in it, and names that are out to break a page."""

from __future__ import annotations

from fcsse.commands.audit.facts import AccountFacts, Refusal
from fcsse.errors import DeniedError, ImpossibleError
from fcsse.model import Bucket, Encryption
from tests.audit.factories import ACCOUNT, OTHER, REGION, ROOT, Made, documented, grant, key_name, policy, slr

CACHES, BUCKETS, KEYS = 60, 50, 8
SCRIPT = "<script>window.broken = 1</script>"
NASTY = f"""{SCRIPT} [bold]x[/bold] "quoted' & </script><img src=x onerror='window.broken = 1'> ]]> \u202eevil"""


def cache(number: int) -> str:
    return f"fc-{number:017x}"


def bucket(number: int) -> str:
    long = "-with-a-long-name-such-as-companies-give-them" if number % 9 == 4 else ""
    return f"bucket-{number:02d}{long}"


def large() -> AccountFacts:
    """60 caches with five buckets each, 50 buckets, 8 keys."""
    made = Made()
    wanted = {
        (cache(number), place): (number * 5 + step) % BUCKETS
        for number in range(CACHES)
        for place, step in enumerate((0, 1, 2, 13, 29))
    }
    users: dict[int, list[str]] = {}
    for (name, _), number in wanted.items():
        users.setdefault(number, []).append(name)
    texts = {key: _policy(key, users) for key in range(KEYS)}
    for (name, _), number in wanted.items():
        key, target = number % KEYS, bucket(number)
        match number % 25:
            case 3:
                made.link(
                    name,
                    target,
                    None,
                    key=20 + number,
                    account=OTHER,
                    grants=(grant(name),),
                    foreign=True,
                    bucket_policy=_lets_in(target),
                )
            case 7:
                made.hinder(
                    name, target, DeniedError(f"reading bucket {target}: no", action="s3:GetEncryptionConfiguration")
                )
                made.add_role(name)
            case 11:
                made.link(name, target, texts[key], key=30 + number, state="Disabled")
            case 16:
                made.link(name, target, None, key=key, algorithm="aws:kms:dsse")
            case 19:
                made.hinder(name, target, ImpossibleError(f"linking bucket {target}: it names its key as {NASTY!r}"))
                made.add_role(name)
                made.buckets[target] = Bucket(target, Encryption("aws:kms", f"alias/{NASTY}"), REGION, foreign=True)
            case _:
                made.link(name, target, texts[key], key=key, bucket_keys=number % 25 == 9)
    refused = DeniedError(
        f"reading the default encryption of bucket {bucket(7)}: the caller may not call it ({NASTY})",
        f"Allow it {NASTY}.",
        action="s3:GetEncryptionConfiguration",
        resource=f"bucket {bucket(7)}",
    )
    made.associate(cache(1), bucket(1), "MISCONFIGURED", f"AWS said {NASTY}")
    return made.done(Refusal("encryption", (bucket(7),), refused), off=("me-south-1",))


def _lets_in(name: str) -> str:
    arns = f'["arn:aws:s3:::{name}", "arn:aws:s3:::{name}/*"]'
    return f'{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{ACCOUNT}"}}, "Action": "s3:*", "Resource": {arns}}}]}}'


def _policy(key: int, users: dict[int, list[str]]) -> str:
    statements = []
    for number in range(key, BUCKETS, KEYS):
        if number % 10 == 5:
            continue
        roles = [slr(name) for name in users.get(number, ())]
        if number % 10 == 2:
            roles = roles[: len(roles) // 2]
        if roles:
            statements.append(documented(bucket(number), *roles, sid=f"{NASTY} {number}" if key == 1 else ""))
    if key == 2:
        statements.append(
            {**ROOT, "Sid": NASTY, "Principal": {"AWS": ["AROADEADDEADDEADDEAD1", f"arn:aws:iam::{ACCOUNT}:root"]}}
        )
    if key == 3:
        statements.append(
            {"Sid": NASTY, "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey", "Resource": "*"}
        )
    if key == 4:
        statements.append(documented(bucket(4), "*"))
    return policy(*statements)


__all__ = ["NASTY", "bucket", "cache", "key_name", "large"]
