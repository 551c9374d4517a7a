"""The library speaks of arguments, the command line of options, about the same errors."""

from __future__ import annotations

import pytest

import fcsse
from fcsse.advice import BY_GRANT, NO_BUCKET_KEYS, PRUNE, Advice, Parameter, advice, in_api
from tests.interfaces.program import Program, program, silence

__all__ = ["program", "silence"]


@pytest.mark.parametrize(
    ("parameter", "option", "argument"),
    [
        (BY_GRANT, "--via grant", 'via="grant"'),
        (PRUNE, "--prune-orphans", "prune_orphans=True"),
        (NO_BUCKET_KEYS, "--no-bucket-keys", "bucket_keys=False"),
        (Parameter("bucket_role"), "--bucket-role", "bucket_role"),
        (Parameter("bucket_profile"), "--bucket-profile", "bucket_session"),
    ],
)
def test_a_parameter_is_an_option_and_an_argument(parameter: Parameter, option: str, argument: str) -> None:
    text = advice("Say ", parameter, ".")

    assert text == f"Say {option}."
    assert in_api(text) == f"Say {argument}."
    assert in_api(advice(text, " Or not.")) == f"Say {argument}. Or not."
    assert in_api("Say --via grant.") == "Say --via grant."
    assert isinstance(text, Advice)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"bucket": "data-dead"}, 'prune_orphans=True (the diff shows each), or link by a grant instead (via="grant")'),
        ({"bucket": "data-other-account", "via": "policy"}, 'pass via="grant"'),
        ({"bucket": "data", "narrow_grant": True, "via": "grant"}, "Leave narrow_grant out"),
        ({"bucket": "data", "narrow_grant": True, "via": "policy"}, "Leave one of them out"),
    ],
)
def test_errors_of_the_library_name_arguments(program: Program, how: dict[str, str], said: str) -> None:
    with pytest.raises(fcsse.FcsseError) as raised:
        fcsse.link("fc-0123", settings=program.settings(), **how)  # type: ignore[arg-type]

    assert said in raised.value.hint
    assert "--" not in raised.value.hint + raised.value.message


def test_warnings_of_the_library_name_arguments(program: Program) -> None:
    proposal = fcsse.plan("fc-0123", "data-other-account", settings=program.settings())

    assert any("narrow_grant" in warning for warning in proposal.warnings)
    assert "--" not in "".join(proposal.warnings)
