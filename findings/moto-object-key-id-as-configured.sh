#!/bin/sh
# Tool: moto
# Version: 5.2.5
# Behaviour: the SSEKMSKeyId that PutObject and HeadObject give for a bucket with default encryption is the text of the
#   bucket's rule: the ARN where the rule has one, the bare id or the alias where it has that, nothing where it names no key
#   (aws/s3). With DSSE-KMS there is none either, though the rule has the ARN; only CompleteMultipartUpload has it.
# Why it surprises: to S3 it is the key's ARN in every one of these, whatever the rule says, and the ARN is what a reader of
#   objects compares with the key that it knows. A test with an id or alias in the rule therefore finds that no object
#   uses the key, and one with DSSE-KMS that two answers about one object disagree.
# Date: 2026-11-29
# Source: S3 user guide, "Using server-side encryption with AWS KMS keys" (keys by id, alias or ARN, aws/s3 by default) and
#   on DSSE-KMS; S3 API reference, HeadObject; moto.s3.models, FakeKey.response_dict
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check boto3==1.44.5 botocore==1.44.5 "moto[s3,kms]==5.2.5"
# No setting or credential of this machine has a part in it.
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_KMS 2>/dev/null || :
"$work/venv/bin/python" - <<'EOF'
import os
import sys
from importlib.metadata import version

import boto3
from moto import mock_aws

# The rule of the bucket, and the key's id in PutObject, HeadObject and CompleteMultipartUpload.
EXPECTED = {
    "aws:kms, ARN": ("ARN", "ARN", "ARN"),
    "aws:kms, id": ("id", "id", "id"),
    "aws:kms, alias": ("alias", "alias", "alias"),
    "aws:kms, no key": ("none", "none", "none"),
    "aws:kms:dsse, ARN": ("none", "none", "ARN"),
}

os.environ.update(AWS_ACCESS_KEY_ID="example", AWS_SECRET_ACCESS_KEY="example")
print(f"moto {version('moto')}, botocore {version('botocore')}")
seen = {}
with mock_aws():
    kms, s3 = (boto3.client(service, "us-east-1") for service in ("kms", "s3"))
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/example", TargetKeyId=key["KeyId"])
    names = {"ARN": key["Arn"], "id": key["KeyId"], "alias": "alias/example"}
    s3.create_bucket(Bucket="data")
    for rule in EXPECTED:
        algorithm, _, how = rule.partition(", ")
        default = {"SSEAlgorithm": algorithm}
        if how in names:
            default["KMSMasterKeyID"] = names[how]
        s3.put_bucket_encryption(
            Bucket="data",
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
        )
        put = s3.put_object(Bucket="data", Key="example", Body=b"x")
        head = s3.head_object(Bucket="data", Key="example")
        begun = s3.create_multipart_upload(Bucket="data", Key="parts")
        upload = {name: begun[name] for name in ("Bucket", "Key", "UploadId")}
        part = s3.upload_part(PartNumber=1, Body=b"x", **upload)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        done = s3.complete_multipart_upload(MultipartUpload=parts, **upload)
        given = [answer.get("SSEKMSKeyId", "none") for answer in (put, head, done)]
        seen[rule] = tuple(next((name for name, value in names.items() if value == id), id) for id in given)
for rule, found in seen.items():
    print(f"{rule}: {found}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
