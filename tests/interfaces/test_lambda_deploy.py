"""The template and the zip of the Lambda function: valid, in step with the program, and working where it is deployed."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import fcsse
from fcsse.lambda_function.call_events import SERVICES
from fcsse.lambda_function.link_rules import DEFAULT_LIMIT, DEFAULT_TAG, LinkRules
from tests.cfn_lint import parsed, problems
from tests.interfaces.deployed_function import (
    ACCOUNT,
    REGION,
    Function,
    add_table,
    cache_created,
    deleted,
    event,
    function,
    of,
    recorded,
)

__all__ = ["function"]

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "scripts" / "deploy" / "template.yaml"
TEXT = FILE.read_text(encoding="utf-8")


@cache
def template() -> dict[str, Any]:
    """The template as JSON has it."""
    found: dict[str, Any] = json.loads(json.dumps(parsed(TEXT)))
    return found


def resources() -> dict[str, Any]:
    """Its resources by their names."""
    found: dict[str, Any] = template()["Resources"]
    return found


def resolved(value: Any) -> Any:
    """What CloudFormation makes of the role's policy where no parameter is set."""
    match value:
        case {"Fn::Sub": str(text)}:
            return text.replace("${AWS::Partition}", "aws").replace("${AWS::AccountId}", ACCOUNT)
        case {"Fn::If": ["EveryKey", every, _]}:
            return resolved(every)
        case {"Fn::GetAtt": ["Relinks", "Arn"]} | {"Fn::GetAtt": "Relinks.Arn"}:
            return f"arn:aws:dynamodb:*:{ACCOUNT}:table/fcsse-relinks"
        case dict():
            return {name: resolved(one) for name, one in value.items()}
        case list():
            return [resolved(one) for one in value]
        case _:
            return value


def role_policy() -> dict[str, Any]:
    (policy,) = [one for one in resources()["Role"]["Properties"]["Policies"] if one["PolicyName"] == "fcsse"]
    return resolved(policy["PolicyDocument"])  # type: ignore[no-any-return]


def test_cfn_lint_finds_nothing() -> None:
    assert problems(TEXT) == []
    assert problems(TEXT.replace("BillingMode: PAY_PER_REQUEST", "BillingMode: FREE"))


def test_the_schema_of_sam_validate_accepts_it() -> None:
    from samtranslator.validator.validator import SamTemplateValidator  # takes a second, in each process that collects

    assert not list(SamTemplateValidator.validate(template()) or [])
    assert SamTemplateValidator.validate({**template(), "Resources": []})


def test_the_role_may_do_what_fcsse_permissions_prints_and_no_more() -> None:
    assert role_policy() == fcsse.permissions("lambda", account=ACCOUNT).policy()
    others = [one for one in resources()["Role"]["Properties"]["Policies"] if one["PolicyName"] != "fcsse"]
    actions = [statement["Action"] for one in others for statement in one["PolicyDocument"]["Statement"]]
    assert actions == [["logs:CreateLogStream", "logs:PutLogEvents"], "sqs:SendMessage"]


def test_the_rule_selects_the_successful_calls_that_the_function_knows() -> None:
    pattern = resources()["Rule"]["Properties"]["EventPattern"]
    detail = pattern["detail"]
    assert set(detail["eventName"]) == set(SERVICES)
    assert set(detail["eventSource"]) == set(SERVICES.values())
    assert {f"{source.removeprefix('aws.')}.amazonaws.com" for source in pattern["source"]} == set(SERVICES.values())
    assert detail["errorCode"] == [{"exists": False}]
    assert detail.keys() == {"eventSource", "eventName", "errorCode"}, "no other member selects successes"


def test_the_functions_settings_are_those_that_it_reads() -> None:
    found = resources()["Function"]["Properties"]["Environment"]["Variables"]
    names = {value["Ref"]: name for name, value in found.items()}
    defaults = {name: template()["Parameters"][ref]["Default"] for ref, name in names.items() if ref != "Relinks"}
    table = next(name for name, value in found.items() if value == {"Ref": "Relinks"})
    rules = LinkRules.from_environment({**{name: str(one) for name, one in defaults.items()}, table: "relinks"})
    assert rules == LinkRules(tag=tuple(DEFAULT_TAG.split("=")), relinks=DEFAULT_LIMIT, table="relinks")  # type: ignore[arg-type]
    handler = resources()["Function"]["Properties"]["Handler"].rpartition(".")
    assert callable(getattr(__import__(handler[0]), handler[2]))
    assert resources()["FailedMetric"]["Properties"]["FilterPattern"] == '{ $.fcsse = "failed" }'


STACK = """
import io, json, sys, zipfile
import boto3
from moto import mock_aws
text, without = json.load(sys.stdin)
mock_aws().start()
s3 = boto3.client("s3")
s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
for name in ("fcsse.zip", "next.zip"):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name.replace("zip", "py"), "")
    s3.put_object(Bucket="code", Key=name, Body=held.getvalue())
stacks = boto3.client("cloudformation")
def given(template=text, **values):
    return {"StackName": "fcsse", "TemplateBody": template, "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]}
stacks.create_stack(**given(CodeBucket="code", CodeKey="fcsse.zip", Allow="data"))
stack = stacks.describe_stacks(StackName="fcsse")["Stacks"][0]
made = boto3.client("lambda").get_function(FunctionName="fcsse")["Configuration"]
table = made["Environment"]["Variables"]["FCSSE_RELINK_TABLE"]
role = made["Role"].rpartition("/")[2]
iam = boto3.client("iam")
found = {"made": {
    "status": stack["StackStatus"],
    "function": made,
    "keys": boto3.client("dynamodb").describe_table(TableName=table)["Table"]["KeySchema"],
    "policy": iam.get_role_policy(RoleName=role, PolicyName="fcsse")["PolicyDocument"],
    "targets": boto3.client("events").list_targets_by_rule(Rule=boto3.client("events").list_rules()["Rules"][0]["Name"])["Targets"],
}}
def held():
    names = {
        "functions": [one["FunctionName"] for one in boto3.client("lambda").list_functions()["Functions"]],
        "rules": [one["Name"] for one in boto3.client("events").list_rules()["Rules"]],
        "tables": boto3.client("dynamodb").list_tables()["TableNames"],
        "queues": boto3.client("sqs").list_queues().get("QueueUrls", []),
        "roles": [one["RoleName"] for one in boto3.client("iam").list_roles()["Roles"]],
        "logs": [one["logGroupName"] for one in boto3.client("logs").describe_log_groups()["logGroups"]],
    }
    function = boto3.client("lambda").get_function(FunctionName="fcsse")["Configuration"] if names["functions"] else None
    return {**names, "function": function}
table = held()["tables"][0]
boto3.client("dynamodb").put_item(TableName=table, Item={"id": {"S": "counted"}})
found["created"] = held()
stacks.update_stack(**given(CodeBucket="code", CodeKey="next.zip", Allow="data,other", RelinksPerDay="2"))
found["status"] = stacks.describe_stacks(StackName="fcsse")["Stacks"][0]["StackStatus"]
found["counted"] = boto3.client("dynamodb").scan(TableName=table)["Items"]
found["updated"] = held()
stacks.delete_stack(StackName="fcsse")
found["deleted"] = held()
for name in found["deleted"]["logs"]:
    boto3.client("logs").delete_log_group(logGroupName=name)
stacks.create_stack(**given(without, CodeBucket="code", CodeKey="fcsse.zip", Allow="data"))
stacks.delete_stack(StackName="fcsse")
found["deleted without"] = held()
print(json.dumps(found, default=str))
"""
"""A stack is created, updated and deleted; then, with no log left, created and deleted without its log's retention."""


@cache
def in_simulated_cloudformation() -> dict[str, Any]:
    """What the program finds.

    In a process of its own: moto's state is the process's, and the sandbox has that here.
    """
    settings = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FCSSE_"))},
        "AWS_ACCESS_KEY_ID": "simulated",
        "AWS_SECRET_ACCESS_KEY": "simulated",
        "AWS_DEFAULT_REGION": REGION,
    }
    without = TEXT.replace("DeletionPolicy: Retain", "DeletionPolicy: Delete")
    assert without != TEXT
    given = json.dumps([TEXT, without])
    run = subprocess.run([sys.executable, "-c", STACK], input=given, capture_output=True, text=True, env=settings)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.usefixtures("no_waiting")
def test_a_simulated_cloudformation_makes_the_stack(function: Function) -> None:
    made = in_simulated_cloudformation()["made"]
    assert made["status"] == "CREATE_COMPLETE"
    variables = made["function"]["Environment"]["Variables"]
    assert made["function"]["Handler"] == "fcsse.lambda_handler"
    assert made["keys"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert made["targets"][0]["Arn"] == made["function"]["FunctionArn"]

    # The same function with what the stack gave it, its settings, role and table, against the sandbox.
    sandbox = function.sandbox
    sandbox.switches.lookups_per_second = 0  # two a second in the real time that nothing here waits for
    # moto keeps a role's inline policies of a stack as Python writes a dict.
    text = made["policy"] if isinstance(made["policy"], str) else repr(made["policy"])
    policy = ast.literal_eval(text.replace("123456789012", ACCOUNT))
    add_table(sandbox, variables["FCSSE_RELINK_TABLE"])
    credentials = sandbox.add_user("function", policy)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**sandbox.env(credentials=credentials), **variables}.items():
            patch.setenv(name, str(value))
        sandbox.add_cache("fc-0aaa0aaa", ["data"])
        assert function(cache_created("fc-0aaa0aaa", "data"))["changed"] is True
        assert sandbox.cache("fc-0aaa0aaa").read("data", "hello.txt").allowed
        root = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [root]})
        sandbox.age_events(3600)  # CloudTrail tells no order within a second
        sandbox.client("kms").put_key_policy(KeyId=sandbox.key("data").arn, Policy=document)
        put = recorded(sandbox, "PutKeyPolicy")
        sandbox.age_events(3600)
        assert function(put)["changed"] is True
        sandbox.age_events(3600)
        assert function(deleted("DeleteFileCache", fileCacheId="fc-0aaa0aaa"))["changed"] is True
        changed = event("PutBucketEncryption", {"bucketName": "data"}, None)
        changed["detail"]["eventSource"] = "s3.amazonaws.com"
        assert function(changed)["result"] == "linked"
        log = function.log()
        assert not of(log, "failed")
        assert len(of(log, "settled")) == 4


def test_an_updated_stack_keeps_what_it_counted_and_takes_the_new_code_and_settings() -> None:
    found = in_simulated_cloudformation()
    created, updated = found["created"], found["updated"]
    assert found["status"] == "UPDATE_COMPLETE"
    assert found["counted"] == [{"id": {"S": "counted"}}], "a new table would forget today's re-links"
    for name in ("functions", "rules", "tables", "queues", "logs"):
        assert len(created[name]) == 1
        assert updated[name] == created[name], name
    before, after = (one["function"]["Environment"]["Variables"] for one in (created, updated))
    assert (before["FCSSE_ALLOW"], after["FCSSE_ALLOW"]) == ("data", "data,other")
    assert int(after["FCSSE_RELINKS_PER_DAY"]) == 2
    assert before["FCSSE_RELINK_TABLE"] == after["FCSSE_RELINK_TABLE"]
    assert created["function"]["CodeSha256"] != updated["function"]["CodeSha256"]


def test_a_deleted_stack_leaves_the_log_and_nothing_else() -> None:
    found = in_simulated_cloudformation()
    left = dict(found["deleted"])
    assert len(left.pop("logs")) == 1, "what the function did is still to be read"
    assert not any(left.values()), left
    assert found["deleted without"]["logs"] == []


@pytest.fixture(scope="module")
def lambda_zip() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lambda_zip", ROOT / "scripts" / "lambda_zip.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_zip_leaves_out_what_the_function_never_imports(lambda_zip: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "packed"
    names = [
        "fcsse/aws_lambda.py",
        "fcsse/cli/main.py",
        "fcsse/sandbox/server.py",
        "botocore/data/endpoints.json",
        "botocore/data/kms/2014-11-01/service-2.json.gz",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "rich/table.py",
        "rich-14.0.dist-info/METADATA",
        "markdown_it_py-4.0.dist-info/METADATA",
        "fcsse/__pycache__/x.pyc",
    ]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    digests = []
    for number in range(2):
        target = tmp_path / f"{number}.zip"
        lambda_zip.main(folder, target)
        digests.append(target.with_suffix(".sha256").read_text(encoding="ascii"))
    assert digests[0] == digests[1]
    with zipfile.ZipFile(tmp_path / "0.zip") as archive:
        assert archive.namelist() == [
            "botocore/data/endpoints.json",
            "botocore/data/kms/2014-11-01/service-2.json.gz",
            "fcsse/__pycache__/x.pyc",
            "fcsse/aws_lambda.py",
        ]


def test_an_interrupted_build_leaves_no_hash_of_the_zip_before(
    lambda_zip: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new zip was deployed under the name of the old one: CloudFormation saw no change, and the old code went on."""
    folder, target = tmp_path / "packed", tmp_path / "fcsse.zip"
    (folder / "fcsse").mkdir(parents=True)
    (folder / "fcsse" / "aws_lambda.py").write_text("old", encoding="utf-8")
    lambda_zip.main(folder, target)

    def interrupted(_: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lambda_zip.hashlib, "sha256", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lambda_zip.main(folder, target)
    assert not target.with_suffix(".sha256").exists()


def test_what_the_function_calls_is_in_the_zip(lambda_zip: ModuleType) -> None:
    actions = [one.action for one in fcsse.permissions("lambda").permissions]
    assert {action.split(":")[0] for action in actions} | {"sts"} == lambda_zip.SERVICES


def test_the_function_imports_nothing_that_the_zip_leaves_out(lambda_zip: ModuleType) -> None:
    program = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {set(lambda_zip.LEFT_OUT)!r} or name in ("fcsse.cli", "fcsse.sandbox"):
            raise ImportError(name)
sys.meta_path.insert(0, Missing())
import json, fcsse
event = {json.dumps(cache_created("fc-0123", "data"))!r}
print(fcsse.lambda_handler(json.loads(event)))
"""
    settings = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    settings |= {"AWS_MAX_ATTEMPTS": "1", "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=settings)
    # Nothing listens there: it got as far as asking AWS.
    assert '"fcsse": "failed"' in run.stdout, run.stderr
    assert "ImportError" not in run.stderr
    assert "ModuleNotFoundError" not in run.stderr


def test_deploying_uploads_the_zip_by_its_hash_and_passes_parameters_on(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "scripts" / "deploy").mkdir(parents=True)
    script = copy / "scripts" / "deploy-lambda"
    script.write_bytes((ROOT / "scripts" / "deploy-lambda").read_bytes())
    program = tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s|" "$word"; done\necho\n', encoding="utf-8")
    program.chmod(0o755)
    settings = {"PATH": f"{program.parent}:{os.environ['PATH']}", "FCSSE_STACK": "links"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", str(script), *words], capture_output=True, text=True, env=settings)

    assert run().returncode == 2
    unbuilt = run("code")
    assert unbuilt.returncode == 1
    assert "scripts/package-lambda" in unbuilt.stderr
    (copy / "build" / "lambda").mkdir(parents=True)
    (copy / "build" / "lambda" / "fcsse.zip").write_bytes(b"zip")
    (copy / "build" / "lambda" / "fcsse.sha256").write_text("0abc\n", encoding="ascii")
    (copy / "build" / "lambda" / "fcsse.runtime").write_text("python3.12\n", encoding="ascii")
    assert run("s3://code/").stdout.splitlines()[0].endswith("|s3://code/fcsse/lambda-0abc.zip|")
    done = run("code", "AlarmTopicArn=arn:aws:sns:eu-west-1:111122223333:alarms", "Allow=a,b c")
    assert done.returncode == 0, done.stderr
    upload, deploy = done.stdout.splitlines()
    assert upload.endswith("fcsse.zip|s3://code/fcsse/lambda-0abc.zip|")
    assert "|--stack-name|links|" in deploy
    assert "|CodeBucket=code|CodeKey=fcsse/lambda-0abc.zip|Runtime=python3.12|" in deploy
    assert deploy.endswith("|AlarmTopicArn=arn:aws:sns:eu-west-1:111122223333:alarms|Allow=a,b c|")
    for words in (("code", "--profile", "prod"), ("code", "Allow=a", "prod"), ("code/prefix",)):
        refused = run(*words)
        assert (refused.returncode, refused.stdout) == (2, ""), "nothing is uploaded with other settings, or elsewhere"
