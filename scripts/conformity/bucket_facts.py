"""Recorded facts on S3: default encryption, objects, bucket policies, Regions."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from scripts.conformity.fact_bench import NOBODY, OTHER, OWN, holds, same

if TYPE_CHECKING:
    from scripts.conformity.fact_bench import Bench
    from scripts.conformity.recorded_facts import Fact

_NONE = "no-such-bucket-here"


def _rule(bench: Bench, bucket: str) -> dict[str, Any]:
    rules: list[dict[str, Any]] = bench.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    same(len(rules), 1, "rules")
    return rules[0]


def s01(bench: Bench, _: Fact) -> None:
    wanted = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    same(_rule(bench, bench.bucket()), wanted)


def s02(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket()
    for _again in range(2):
        answer = bench.s3.delete_bucket_encryption(Bucket=bucket)
        same(answer["ResponseMetadata"]["HTTPStatusCode"], 204)


def s03(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.s3.get_bucket_encryption, Bucket=_NONE)


def _put_rules(bench: Bench, fact: Fact, count: int) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    configuration = {"Rules": [rule] * count}
    bucket = bench.bucket()
    bench.refuses(fact, bench.s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=configuration)
    _rule(bench, bucket)


def s04(bench: Bench, fact: Fact) -> None:
    _put_rules(bench, fact, 0)


def s05(bench: Bench, fact: Fact) -> None:
    _put_rules(bench, fact, 2)


def s07(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket()
    bench.sse(bucket, "aws:kms", keys=True)
    wanted = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    same(_rule(bench, bucket), wanted)


def s08(bench: Bench, _: Fact) -> None:
    bucket, key = bench.bucket(), bench.key()
    bench.sse(bucket, "aws:kms", key.rpartition("/")[2])
    same(_rule(bench, bucket)["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"], key.rpartition("/")[2])


def s09(bench: Bench, _: Fact) -> None:
    bucket, key = bench.bucket(), bench.key()
    bench.sse(bucket, "aws:kms", key.rpartition("/")[2], keys=True)
    for answer in (
        bench.s3.put_object(Bucket=bucket, Key="k", Body=b"x"),
        bench.s3.head_object(Bucket=bucket, Key="k"),
    ):
        same((answer["SSEKMSKeyId"], answer["BucketKeyEnabled"]), (key, True))


def s11(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket()
    bench.sse(bucket, "aws:kms", bench.key(), keys=True)
    answer = bench.s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    managed = bench.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
    same((answer["BucketKeyEnabled"], answer["SSEKMSKeyId"]), (True, managed))


def s12(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket()
    bench.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    bench.sse(bucket, "aws:kms", bench.key())
    same(bench.s3.get_object(Bucket=bucket, Key="k")["ServerSideEncryption"], "AES256")


def s14(bench: Bench, fact: Fact) -> None:
    given = {"Bucket": bench.bucket(), "Key": "k", "Body": b"x", "ServerSideEncryption": "aws:kms"}
    for key in (NOBODY, bench.arn()):
        bench.refuses(fact, bench.s3.put_object, {"arn": bench.arn()}, SSEKMSKeyId=key, **given)


def _written(bench: Bench) -> tuple[str, str]:
    bucket, key = bench.bucket(), bench.key()
    bench.sse(bucket, "aws:kms", key)
    bench.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    return bucket, key


def s16(bench: Bench, fact: Fact) -> None:
    bucket, key = _written(bench)
    bench.kms.disable_key(KeyId=key)
    bench.refuses(fact, bench.s3.get_object, {"key arn": key}, Bucket=bucket, Key="k")
    bench.refuses(fact, bench.s3.put_object, {"key arn": key}, Bucket=bucket, Key="l", Body=b"x")


def s17(bench: Bench, fact: Fact) -> None:
    bucket, key = _written(bench)
    bench.kms.schedule_key_deletion(KeyId=key)
    bench.refuses(fact, bench.s3.get_object, {"key arn": key}, Bucket=bucket, Key="k")


def s18(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket()
    answer = bench.s3.head_bucket(Bucket=bucket)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    arn = f"arn:aws:s3:::{bucket}"
    same((headers["x-amz-bucket-region"], headers["x-amz-bucket-arn"]), ("eu-west-1", arn))
    found = {name: answer.get(name) for name in ("BucketRegion", "BucketArn", "AccessPointAlias")}
    same(found, {"BucketRegion": "eu-west-1", "BucketArn": arn, "AccessPointAlias": False})


def s19(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.s3.head_bucket, Bucket=_NONE)


def s20(bench: Bench, _: Fact) -> None:
    for name, region, wanted in (("bucket-us", "us-east-1", None), ("bucket-eu", "eu-west-1", "eu-west-1")):
        bench.bucket(name, region)
        same(bench.s3.get_bucket_location(Bucket=name)["LocationConstraint"], wanted)


def s21(bench: Bench, fact: Fact) -> None:
    bench.refuses(fact, bench.s3.get_bucket_policy, Bucket=bench.bucket())


_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::%s"}]}'


def s22(bench: Bench, fact: Fact) -> None:
    bucket = bench.bucket()
    bench.s3.put_bucket_policy(Bucket=bucket, Policy=_POLICY % bucket)
    bench.refuses(fact, bench.s3.get_bucket_policy, Bucket=bucket, ExpectedBucketOwner=OTHER)


def s24(bench: Bench, fact: Fact) -> None:
    bucket = bench.bucket()
    for text in ("nonsense", "[]", " {}", ""):
        bench.refuses(fact, bench.s3.put_bucket_policy, Bucket=bucket, Policy=text)
        bench.s3.list_objects_v2(Bucket=bucket)  # nothing of it was kept


def s26(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket("bucket-west", "us-west-2")
    east = bench.client("s3", region="us-east-1")
    east.get_bucket_encryption(Bucket=bucket)
    east.list_objects_v2(Bucket=bucket)
    same(east.head_bucket(Bucket=bucket)["BucketRegion"], "us-west-2")


def s27(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket("bucket-west", "us-west-2")
    for region, status in (("us-east-1", 301), ("us-west-2", 200)):
        scope = f"{bench.sandbox.credentials().access_key}/20260101/{region}/s3/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, x"}
        request = urllib.request.Request(f"{bench.sandbox.url}/{bucket}", headers=headers, method="HEAD")
        try:
            answer: Any = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Still).open(request)
        except urllib.error.HTTPError as error:
            answer = error
        same((answer.status, answer.headers["x-amz-bucket-region"]), (status, "us-west-2"))


class _Still(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(self, *_: Any) -> None:
        """Answer none."""


def s28(bench: Bench, fact: Fact) -> None:
    bench.sandbox.add_bucket("bucket-old", configured=False)
    bench.refuses(fact, bench.s3.get_bucket_encryption, Bucket="bucket-old")


def s29(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket()
    bench.s3.put_bucket_policy(Bucket=bucket, Policy=_POLICY % bucket)
    answer = bench.s3.get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=OWN)
    same((answer["ResponseMetadata"]["HTTPStatusCode"], answer["Policy"]), (200, _POLICY % bucket))


def s30(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket()
    (entry,) = bench.s3.list_buckets()["Buckets"]
    holds({"Name", "CreationDate"} <= set(entry), f"members {sorted(entry)}")
    same((entry["BucketRegion"], entry["BucketArn"]), ("eu-west-1", f"arn:aws:s3:::{bucket}"))


FACTS = {name: check for name, check in globals().items() if re.fullmatch(r"[a-z]\d\d", name)}
