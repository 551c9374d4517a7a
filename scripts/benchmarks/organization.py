"""A whole simulated organization: each account as in ``account``, with its own ids, behind one endpoint.

Who asks is told by the access key in the signature: a role's key carries its account's number.
"""

from __future__ import annotations

import json
from functools import cached_property
from urllib.parse import parse_qs

from benchmarks.account import Account, _query
from benchmarks.answers import ACCOUNT, Answer

_JSON = {"content-type": "application/x-amz-json-1.1"}
_XML = {"content-type": "text/xml"}


class Organization:
    """``accounts`` accounts of ``pairs`` pairs each; read only. The first is the caller's own."""

    def __init__(self, accounts: int, pairs: int = 1000, buckets: int = 200, keys: int = 20) -> None:
        self.accounts = accounts
        self._account = Account(pairs=pairs, buckets=buckets, keys=keys)

    @cached_property
    def ids(self) -> list[str]:
        return [f"{int(ACCOUNT) + number}" for number in range(self.accounts)]

    def _at(
        self, number: int, method: str, target: str, headers: dict[bytes, bytes], body: bytes
    ) -> tuple[str, Answer]:
        """The first account's answer, with the ids of another."""
        plain = _own(body.decode(), self.ids[number], number).encode()
        path = _own(target, self.ids[number], number)
        operation, (status, extra, content) = self._account.answer(method, path, headers, plain)
        return operation, (status, extra, _theirs(content.decode(), self.ids[number], number).encode())

    def answer(self, method: str, target: str, headers: dict[bytes, bytes], body: bytes) -> tuple[str, Answer]:
        amz = headers.get(b"x-amz-target", b"").decode()
        if amz.endswith(".ListAccounts"):
            return "ListAccounts", (200, _JSON, json.dumps(self._list(json.loads(body or b"{}"))).encode())
        number = _number(headers.get(b"authorization", b"").decode())
        if method == "POST" and not amz and b"Action=AssumeRole" in body:
            role = parse_qs(body.decode())["RoleArn"][0]
            return "AssumeRole", (200, _XML, _assumed(self.ids.index(role.split(":")[4])))
        if method == "GET" and target.split("?")[0] == "/":
            names = "".join(
                f"<Bucket><Name>bucket-{number}-{one}</Name></Bucket>" for one in range(self._account.buckets)
            )
            text = f'<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets>{names}</Buckets></ListAllMyBucketsResult>'
            return "ListBuckets", (200, {**_XML, "x-amz-request-id": "0"}, text.encode())
        return self._at(number, method, target, headers, body)

    def _list(self, given: dict[str, object]) -> dict[str, object]:
        start = int(str(given.get("NextToken", "0")))
        page = [{"Id": one, "Name": f"n{one}", "Status": "ACTIVE"} for one in self.ids[start : start + 20]]
        return {"Accounts": page, **({"NextToken": str(start + 20)} if start + 20 < len(self.ids) else {})}


def _number(authorization: str) -> int:
    """Which account's credentials signed the request; the caller's own count as the first's."""
    key = authorization.partition("Credential=")[2].partition("/")[0]
    return int(key.removeprefix("ASIA")) if key.startswith("ASIA") else 0


def _theirs(text: str, account: str, number: int) -> str:
    """The first account's text as another one's."""
    cache = f"fc-{number:05x}"
    text = text.replace(ACCOUNT, account).replace("fc-00000", cache).replace("bucket-", f"bucket-{number}-")
    return text.replace("key/00000000", f"key/{number:08x}")


def _own(text: str, account: str, number: int) -> str:
    text = text.replace(account, ACCOUNT).replace(f"fc-{number:05x}", "fc-00000")
    return text.replace(f"bucket-{number}-", "bucket-").replace(f"key/{number:08x}", "key/00000000")


def _assumed(number: int) -> bytes:
    return _query(
        "AssumeRole",
        f"<Credentials><AccessKeyId>ASIA{number:016d}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
        "<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>",
    )
