#!/bin/sh
# Tool: smart_open, with boto3
# Version: smart_open 9.0.2, boto3 1.44.5; S3 is moto 5.2.5
# Behaviour: with client_kwargs for create_multipart_upload, as the README has it, an object of one byte is written with the
#   KMS key that they name. An object to which nothing was written is there too, and written without them, so by whatever
#   the bucket's default is. The same kwargs for put_object beside them give it the key.
# Why it surprises: which request is sent is the writer's choice at the end, by how much was written, and only the caller
#   who knows both names covers both. A marker file or an empty partition is the one object of a folder that another
#   key (or none) is needed for, or the one that a bucket policy refuses that asks for the key's header.
# Date: 2026-11-29
# Source: smart_open's README and howto on passing parameters to boto3; smart_open.s3.MultipartWriter.close
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check "smart_open[s3]==9.0.2" \
    boto3==1.44.5 botocore==1.44.5 "moto[s3,kms]==5.2.5"
# No setting or credential of this machine has a part in it.
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_KMS 2>/dev/null || :
"$work/venv/bin/python" - <<'EOF'
import os
import sys
from importlib.metadata import version

import boto3
import smart_open
from moto import mock_aws

EXPECTED = {
    "multipart, one byte": ("key", ["CreateMultipartUpload", "CompleteMultipartUpload"]),
    "multipart, nothing": ("none", ["CreateMultipartUpload", "AbortMultipartUpload", "PutObject"]),
    "both, nothing": ("key", ["CreateMultipartUpload", "AbortMultipartUpload", "PutObject"]),
}

os.environ.update(AWS_ACCESS_KEY_ID="example", AWS_SECRET_ACCESS_KEY="example")
print(f"smart_open {version('smart_open')}, boto3 {version('boto3')}, moto {version('moto')}")
seen = {}
with mock_aws():
    kms, s3 = (boto3.client(service, "us-east-1") for service in ("kms", "s3"))
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="data")
    calls = []
    s3.meta.events.register("before-call.s3", lambda model, **_: calls.append(model.name))
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    multipart = {"S3.Client.create_multipart_upload": encryption}
    both = multipart | {"S3.Client.put_object": encryption}
    for name, kwargs, body in zip(EXPECTED, (multipart, multipart, both), (b"x", b"", b"")):
        calls.clear()
        parameters = {"client": s3, "client_kwargs": kwargs}
        with smart_open.open("s3://data/example", "wb", transport_params=parameters) as out:
            out.write(body)
        made = [call for call in calls if call != "UploadPart"]
        used = s3.head_object(Bucket="data", Key="example").get("SSEKMSKeyId")
        seen[name] = ("key" if used == key else "none", made)
for name, found in seen.items():
    print(f"{name}: {found}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
