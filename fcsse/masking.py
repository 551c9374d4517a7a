"""Hides secrets in text that is about to be shown. ``mask`` and ``mask_url`` are pure.

AWS's refusals may repeat the request with its session token ("The Canonical String for this request should have been"),
URLs may hold a user's name and password, presigned URLs a signature, and what a ``credential_process`` writes to stderr
may hold anything. Errors are masked when they are made (``fcsse.errors``), tracebacks and stderr when they are written.

What stays: ARNs, account and key ids, access key ids (which AWS calls no secret), digests, grant ids, names, commands.

Sources: IAM user guide, "Create a signed AWS API request" and "Troubleshooting Signature Version 4"; S3 user guide,
"Error responses" (StringToSign, CanonicalRequest, SignatureProvided); S3 API reference, "Authenticating requests: using query
parameters"; STS API reference, ``Credentials``; IAM user guide, "IAM identifiers" (AKIA, ASIA).
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from urllib.parse import quote, unquote

from fcsse.masking_rules import HIDDEN, rules

_PROCESS_OWN = ("Version ", "Missing required key")
"""How botocore's own words on a ``credential_process`` begin (``ProcessProvider``): they repeat nothing secret."""

_WORD = re.compile(
    r"(?<![A-Za-z0-9+/%_-])(?<![A-Za-z0-9]\.)(?:[A-Za-z0-9+/]|%2[BFbf]){40}(?=/\d{8}/[a-z0-9-]{1,30}/|(?![A-Za-z0-9+/=%_-]|[.:][A-Za-z0-9]))"
    r"|(?<=%3[Dd])(?:[A-Za-z0-9]|%2[BFbf]){40}(?![A-Za-z0-9+/=_-])"
)
"""A word that has a secret access key's length and characters, which may stand encoded as in a URL, or in place of the access
key's id before a date and a Region ("keyid/date/region/service/term").
"""

_PROCESS = re.compile(r"(from custom-process: )(?!\[hidden\])(.+)", re.DOTALL)


def _mask_word(found: re.Match[str]) -> str:
    """A secret access key mixes cases and digits; a hash is in one case, a path has words between its slashes."""
    word = _ENCODED.sub(_decoded, found[0])
    mixed = any(c.islower() for c in word) and any(c.isupper() for c in word) and any(c.isdigit() for c in word)
    return HIDDEN if mixed and _changes(word) > LEAST_CHANGES else found[0]


_ENCODED = re.compile("%2[BFbf]")


def _decoded(found: re.Match[str]) -> str:
    return "+" if found[0] in ("%2B", "%2b") else "/"


LEAST_CHANGES = 12
"""Changes between lower case, upper case, digits and signs in 40 characters: about 27 in a key, few in words."""


def _changes(word: str) -> int:
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" if c.islower() else "s" for c in word]
    return sum(a != b for a, b in pairwise(kinds))


def _mask_process(found: re.Match[str]) -> str:
    said = found[2]
    if said.startswith(_PROCESS_OWN) and "\n" not in said:
        return found[0]
    return f"{found[1]}{HIDDEN}: what it wrote may hold secrets; run the profile's credential_process by hand to see it"


_ENDPOINT = re.compile(r"(Invalid endpoint: |Custom endpoint `)([^\s`]+)")
"""botocore's words on an endpoint that is no URL (``botocore.endpoint.EndpointCreator``), or none that fits its rules."""

_QUOTED = re.compile(r"""((?:endpoint|proxy) URL: ")((?:(?!URL: ")[^\r\n])*)(?=")""")
"""botocore's words on a URL that does not answer: a password in it may hold spaces and quotation marks."""

_PART = re.compile(
    r"""((?:Port could not be cast to integer value as|nonnumeric port:|Failed to parse:) )(?!https?://)(?:(["'])(?:(?!\2).)*\2|\S+)"""
)
_NO_ADDRESS = re.compile(
    r"""(['"])(?!\[hidden\])(?:(?!\1)[^\r\n]){1,300}\1(?= does not appear to be an IPv4 or IPv6 address)"""
)
"""The words of Python's and urllib3's readers of URLs, with the part that they could not read: perhaps one of a password with a
slash or a hash in it.
"""


def mask(text: str, known: Iterable[str] = ()) -> str:
    """The text without the secrets in it, and without the values in ``known``.

    A text without any comes back as it is; masking twice changes nothing more.
    """
    text = hide_values(text, known)
    text = _PROCESS.sub(_mask_process, text)
    text = _ENDPOINT.sub(lambda found: found[1] + _bare(found[2]), text)
    text = _QUOTED.sub(lambda found: found[1] + _bare(found[2]), text)
    text = _NO_ADDRESS.sub(rf"\1{HIDDEN}\1", _PART.sub(rf"\1{HIDDEN}", text))
    for pattern, instead in rules():
        text = pattern.sub(instead, text)
    return _WORD.sub(_mask_word, text)


def hide_values(text: str, values: Iterable[str]) -> str:
    """The text without these values. Long ones are found however they are written: broken into lines, with characters as
    JSON, XML or a URL escape them, or as base64.
    """
    wanted = sorted(values, key=len, reverse=True)
    for value in wanted:
        text = text.replace(value, HIDDEN)
    long = {_plain(value)[0] for value in wanted if len(value) >= SHORTEST}
    long |= {b64encode(value.encode()).decode().rstrip("=")[:-1] for value in wanted if len(value) >= SHORTEST}
    if not long:
        return text
    plain, places = _plain(text)
    spans = [
        (places[found.start()][0], places[found.end() - 1][1])
        for value in long
        if len(value) >= SHORTEST
        for found in re.finditer(re.escape(value), plain)
    ]
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + HIDDEN + text[end:]
    return text


_ESCAPED = re.compile(
    r"&(?:amp;)*#(?P<decimal>\d{1,5});|&(?:amp;)*#[xX](?P<hex>[0-9a-fA-F]{1,4});|\\+u(?P<unicode>[0-9a-fA-F]{4})"
    r"|%(?:25)*(?P<url>[0-9a-fA-F]{2})|\s+|\\+[nrt]?"
)


def _plain(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text with escaped characters as themselves, without white space and backslashes; where each character stood."""
    plain: list[str] = []
    places: list[tuple[int, int]] = []
    end = 0
    for found in _ESCAPED.finditer(text):
        plain.append(text[end : found.start()])
        places += [(at, at + 1) for at in range(end, found.start())]
        end = found.end()
        digits = found["hex"] or found["unicode"] or found["url"]
        code = int(found["decimal"]) if found["decimal"] else int(digits, 16) if digits else None
        if code is not None:
            plain.append(chr(code))
            places.append(found.span())
    plain.append(text[end:])
    places += [(at, at + 1) for at in range(end, len(text))]
    return "".join(plain), places


def mask_url(url: str) -> str:
    """A URL, or what was meant to be one, without its user info and its query."""
    return url if _HOST_ALONE.fullmatch(url) else mask(_bare(url))


_HOST_ALONE = re.compile(r"https?://[a-z0-9-]{1,30}(?:\.[a-z0-9-]{1,30}){0,9}(?::\d{1,5})?/?")
"""A scheme, a host in small letters and a port: nothing secret looks so, and nothing need be looked for."""


def _without_user(url: str) -> str:
    """All up to the last ``@`` is hidden, unless a plain host stands before it; then the path with the ``@`` is."""
    scheme, mark, rest = url.partition("//") if "//" in url else ("", "", url)
    if "@" not in rest:
        return url
    host, slash, path = rest.partition("/")
    name = host.rpartition("@")[2]
    if "@" not in path:
        return f"{scheme}{mark}{HIDDEN}@{name}{slash}{path}"
    user = f"{HIDDEN}@" if "@" in host else ""
    if mark and _HOST.fullmatch(name):
        return f"{scheme}{mark}{user}{name}/{HIDDEN}"
    return f"{scheme}{mark}{HIDDEN}@{rest.rpartition('@')[2]}"


def _bare(url: str) -> str:
    """Without user info, and without what is behind a question mark or hash: an endpoint's may be a gateway's key by any name.

    What S3's own URLs have there alone, such as ``?encryption``, stays.
    """
    return _BEHIND.sub(rf"\1{HIDDEN}", _without_user(url))


_BEHIND = re.compile(r"([?#])(?![a-z-]{1,30}$)(?!\[hidden\]$).+", re.DOTALL)

_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?")

SECRET_VARIABLES = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_BEARER_TOKEN",
)
SHORTEST = 16
"""Characters that a value has at least: a short one may be a word (simulators take ``test``)."""


_URL_VARIABLE = re.compile(r"(?:.*_PROXY|(?:AWS|FCSSE)_ENDPOINT_URL(?:_.*)?)", re.IGNORECASE)
SHORTEST_PASSWORD = 4


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of the environment that are secrets themselves; of one with control characters, which messages escape, the parts
    between them, too; and passwords in the URLs of endpoints and proxies, which no pattern finds where they hold a slash.
    """
    found: dict[str, None] = {}
    for value in (environ.get(name, "").strip() for name in SECRET_VARIABLES):
        found |= dict.fromkeys(one for one in (value, *_CONTROL.split(value)) if len(one) >= SHORTEST)
    for name, value in environ.items():
        if "@" in value and _URL_VARIABLE.fullmatch(name):
            rest = value.partition("//")[2] if "//" in value else value
            password = rest.rpartition("@")[0].partition(":")[2]
            found |= dict.fromkeys([password] if len(password) >= SHORTEST_PASSWORD else [])
    return tuple(found)


_CONTROL = re.compile(r"[^ -~]+")


def mask_here(text: str) -> str:
    """As ``mask``; also hides the secrets that this process was given in its environment."""
    return mask(text, _spellings(secrets_in(os.environ)))


def _spellings(values: Iterable[str]) -> set[str]:
    """The values, and each as it stands encoded in a URL, and decoded."""
    found = {way for value in values for way in (value, quote(value, safe=""), unquote(value))}
    return {one for one in found if len(one) >= SHORTEST_PASSWORD}


def mask_exception(error: BaseException) -> None:
    """Masks the texts of an exception and of all that led to it, so that no traceback or log of a caller shows them."""
    for one in _chain(error):
        one.args = tuple(mask_here(part) if isinstance(part, str) else part for part in one.args)


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
