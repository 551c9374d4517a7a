"""Names as people have them: from a console, from an association, from an ARN."""

from __future__ import annotations

import pytest

from fcsse.arn import bucket_in, cache_in


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fc-0123", "fc-0123"),
        ("arn:aws:fsx:eu-west-1:111122223333:file-cache/fc-0123", "fc-0123"),
        ("arn:aws-cn:fsx:cn-north-1:111122223333:file-system/fs-0abc", "fs-0abc"),
        ("arn:aws:fsx:eu-west-1:111122223333:file-system/fc-0123", None),
        ("arn:aws:fsx:eu-west-1:111122223333:association/fs-0abc/dra-0123", None),
        ("arn:aws:s3:::fc-0123", None),
        ("fc-xyz", None),
        ("", None),
    ],
)
def test_a_cache_is_its_id_or_its_arn(text: str, name: str | None) -> None:
    assert cache_in(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("data", "data"),
        ("s3://data", "data"),
        ("s3://data/", "data"),
        ("s3://data/in/2026/", "data"),
        ("arn:aws:s3:::data", "data"),
        ("arn:aws:s3:::data/in/", None),
        ("data/in/", None),
        ("s3://data--euw1-az1--x-s3/in/", None),
        ("data-x-s3", "data-x-s3"),
        ("s3:///in/", None),
    ],
)
def test_a_bucket_is_its_name_or_where_it_is(text: str, name: str | None) -> None:
    assert bucket_in(text) == name
