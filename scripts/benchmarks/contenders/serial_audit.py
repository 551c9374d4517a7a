"""What an audit has to ask, asked by plain boto3 one after the other: everything once, nothing twice."""

import boto3

PATH = "/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/"


def main() -> None:
    fsx, iam, s3, kms, sts = (boto3.client(name) for name in ("fsx", "iam", "s3", "kms", "sts"))
    account = sts.get_caller_identity()["Account"]
    roles = [role for page in iam.get_paginator("list_roles").paginate(PathPrefix=PATH) for role in page["Roles"]]
    associations: list[dict] = []
    extra: dict = {"MaxResults": 25}
    while True:
        answer = fsx.describe_data_repository_associations(**extra)
        associations += answer["Associations"]
        if "NextToken" not in answer:
            break
        extra["NextToken"] = answer["NextToken"]
    buckets = dict.fromkeys(one["DataRepositoryPath"].split("/")[2] for one in associations)
    keys: dict[str, None] = {}
    for bucket in buckets:
        answer = s3.get_bucket_encryption(Bucket=bucket)
        rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
        keys[rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]] = None
        s3.get_bucket_encryption(Bucket=bucket, ExpectedBucketOwner=account)
        try:
            s3.get_bucket_policy(Bucket=bucket)
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
    for key in keys:
        kms.describe_key(KeyId=key)
        kms.get_key_policy(KeyId=key, PolicyName="default")
        kms.list_grants(KeyId=key)
    print(len(roles), len(associations), len(buckets), len(keys))


main()
