#!/usr/bin/env bash
# The action's one step. Inputs come as INPUT_*; nothing in them is ever evaluated as shell, and none is echoed, since
# the runner takes lines of output that begin with :: for commands.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
output=${GITHUB_OUTPUT:-/dev/null}
answer=$work/answer.json
python=python3

# field NAME: a value of the last answer, empty where there is none
field() {
    "$python" -c 'import json, sys
try:
    value = json.load(open(sys.argv[1], encoding="utf-8")).get(sys.argv[2], "")
except (OSError, ValueError):
    value = ""
print(str(value).lower() if isinstance(value, bool) else value)' "$answer" "$1"
}

# finish CODE: the outputs, a line in the log, the end
finish() {
    local changed pending digest
    changed=$(field changed) pending=$(field changes_pending) digest=$(field digest)
    printf '%s\n' "changed=${changed:-false}" "pending=${pending:-false}" "digest=$digest" "exit-code=$1" >>"$output"
    echo "fcsse: changed=${changed:-false} pending=${pending:-false} digest=${digest:-none}, exit code $1"
    exit "$1"
}

refuse() {
    echo "::error::$1"
    finish 2
}

[ "${RUNNER_OS:-}" != Windows ] || refuse "this action runs on Linux and macOS"

command=${INPUT_COMMAND:-link}
case $command in link | unlink) ;; *) refuse "the input 'command' must be link or unlink" ;; esac
mode=${INPUT_MODE:-auto}
case $mode in
    plan | apply) ;;
    auto)
        case ${GITHUB_EVENT_NAME:-} in
            pull_request* | merge_group) mode=plan ;;
            *) mode=apply ;;
        esac
        ;;
    *) refuse "the input 'mode' must be auto, plan or apply" ;;
esac

if [ "${INPUT_VERSION:-}" = installed ]; then
    fcsse=$(command -v fcsse) || refuse "the input 'version' is 'installed', but there is no fcsse on the PATH"
else
    # This folder lies three levels below the top of the release that the action comes with.
    wanted=${INPUT_VERSION:-$(cd "$GITHUB_ACTION_PATH/../../.." && pwd)}
    python3 -m venv "$work/venv"
    python=$work/venv/bin/python
    "$python" -m pip install --quiet --disable-pip-version-check -- "$wanted"
    fcsse=$work/venv/bin/fcsse
fi

# Lists are split at spaces and line breaks; a word stays a word, whatever is in it.
words=("$command")
split() {
    local flag=$1 list=() one
    IFS=$' \t\n' read -rd '' -a list <<<"$2" || true
    for one in ${list[@]+"${list[@]}"}; do
        if [ -n "$flag" ]; then words+=("$flag" "$one"); else words+=("$one"); fi
    done
}
split --cache "${INPUT_CACHE:-}"
split --bucket "${INPUT_BUCKET:-}"
if [ "$command" = link ]; then
    words+=(--via "${INPUT_VIA:-auto}" --context "${INPUT_CONTEXT:-documented}")
fi
[ -z "${INPUT_KEY:-}" ] || words+=(--key "$INPUT_KEY")
[ -z "${INPUT_BUCKET_ROLE:-}" ] || words+=(--bucket-role "$INPUT_BUCKET_ROLE")
[ -z "${INPUT_GRANT_ROLE:-}" ] || words+=(--grant-role "$INPUT_GRANT_ROLE")
words+=(--wait "${INPUT_WAIT:-5m}")
split '' "${INPUT_ARGUMENTS:-}"

# run WORDS: fcsse, whose messages may hold text of others (a Sid, an answer of AWS): none of it is a command to the runner
token=$("$python" -c 'import secrets; print(secrets.token_hex(16))')
run() {
    local code=0
    echo "::stop-commands::$token" >&2
    "$fcsse" "$@" || code=$?
    echo "::$token::" >&2
    return "$code"
}

# The plan: for the steps that follow as JSON, for people as Markdown, and the latter shows the former or nothing.
code=0
run "${words[@]}" --dry-run --output json >"$answer" || code=$?
digest=$(field digest)
if [ -n "$digest" ]; then
    "$fcsse" "${words[@]}" --wait 0 --dry-run --expect "$digest" --output markdown >>"$summary" 2>/dev/null || true
else
    {
        printf '### fcsse %s failed (exit code %s)\n\n' "$command" "$code"
        "$python" -c 'import json, sys
for text in json.load(open(sys.argv[1], encoding="utf-8")).get("error", {}).values():
    print("\n".join("    " + line for line in str(text).splitlines()))' "$answer" || true
    } >>"$summary"
fi
if [ "$code" -ne 0 ]; then
    echo "::error::fcsse $command cannot do all that was asked: exit code $code; see the job summary" >&2
    finish "$code"
fi

# A change is bound to what was reviewed, or at least to what the summary shows.
how=(--yes)
if [ "$mode" = plan ]; then
    [ -n "${INPUT_EXPECT:-}" ] || finish 0
    how=(--dry-run)
fi
run "${words[@]}" "${how[@]}" --expect "${INPUT_EXPECT:-$digest}" --output json >"$answer" || code=$?
if [ "$mode" = apply ]; then
    changed=$(field changed)
    printf '\n**Applied:** changed: %s, exit code %s\n' "${changed:-false}" "$code" >>"$summary"
elif [ "$code" -ne 0 ]; then
    printf '\n**This is not the expected plan:** exit code %s\n' "$code" >>"$summary"
fi
[ "$code" -eq 0 ] || echo "::error::fcsse $command ended with exit code $code; see above" >&2
finish "$code"
