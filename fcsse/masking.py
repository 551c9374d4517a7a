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
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import TypeAlias

HIDDEN = "[hidden]"
"""What stands where a secret was."""

_PROCESS_OWN = ("Version ", "Missing required key")
"""How botocore's own words on a ``credential_process`` begin (``ProcessProvider``): they repeat nothing secret."""

_LABELS = (
    r"(?:aws[_-]?)?secret[_ -]?(?:access[_ -]?)?key|(?:x-amz-|aws[_-]?)?(?:session|security)[_ -]?token|client[_ -]?secret"
    r"|(?:access|refresh|id|bearer|auth|authorization)[_-]?token|pass(?:word|wd|phrase)|pwd|secret|credentials?[_-]?secret"
    r"|private[_-]?key|api[_-]?key|x-amz-signature|signatureprovided|signature|stringtosign(?:bytes)?|canonicalrequest(?:bytes)?"
    r"|x-amz-credential|token-\d"
)
_NAME_AND_REASON = rf"(?<=[-.])(?:{_LABELS}): (?:--[a-z-]+|[a-z]+) [a-z]"
"""A name that ends like a label, and words: "bucket my-secret: there is no such bucket"; the first may be an option."""

_QUERY = (
    r"X-Amz-(?:Signature|Security-Token|Credential)|Signature|AWSAccessKeyId|Key-Pair-Id|Policy|SessionToken|SecurityToken"
    r"|(?:access_|id_|refresh_|auth_)?token|code|client_secret|password|sig"
)


Rules: TypeAlias = tuple[tuple[re.Pattern[str], str], ...]


@cache
def _rules() -> Rules:
    """Patterns, and what stands in their place. Made on first use: most runs show no error.

    Each repetition is of one class of characters that its neighbours do not begin with, so that no text takes long.
    """
    return (*_of_requests(), *_of_urls(), *_of_values())


def _of_requests() -> Rules:
    """What a signed request holds: what AWS calculated from it, members and labels, headers."""
    flags = re.IGNORECASE
    return (
        # What AWS calculated from the request: all that follows is the request with its headers, or its hash.
        (
            re.compile(
                r"((?:Canonical String|Canonical Request|String-to-Sign)[^:'\"]{0,60}(?:have been|was|is))[:\s'\"].*",
                flags | re.DOTALL,
            ),
            rf"\1 {HIDDEN}",
        ),
        (re.compile(r"AWS4-(?:HMAC|ECDSA)[A-Z0-9-]{0,40}(?:\\n|\s){1,8}\d{8}T\d{6}Z.*", re.DOTALL), HIDDEN),
        # XML and JSON members, and labels: a value in quotes, or up to white space.
        (re.compile(rf"<({_LABELS})>[^<]*", flags), rf"<\1>{HIDDEN}"),
        (
            re.compile(
                rf"""(?<![A-Za-z0-9])({_LABELS})(\\{{0,4}}["']?\s{{0,3}}[:=]\s{{0,3}}b?)(\\{{0,4}}["'])(?!\[hidden\])[^"'\\]*""",
                flags,
            ),
            rf"\1\2\3{HIDDEN}",
        ),
        (
            re.compile(
                rf"""(?<![A-Za-z0-9])(?!{_NAME_AND_REASON})({_LABELS})(\\{{0,4}}["']?\s{{0,3}}[:=]\s{{0,3}})(?!b?\\{{0,4}}["']|\[hidden\])[^\s"'<>&,;}})\]]+""",
                flags,
            ),
            rf"\1\2{HIDDEN}",
        ),
        # Headers. "Authorization" alone also names a header's lack; only with a scheme is there anything to hide.
        (
            re.compile(
                r"""((?:Authorization header|Authorization)(?:["']?\s{0,3}[:=]\s{0,3}))(?!\[hidden\])["']?(?:AWS4|Basic|Bearer|AWS )[^\n"']*""",
                flags,
            ),
            rf"\1{HIDDEN}",
        ),
        (re.compile(r"\b(Basic|Bearer)(\s{1,3})(?=[^\s]*[A-Z0-9+/=_-])[A-Za-z0-9+/=._~-]{12,}"), rf"\1\2{HIDDEN}"),
    )


def _of_urls() -> Rules:
    flags = re.IGNORECASE
    return (
        # Presigned queries, and the user in front of the host.
        (re.compile(rf"""([?&;](?:{_QUERY})=)(?!\[hidden\])[^\s&;"'<>]+""", flags), rf"\1{HIDDEN}"),
        (
            re.compile(
                r"""((?:[a-z][a-z0-9+.-]{0,20}:)?/{2,3})[^\s/?#"'<>@]{0,300}@(?:[^\s/?#"'<>@]{0,300}@)*""", flags
            ),
            rf"\1{HIDDEN}@",
        ),
        (
            re.compile(
                r"""([a-z][a-z0-9+.-]{0,20}://)(?!\[hidden\])[^\s/@:"'<>]{0,100}:(?!\d{1,5}(?:[/?#\s"'<>]|$))[^\s@"'<>]{0,300}@(?:[^\s@"'<>]{0,300}@)*""",
                flags,
            ),
            rf"\1{HIDDEN}@",
        ),
        # No host begins so: the password goes on.
        (re.compile(rf"""({re.escape(HIDDEN)}@)[/?#][^\s"'<>]*@"""), r"\1"),
        # What looks like a port and a path may be a password that has a slash.
        (
            re.compile(
                r"""([a-z][a-z0-9+.-]{0,20}://[^\s/@:"'<>]{0,100}:\d{1,5}[/?#])(?!\[hidden\])[^\s@"'<>]{0,300}@[^\s"'<>]*""",
                flags,
            ),
            rf"\1{HIDDEN}",
        ),
    )


def _of_values() -> Rules:
    """Values that are known by their looks: STS's session tokens, web tokens, PEM blocks."""
    return (
        (re.compile(r"(?<![A-Za-z0-9+/])(?:FwoG|FQoG|FQoD|IQoJ|IQoG|AQoD|AQoE|AQoX)[A-Za-z0-9+/=%_-]{8,}"), HIDDEN),
        # Whether dots follow is looked at once for each run of characters, not again from each "eyJ" in it.
        (
            re.compile(
                r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]{11,}\.[A-Za-z0-9_-]{8,}\.)((?:[A-Za-z0-9_-]*?-)??)"
                r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
            ),
            rf"\1{HIDDEN}",
        ),
        (
            re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
            HIDDEN,
        ),
    )


_WORD = re.compile(r"(?<![A-Za-z0-9+/_-])(?<![A-Za-z0-9]\.)[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=_-]|[.:][A-Za-z0-9])")
"""A word that has a secret access key's length and characters."""

_PROCESS = re.compile(r"(from custom-process: )(?!\[hidden\])(.+)", re.DOTALL)


def _mask_word(found: re.Match[str]) -> str:
    """A secret access key mixes cases and digits; a hash is in one case, a path has words between its slashes."""
    word = found[0]
    mixed = any(c.islower() for c in word) and any(c.isupper() for c in word) and any(c.isdigit() for c in word)
    return HIDDEN if mixed and _changes(word) > LEAST_CHANGES else word


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


_ENDPOINT = re.compile(r"(Invalid endpoint: )(\S+)")
"""botocore's words on an endpoint that is no URL (``botocore.endpoint.EndpointCreator``)."""

_PART = re.compile(
    r"""((?:Port could not be cast to integer value as|nonnumeric port:|Failed to parse:) )(?!https?://)(?:(["'])(?:(?!\2).)*\2|\S+)"""
)
"""The words of Python's and urllib3's readers of URLs, with the part that they could not read: perhaps one of a password with a
slash or a hash in it.
"""


def mask(text: str, known: Iterable[str] = ()) -> str:
    """The text without the secrets in it, and without the values in ``known``.

    A text without any comes back as it is; masking twice changes nothing more.
    """
    for value in sorted(known, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    text = _PROCESS.sub(_mask_process, text)
    text = _ENDPOINT.sub(lambda found: found[1] + _without_user(found[2]), text)
    text = _PART.sub(rf"\1{HIDDEN}", text)
    for pattern, instead in _rules():
        text = pattern.sub(instead, text)
    return _WORD.sub(_mask_word, text)


def mask_url(url: str) -> str:
    """A URL, or what was meant to be one, without its user info and without secrets in its query."""
    return url if _HOST_ALONE.fullmatch(url) else mask(_without_user(url))


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
    return mask(text, secrets_in(os.environ))


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
