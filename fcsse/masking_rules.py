"""The patterns of secrets in text: signed requests, labelled values, URLs, tokens. Pure; sources in ``fcsse.masking``."""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

HIDDEN = "[hidden]"
"""What stands where a secret was."""

_LABELS = (
    r"(?:aws[_-]?)?secret[_ -]?(?:access[_ -]?)?key|(?:x-amz-|aws[_-]?)?(?:session|security)[_ -]?token|client[_ -]?secret"
    r"|(?:access|refresh|id|bearer|auth|authorization)[_-]?token(?:_bedrock)?|pass(?:word|wd|phrase)|pwd|secret|credentials?[_-]?secret"
    r"|private[_-]?key|api[_-]?key|x-amz-signature|signatureprovided|signature|stringtosign(?:bytes)?|canonicalrequest(?:bytes)?"
    r"|x-amz-credential|token-\d|external[_-]?id|web[_-]?identity[_-]?token|saml[_-]?assertion|(?:mfa[_-]?)?token[_-]?code"
    r"|ec2-metadata-token|code[_-]?verifier|device[_-]?code|client[_-]?assertion"
)
_NAME_AND_REASON = rf"(?<=[-.])(?:{_LABELS}): (?:--[a-z-]+|[a-z]+) [a-z]"
"""A name that ends like a label, and words: "bucket my-secret: there is no such bucket"; the first may be an option."""

_SPACE = r"(?:\s|\\{1,4}[nrt]){0,20}"
"""White space, which may stand as JSON and Python write it."""

_QUERY = (
    r"X-Amz-(?:Signature|Security-Token|Credential)|Signature|AWSAccessKeyId|Key-Pair-Id|Policy|SessionToken|SecurityToken"
    r"|(?:access_|id_|refresh_|auth_)?token|code|client_secret|password|sig"
)


Rules: TypeAlias = tuple[tuple[re.Pattern[str], str], ...]


@cache
def rules() -> Rules:
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
        (
            re.compile(
                rf"<((?:[\w.-]{{1,40}}:)?(?:{_LABELS})(?:\s[^<>]{{0,200}})?)>(?:<!\[CDATA\[(?:(?!\]\]>).)*(?:\]\]>)?|[^<]*)",
                flags | re.DOTALL,
            ),
            rf"<\1>{HIDDEN}",
        ),
        (
            re.compile(rf"&lt;((?:[\w.-]{{1,40}}:)?(?:{_LABELS}))&gt;(?:(?!&lt;).)*", flags | re.DOTALL),
            rf"&lt;\1&gt;{HIDDEN}",
        ),
        (
            re.compile(
                rf"""(?<![A-Za-z0-9])({_LABELS})(\\{{0,9}}["']?{_SPACE}[:=]{_SPACE}b?)(\\{{0,9}}["'])(?!\[hidden\])(?:(?!(?<!\\)\3).)*""",
                flags | re.DOTALL,
            ),
            rf"\1\2\3{HIDDEN}",
        ),
        (
            re.compile(
                rf"""(?<![A-Za-z0-9])(?!{_NAME_AND_REASON})({_LABELS})(\\{{0,9}}["']?{_SPACE}[:=]{_SPACE})(?!\s|\\{{1,9}}[nrt]|b?\\{{0,9}}["']|\[hidden\])[^\s"'<>&,;}})\]]+""",
                flags,
            ),
            rf"\1\2{HIDDEN}",
        ),
        # A pair of a header's name and its value; the last member of botocore's credentials.
        (
            re.compile(
                r"""(["'](?:x-amz-security-token|x-amz-signature|(?:proxy-)?authorization)["'],\s{0,3}b?)(["'])(?!\[hidden\])[^"'\\]*""",
                flags,
            ),
            rf"\1\2{HIDDEN}",
        ),
        (re.compile(r"""(?<![\w-])(token=)(["'])(?!\[hidden\])[^"'\\]*"""), rf"\1\2{HIDDEN}"),
        # AWS's words on a value that does not fit: "Value '…' at 'externalId' failed to satisfy constraint".
        (
            re.compile(
                rf"""(Value ')(?!\[hidden\]')(?:(?!Value '|' at ').)*(' at '(?:\w{{1,40}}\.)?(?:{_LABELS})')""",
                flags | re.DOTALL,
            ),
            rf"\1{HIDDEN}\2",
        ),
        # AWS's words on an access key id that has a slash: often the secret key, where the two were mixed up.
        (
            re.compile(r"""(slash-delimited elements[^'"]{0,80}, got (['"]))(?!\[hidden\])[^\r\n]*?(?=\2|[\r\n]|\Z)"""),
            rf"\1{HIDDEN}",
        ),
        # Python's words on a header that cannot be sent.
        (re.compile(r"""(Invalid header value b?)(['"])(?!\[hidden\])(?:(?!\2).)*""", re.DOTALL), rf"\1\2{HIDDEN}"),
        # Python's words on a line of a config file without "=".
        (re.compile(r"""(\[line\s{1,3}\d{1,6}\]: )(['"])(?!\[hidden\])[^\r\n]*"""), rf"\1\2{HIDDEN}\2"),
        # Headers. "Authorization" alone also names a header's lack; only with a scheme, or what looks like a token (a container's
        # has none), is there anything to hide.
        (
            re.compile(
                r"""((?:Authorization header|Authorization)(?:["']?\s{0,3}[:=]\s{0,3}))(?!\[hidden\])["']?(?:(?:AWS4|Basic|Bearer|Negotiate|NTLM|Digest|Token|AWS )[^\n"']*|(?=[A-Za-z+/=._~-]{0,99}\d)[A-Za-z0-9+/=._~-]{16,})""",
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
        # The same in a URL that stands encoded in another text.
        (
            re.compile(
                rf"""(?<![A-Za-z0-9])((?:{_LABELS}|{_QUERY})%(?:25){{0,3}}3D)(?!\[hidden\])(?:(?!%(?:25){{0,3}}26)[^\s&"'<>])+""",
                flags,
            ),
            rf"\1{HIDDEN}",
        ),
        (
            re.compile(
                r"""(%(?:25){0,3}3A(?:%(?:25){0,3}2F){2})(?:(?!%(?:25){0,3}(?:2F|40))[^\s"'<>@]){1,300}(?=%(?:25){0,3}40)""",
                flags,
            ),
            rf"\1{HIDDEN}",
        ),
        # A proxy without its scheme: user, password, host and port.
        (
            re.compile(
                r"""(?<![^\s"'(=\[])(?!arn:|\[hidden\])[^\s:/"'@]{1,60}:(?!//|[^\s"'@]{0,200}\[hidden\])[^\s"'@]{1,200}@(?=[A-Za-z0-9.-]{1,100}:\d{2,5}(?!\w))"""
            ),
            f"{HIDDEN}@",
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
        (
            re.compile(
                r"(?<![A-Za-z0-9+/])(?:FwoG|FQoG|FQoD|IQoJ|IQoG|AQoD|AQoE|AQoX)[A-Za-z0-9+/=%_-]{8,}(?:(?:\\r|\\n|[\r\n]){1,2}[ \t]{0,8}[A-Za-z0-9+/=%_-]{20,})*"
            ),
            HIDDEN,
        ),
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
