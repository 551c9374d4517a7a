"""Tags of KMS keys: TagResource, UntagResource, ListResourceTags, and what KMS refuses.

Sources: KMS API reference, TagResource and Tag; the messages are those that AWS's answers were recorded with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fcsse.sandbox.caller import Caller
from fcsse.sandbox.kms_checks import listed, own_key
from fcsse.sandbox.kms_keys import require_state
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError

Given = Mapping[str, Any]

_MOST = 50
_LONGEST = (("TagKey", "tagKey", 128), ("TagValue", "tagValue", 256))


def checked_tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags by name. Raises AwsError as KMS refuses them."""
    found = list(tags)
    for number, tag in enumerate(found, 1):
        for member, shown, most in _LONGEST:
            if len(tag[member]) > most:
                message = (
                    f"1 validation error detected: Value '{tag[member]}' at 'tags.{number}.member.{shown}' failed to "
                    f"satisfy constraint: Member must have length less than or equal to {most}"
                )
                raise AwsError("ValidationException", message)
    names = [tag["TagKey"] for tag in found]
    if len(set(names)) != len(names):
        raise AwsError("TagException", "Duplicate tag keys")
    if any(name.lower().startswith("aws:") for name in names):
        raise AwsError("TagException", "Tags beginning with aws: are reserved")
    if len(found) > _MOST:
        raise AwsError("TagException", "Too many tags")
    return {tag["TagKey"]: tag["TagValue"] for tag in found}


def list_tags(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """ListResourceTags."""
    key = own_key(state, caller, region, given, "kms:ListResourceTags")
    return listed(state, given, "Tags", [{"TagKey": k, "TagValue": v} for k, v in key.tags.items()], 50)


def tag(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """TagResource."""
    key = own_key(state, caller, region, given, "kms:TagResource")
    require_state(key, "Enabled", "Disabled", "PendingImport", "Unavailable", "Updating")
    tags = {**key.tags, **checked_tags(given.get("Tags") or ())}
    if len(tags) > _MOST:
        raise AwsError("TagException", "Too many tags")
    key.tags = tags
    return {}


def untag(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """UntagResource; a tag that is not there is no error."""
    key = own_key(state, caller, region, given, "kms:UntagResource")
    require_state(key, "Enabled", "Disabled", "PendingImport", "Unavailable", "Updating")
    for name in given.get("TagKeys") or ():
        key.tags.pop(name, None)
    return {}
