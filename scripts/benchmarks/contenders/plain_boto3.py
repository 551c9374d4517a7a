"""Links a cache to its bucket's key with boto3, typer and rich: the same calls as ``by_hand.sh``, one after the other."""

from __future__ import annotations

import json
from typing import Annotated

import boto3
import typer
from rich.console import Console

PATH = "/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/"


def link(cache: Annotated[str, typer.Option()], bucket: Annotated[str, typer.Option()]) -> None:
    console = Console()
    account = boto3.client("sts").get_caller_identity()["Account"]
    fsx = boto3.client("fsx")
    console.print(fsx.describe_file_caches(FileCacheIds=[cache])["FileCaches"][0]["Lifecycle"])
    filters = [{"Name": "file-cache-id", "Values": [cache]}]
    associations = fsx.describe_data_repository_associations(Filters=filters)["Associations"]
    if not any(one["DataRepositoryPath"].startswith(f"s3://{bucket}/") for one in associations):
        raise typer.Exit(1)
    pages = boto3.client("iam").get_paginator("list_roles").paginate(PathPrefix=PATH)
    name = f"AWSServiceRoleForFSxS3Access_{cache}"
    role = next(role["Arn"] for page in pages for role in page["Roles"] if role["RoleName"] == name)
    s3 = boto3.client("s3")
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    region = s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    kms = boto3.client("kms", region_name=region)
    key_id = rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    key = kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    suffix = "" if rule["BucketKeyEnabled"] else "/*"
    policy["Statement"].append(
        {
            "Sid": f"Allow access through S3 for {cache} to {bucket}",
            "Effect": "Allow",
            "Principal": {"AWS": role},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"s3.{region}.amazonaws.com"},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}{suffix}"},
            },
        }
    )
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy, indent=2))
    there = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    console.print("[green]linked[/]" if there == policy else "[red]not linked[/]")


if __name__ == "__main__":
    typer.run(link)
