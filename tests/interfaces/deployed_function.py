"""The Lambda function as Lambda runs it, and events as EventBridge delivers them.

Sources of the shapes: EventBridge user guide, "AWS service events delivered via AWS CloudTrail"; CloudTrail user guide,
"Record contents"; FSx guides, "Logging API calls with AWS CloudTrail"; FSx API reference, CreateFileCache and
CreateDataRepositoryAssociation, whose members CloudTrail writes with names that begin in lower case.
"""

import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import fcsse
from fcsse.sandbox import Sandbox
from tests.simulated import Shell

ACCOUNT, REGION = "111122223333", "eu-west-1"


def event(name: str, request: Mapping[str, Any], answer: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    """An AWS API call as EventBridge delivers it."""
    return {
        "version": "0",
        "id": "36eb8523-97d0-4518-b33d-ee3579ff19f0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.fsx",
        "account": ACCOUNT,
        "time": "2026-03-20T17:43:19Z",
        "region": REGION,
        "resources": [],
        "detail": {
            "eventVersion": "1.09",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLEID:session",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Builder/session",
                "accountId": ACCOUNT,
                "accessKeyId": "ASIAEXAMPLEKEY",
                "sessionContext": {"attributes": {"creationDate": "2026-03-20T17:00:00Z", "mfaAuthenticated": "false"}},
            },
            "eventTime": "2026-03-20T17:43:19Z",
            "eventSource": "fsx.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "sourceIPAddress": "192.0.2.0",
            "userAgent": "console.amazonaws.com",
            "requestParameters": dict(request),
            "responseElements": dict(answer) if answer is not None else None,
            "requestID": "7ec1a5f4-0000-4000-8000-000000000001",
            "eventID": "7ec1a5f4-0000-4000-8000-000000000002",
            "readOnly": False,
            "eventType": "AwsApiCall",
            "apiVersion": "2018-03-01",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
            **more,
        },
    }


def cache_created(cache: str, *buckets: str) -> dict[str, Any]:
    """CreateFileCache, which tells of no association but its ids."""
    links = [{"fileCachePath": f"/{bucket}", "dataRepositoryPath": f"s3://{bucket}/"} for bucket in buckets]
    lustre = {"perUnitStorageThroughput": 1000, "deploymentType": "CACHE_1"}
    request = {
        "clientRequestToken": "token",
        "fileCacheType": "LUSTRE",
        "fileCacheTypeVersion": "2.12",
        "storageCapacity": 1200,
        "subnetIds": ["subnet-0123456789abcdef0"],
        "lustreConfiguration": lustre,
        "dataRepositoryAssociations": links,
    }
    answer = {
        "ownerId": ACCOUNT,
        "creationTime": "Mar 20, 2026 5:43:19 PM",
        "fileCacheId": cache,
        "fileCacheType": "LUSTRE",
        "lifecycle": "CREATING",
        "storageCapacity": 1200,
        "kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "resourceARN": f"arn:aws:fsx:{REGION}:{ACCOUNT}:file-cache/{cache}",
        "lustreConfiguration": {**lustre, "mountName": "abcdefgh"},
        "dataRepositoryAssociationIds": [f"dra-0123456789abcdef{number}" for number, _ in enumerate(links)],
    }
    return event("CreateFileCache", request, {"fileCache": answer})


def association_created(file_system: str, path: str) -> dict[str, Any]:
    """CreateDataRepositoryAssociation of FSx for Lustre."""
    request = {
        "fileSystemId": file_system,
        "fileSystemPath": "/ns1",
        "dataRepositoryPath": path,
        "batchImportMetaDataOnCreate": False,
        "clientRequestToken": "token",
    }
    association = {
        "associationId": "dra-0123456789abcdef0",
        "resourceARN": f"arn:aws:fsx:{REGION}:{ACCOUNT}:association/{file_system}/dra-0123456789abcdef0",
        "lifecycle": "CREATING",
        "importedFileChunkSize": 1024,
        "creationTime": "Mar 20, 2026 5:43:19 PM",
        **{name: request[name] for name in ("fileSystemId", "fileSystemPath", "dataRepositoryPath")},
    }
    return event("CreateDataRepositoryAssociation", request, {"association": association})


@dataclass
class Context:
    """The context object, as far as it matters here: of a function that was just called."""

    seconds: float = 300.0
    start: float = field(default_factory=time.monotonic)

    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fcsse"

    def get_remaining_time_in_millis(self) -> int:
        """What is left."""
        return int((self.start + self.seconds - time.monotonic()) * 1000)


@dataclass
class Function:
    """The function, deployed."""

    sandbox: Sandbox
    capsys: pytest.CaptureFixture[str]

    def __call__(self, given: Mapping[str, Any], seconds: float = 300.0) -> dict[str, object]:
        # What Lambda hands over and takes back is JSON.
        answer = fcsse.lambda_handler(json.loads(json.dumps(given)), Context(seconds))
        assert json.loads(json.dumps(answer)) == answer
        return answer

    def log(self) -> list[dict[str, Any]]:
        """The log since the last look: each line is JSON on its own."""
        caught = self.capsys.readouterr()
        assert not caught.err
        return [json.loads(line) for line in caught.out.splitlines()]

    @property
    def writes(self) -> list[str]:
        """The calls that changed something."""
        return [one.operation for one in self.sandbox.requests if one.operation.split(":")[1].startswith(("Put", "Cr"))]


@pytest.fixture
def function(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Function:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, value in shell.sandbox.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FCSSE_BACKUP_DIR")  # the command line's
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.setenv("FCSSE_ALLOW", "*")
    monkeypatch.setenv("FCSSE_SETTLE", "0")
    return Function(shell.sandbox, capsys)


def of(log: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    return [line for line in log if line["fcsse"] == what]


NAME = "fcsse"
"""The function's name, and so the session name of its role."""


def deleted(name: str, **request: str) -> dict[str, Any]:
    """DeleteFileCache, DeleteFileSystem or DeleteDataRepositoryAssociation, whose answers repeat the id."""
    return event(name, request, {**request, "lifecycle": "DELETING"})


def recorded(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """The newest call of this name, as CloudTrail recorded it and EventBridge delivers it."""
    newest = next(one for one in reversed(sandbox.state.trail.events) if one.event["eventName"] == name)
    detail = newest.written()
    return {**event(name, {}, None), "source": f"aws.{detail['eventSource'].split('.')[0]}", "detail": detail}


def add_table(sandbox: Sandbox, name: str = "relinks") -> None:
    """The table that counts."""
    sandbox.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
