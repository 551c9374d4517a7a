"""What CloudTrail records of the creation of a cache or file system, which the sandbox makes without a call.

Source of the shape: no recorded event of CreateFileCache is known. Its members are those of the FSx API reference, with names
as CloudTrail spells them in FSx's TagResource sample and in a CreateFileSystem event that others read (``resourceARN``).
"""

from __future__ import annotations

from fcsse.sandbox.cloudtrail_events import frame, keep
from fcsse.sandbox.cloudtrail_record import Event
from fcsse.sandbox.cloudtrail_spelling import lowered, with_text_dates
from fcsse.sandbox.fsx import describe
from fcsse.sandbox.state import State, StoredCache

_API = "2018-03-01"


def record_creation(state: State, cache: StoredCache, who: str = "colleague") -> None:
    """Write down CreateFileCache or CreateFileSystem, made by somebody of the account."""
    of_cache = cache.id.startswith("fc-")
    described = with_text_dates(lowered(describe(state, cache)))
    described["lifecycle"] = "CREATING"
    kind = "fileCache" if of_cache else "fileSystem"
    given = {
        name: described[name]
        for name in (f"{kind}Type", f"{kind}TypeVersion", "storageCapacity", "subnetIds", "tags")
        if name in described
    }
    if of_cache:
        given["dataRepositoryAssociations"] = [
            {"fileCachePath": one.mount, "dataRepositoryPath": one.path} for one in cache.associations
        ]
    elif cache.older:
        given["lustreConfiguration"] = {"importPath": cache.older.import_path, "exportPath": cache.older.export_path}
    event: Event = {
        **frame("fsx", "CreateFileCache" if of_cache else "CreateFileSystem", cache.region),
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDASANDBOXCOLLEAGUE",
            "arn": f"arn:{state.partition}:iam::{cache.account}:user/{who}",
            "accountId": cache.account,
            "accessKeyId": "AKIASANDBOXCOLLEAGUE",
            "userName": who,
        },
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.31.0 md/prompt#off",
        "apiVersion": _API,
        "requestParameters": given,
        "responseElements": {kind: described},
    }
    keep(state, event, cache.account, cache.region)
