"""Which changes the rules allow, by lists and by the tags that keys and buckets have in AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.errors import DeniedError, FcsseError
from fcsse.lambda_function.link_rules import Allowed, LinkRules


@dataclass(slots=True)
class Gate:
    """Says which changes the rules allow; the tags of each key and bucket are read once, and only where they matter."""

    aws: AwsCalls
    rules: LinkRules
    _key_tags: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _bucket_tags: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def allows(self, key: Arn, bucket: str, account: str) -> Allowed | None:
        """By what a change to this key's policy (or a grant on it) for the bucket is allowed; None: it is not.

        ``account`` is the caches'. The tags of a key of another account cannot be read, and of a bucket with such a key
        only where its owner allows it. Raises what else keeps tags from being read.
        """
        listed = self.rules.listed(key, bucket)
        if listed or self.rules.tag is None:
            return listed
        own = key.account == account
        unknown: FcsseError | None = None
        try:
            if own and self.rules.has_tag(self._of_key(key)):
                return Allowed.KEY_TAGGED
        except FcsseError as error:
            unknown = error
        try:
            if self.rules.has_tag(self._of_bucket(bucket)):
                return Allowed.BUCKET_TAGGED
        except DeniedError as error:
            unknown = unknown or (error if own else None)
        except FcsseError as error:
            unknown = unknown or error
        if unknown:
            raise unknown
        return None

    def _of_key(self, key: Arn) -> Mapping[str, str]:
        if str(key) not in self._key_tags:
            self._key_tags[str(key)] = self.aws.tags_of_key(key)
        return self._key_tags[str(key)]

    def _of_bucket(self, bucket: str) -> Mapping[str, str]:
        if bucket not in self._bucket_tags:
            self._bucket_tags[bucket] = self.aws.tags_of_bucket(bucket)
        return self._bucket_tags[bucket]
