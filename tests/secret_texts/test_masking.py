"""Masking as a pure function: no secret survives in any surrounding, and what is none comes back as it was."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fcsse.api.settings import Settings
from fcsse.aws.sessions import RoleKeys
from fcsse.masking import mask, mask_exception, mask_here, mask_url, secrets_in
from fcsse.masking_rules import HIDDEN
from tests.secret_texts.samples import AROUND, HARMLESS, SECRET_KEY, TOKEN

BASE64 = string.ascii_letters + string.digits + "+/"
TOKENS = st.builds(
    lambda start, rest: start + rest,
    st.sampled_from(["FwoG", "IQoJ", "FQoG"]),
    st.text(BASE64, min_size=30, max_size=400),
)
KEYS = st.text(BASE64, min_size=40, max_size=40)
PLAIN = st.text(string.ascii_letters + " .,'()\n", max_size=40)
EVERYTHING = st.text(max_size=200)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("secret", [SECRET_KEY, TOKEN, "hunter2", "0" * 64])
def test_what_is_one_goes(around: str, secret: str) -> None:
    text = around.format(secret=secret)
    for shape in (text, " ".join(text.split()), f"kms:GetKeyPolicy: {text}", repr(text)):
        assert secret not in mask(shape), shape
        assert HIDDEN in mask(shape)


@given(st.sampled_from(AROUND), TOKENS | KEYS, PLAIN, PLAIN)
def test_no_secret_survives(around: str, secret: str, before: str, after: str) -> None:
    assume("@" not in secret)
    found = mask(f"{before} {around.format(secret=secret)} {after}")
    assert secret not in found


@given(TOKENS, PLAIN, PLAIN)
def test_a_session_token_needs_no_label(token: str, before: str, after: str) -> None:
    assert token not in mask(f"{before} {token} {after}")


def test_a_header_without_a_scheme_is_hidden_where_it_looks_like_a_token() -> None:
    assert (
        mask("Authorization: 0123abcd-opaque-token-of-a-task\nAccept: */*") == f"Authorization: {HIDDEN}\nAccept: */*"
    )


@pytest.mark.parametrize(
    "text", ["{}", "token {}.", "({})", "'{}'", "a-{}", "eyJhbGciO-{}", "a.{}", "abcdefghijkl.{}", "é{}"]
)
def test_a_web_token_needs_no_label(text: str) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    masked = mask(text.format(token))
    assert HIDDEN in masked
    assert not any(part in masked for part in token.split("."))


@pytest.mark.parametrize("text", ["{}", "key {}.", "({})", "'{}'", "{}, and", "KEY={}", "{}\n", "is {}: no"])
def test_a_secret_key_needs_no_label(text: str) -> None:
    assert SECRET_KEY not in mask(text.format(SECRET_KEY))


@given(EVERYTHING | st.lists(st.sampled_from([*AROUND, *HARMLESS])).map(" ".join))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


USER_INFO = st.text(string.ascii_letters + string.digits + "!$&'()*+,;=:%-._~/ ", min_size=1, max_size=30)


@given(USER_INFO, st.sampled_from(["h.example", "localhost:4566", "[::1]:80"]), st.sampled_from(["", "/", "/path"]))
def test_a_url_shows_its_host_and_not_its_user(user: str, host: str, path: str) -> None:
    secret = f"user:x{user}!"
    found = mask_url(f"https://{secret}@{host}{path}")
    assert secret not in found
    assert found == f"https://{HIDDEN}@{host}{path}"
    assert mask_url(f"https://{host}{path}") == f"https://{host}{path}"
    assert mask_url(found) == found


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h/a@b", f"https://{HIDDEN}@h/{HIDDEN}"),
        ("http://h:80/a@b", f"http://h:80/{HIDDEN}"),
        ("https://u:p//w@h/path", f"https://{HIDDEN}@h/path"),
        ("u:p@h", f"{HIDDEN}@h"),
        ("//u:p@h", f"//{HIDDEN}@h"),
        ("https://u:p@q@h", f"https://{HIDDEN}@h"),
        ("https://h/?X-Amz-Signature=abc", f"https://h/?{HIDDEN}"),
        ("https://h/path?any=abc&b=c#d", f"https://h/path?{HIDDEN}"),
    ],
)
def test_odd_urls(url: str, shown: str) -> None:
    assert mask_url(url) == shown


def test_an_exception_is_masked_with_all_that_led_to_it() -> None:
    first = ValueError(AROUND[0].format(secret=TOKEN))
    second = KeyError(f"x-amz-security-token:{TOKEN}", 5)
    second.__cause__, first.__context__ = first, second  # a circle, too
    mask_exception(second)
    shown = repr(second) + repr(first)
    assert TOKEN not in shown
    assert shown.count(HIDDEN) == 2


def masked_in_time(text: str) -> str:
    """The masked text. Where each place were looked at from every place before it, this would not end."""
    begun = time.process_time()
    masked = mask(text)
    assert time.process_time() - begun < 8, "it takes half a second; more than twenty where places are looked at again"
    return masked


@pytest.mark.one_in(2)
@pytest.mark.parametrize("part", ["AWS4-HMAC", "AWS4-HMAC \n", "//a", "secret", "-eyJ", "-eyJabcdefgh"])
def test_a_long_text_is_read_once(part: str) -> None:
    text = part * (200_000 // len(part))
    assert masked_in_time(text) == text
    signed = f"{text} AWS4-HMAC-SHA256\n20261129T000000Z\n{SECRET_KEY}"
    assert SECRET_KEY not in mask(signed)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("part", ["Value '", "password='", "%3A%2F%2F", "&lt;SessionToken&gt;", "a:b@", "[line 1]: '"])
def test_many_beginnings_of_secrets_take_no_longer(part: str) -> None:
    masked_in_time(part * (200_000 // len(part)))


def test_known_values_go_whatever_they_look_like() -> None:
    assert mask("a tale of ABC and ABCDEF", ["ABC", "ABCDEF"]) == f"a tale of {HIDDEN} and {HIDDEN}"
    urls = {
        "https_proxy": "http://a:1/b?c#hunter@h:1",
        "AWS_ENDPOINT_URL_S3": "a:p/w/@h",
        "MY_URL": "http://a:secret@h",
    }
    assert secrets_in(urls) == ("1/b?c#hunter", "p/w/")
    assert secrets_in({"HTTP_PROXY": "http://proxy:3128", "ALL_PROXY": "http://a:abc@h"}) == (), (
        "a short one may be a word"
    )
    assert secrets_in({"AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "x" * 20, "HOME": "y" * 20}) == ("x" * 20,)


@pytest.mark.parametrize(
    "written",
    [
        "tulip/4711+opaque-token=of-a-broker",
        "tulip\\/4711+opaque-token\\u003dof-a-broker",
        "tulip&#47;4711&#x2B;opaque-token&amp;#61;of-a-broker",
        "tulip%2F4711%252Bopaque-token%3Dof-a-broker",
        "tulip/4711+opaque-\n  token=of-a-broker",
        "tulip/4711+opaque-\\n token=of-a-broker",
        "dHVsaXAvNDcxMStvcGFxdWUtdG9rZW49b2YtYS1icm9rZXI",
    ],
)
def test_known_values_go_however_they_are_written(written: str) -> None:
    value = "tulip/4711+opaque-token=of-a-broker"
    masked = mask(f"before {written} after", [value])
    assert masked in (f"before {HIDDEN} after", f"before {HIDDEN}I after")
    assert mask("no tulip, no opaque token", [value]) == "no tulip, no opaque token"


def test_known_values_go_encoded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token/with=signs+more")
    monkeypatch.setenv("HTTPS_PROXY", "http://alice:s%40me%2Fword@proxy:3128")
    shown = mask_here("a%20token%2Fwith%3Dsigns%2Bmore a token/with=signs+more s@me/word s%40me%2Fword")
    assert shown == " ".join([HIDDEN] * 4)


def test_what_callers_may_log_shows_no_secret() -> None:
    """Clients are kept by a role's credentials, so that a log of anything that has clients would show those."""
    assert str({RoleKeys("ASIAIOSFODNN7EXAMPLE", SECRET_KEY, TOKEN): 1}) == "{<RoleKeys ASIAIOSFODNN7EXAMPLE>: 1}"
    settings = Settings(region="eu-west-1", endpoint_url="http://me:geheimnis@localhost:4566")
    assert repr(settings) == "Settings(region='eu-west-1', endpoint_url='http://[hidden]@localhost:4566')"
