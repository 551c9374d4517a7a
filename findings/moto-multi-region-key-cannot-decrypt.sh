#!/bin/sh
# Tool: moto
# Version: 5.2.5
# Behaviour: what Encrypt, GenerateDataKey or ReEncrypt returns for a multi-Region key, Decrypt refuses right after, with
#   AccessDeniedException and an empty message. The same calls with a key of one Region give the plaintext back.
# Why it surprises: create_key(MultiRegion=True), its mrk- id and replicate_key all work, and the error is the one of a
#   policy that does not allow it, so one looks for the mistake in the key policy. moto keeps 36 characters of the key's
#   id in front of the ciphertext, and an id that begins with mrk- is longer; the key that it looks for is nobody's.
# Date: 2026-11-29
# Source: KMS developer guide, "Multi-Region keys in AWS KMS" (encrypt and decrypt as with any key); moto.kms.utils,
#   KEY_ID_LEN and generate_key_id
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check boto3==1.44.5 botocore==1.44.5 "moto[kms]==5.2.5"
# No setting or credential of this machine has a part in it.
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_KMS 2>/dev/null || :
"$work/venv/bin/python" - <<'EOF'
import os
import sys
from importlib.metadata import version

import boto3
from moto import mock_aws

EXPECTED = {
    "one Region": {"Encrypt": "decrypted", "GenerateDataKey": "decrypted", "ReEncrypt": "decrypted"},
    "multi-Region": {
        "Encrypt": "AccessDeniedException",
        "GenerateDataKey": "AccessDeniedException",
        "ReEncrypt": "AccessDeniedException",
    },
}

os.environ.update(AWS_ACCESS_KEY_ID="example", AWS_SECRET_ACCESS_KEY="example")


def decrypted(kms, ciphertext: bytes) -> str:
    try:
        kms.decrypt(CiphertextBlob=ciphertext)
    except kms.exceptions.ClientError as error:
        print(f"Decrypt: {error}")
        return error.response["Error"]["Code"]
    return "decrypted"


print(f"moto {version('moto')}, botocore {version('botocore')}")
seen = {}
with mock_aws():
    kms = boto3.client("kms", "eu-west-1")
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    for kind, options in (("one Region", {}), ("multi-Region", {"MultiRegion": True})):
        key = kms.create_key(**options)["KeyMetadata"]["KeyId"]
        print(f"{kind}: {key}")
        elsewhere = kms.encrypt(KeyId=other, Plaintext=b"example")["CiphertextBlob"]
        ciphertexts = {
            "Encrypt": kms.encrypt(KeyId=key, Plaintext=b"example"),
            "GenerateDataKey": kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
            "ReEncrypt": kms.re_encrypt(CiphertextBlob=elsewhere, DestinationKeyId=key),
        }
        seen[kind] = {call: decrypted(kms, answer["CiphertextBlob"]) for call, answer in ciphertexts.items()}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
