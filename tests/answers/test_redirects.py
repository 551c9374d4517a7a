"""S3 redirects that lead nowhere: botocore asks HeadBucket for the Region, is redirected, asks HeadBucket, and so on."""

from __future__ import annotations

import pytest

from tests.answers.proxy import Proxy, redirect_without_region
from tests.answers.test_not_aws import ALIAS, CENSUS, CHECK, LINK
from tests.cli.shell import WRITES, Shell


@pytest.mark.parametrize("words", [LINK, CHECK, CENSUS, ALIAS], ids=lambda words: words[0])
def test_a_redirect_that_names_no_region(shell: Shell, proxy: Proxy, words: tuple[str, ...]) -> None:
    for operation in ("s3:GetBucketEncryption", "s3:HeadBucket", "s3:ListObjectsV2"):
        proxy.spoil(operation, redirect_without_region)
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 1, run.words
    assert "bucket data" in run.err
    assert "redirect" in run.err
    for wrong in ("defect", "recursion", "Recursion", "Traceback", "Nothing to do"):
        assert wrong not in run.words
    assert len(proxy.asked) < 100
    assert not WRITES.intersection(run.operations)
