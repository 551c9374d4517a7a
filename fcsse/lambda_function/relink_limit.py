"""How often a day a key is linked again: counted in a table, so that invocations at the same time stay within the limit together."""

from __future__ import annotations

from fcsse.arn import Arn
from fcsse.errors import FcsseError, UsageError
from fcsse.lambda_function.link_rules import LIMIT, TABLE, LinkRules
from fcsse.pipeline import Pipeline


class RelinkLimitError(FcsseError):
    """Others keep changing a key policy, and it was re-linked as often today as is allowed."""

    code = "relink-limit"


def count_relink(pipeline: Pipeline, rules: LinkRules, key: Arn) -> None:
    """Counts a write to a key. Raises ``RelinkLimitError`` where it would be one too many, and ``UsageError``."""
    table, limit = rules.table, rules.relinks
    if table is None:
        message = f"re-linking key {key}: no table is set that counts how often that happens"
        raise UsageError(message, f"Set {TABLE}, or link by hand: fcsse audit --fix.")
    now = pipeline.clock.now().timestamp()
    if limit < 1 or not pipeline.aws.count_write(table, key, now, limit):
        raise RelinkLimitError(
            f"re-linking key {key}: others keep changing its policy or the encryption of its bucket, and it was "
            f"re-linked {limit} times today, which is the limit",
            "Put the statement where the policy comes from (fcsse statement --format terraform or cloudformation), "
            f"or raise {LIMIT}.",
        )
