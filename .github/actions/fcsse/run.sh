#!/usr/bin/env bash
# The action's one step. Inputs come as INPUT_*; nothing in them is ever evaluated as shell.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
output=${GITHUB_OUTPUT:-/dev/null}

python3 -m venv "$work/venv"
# This folder lies two levels below the top of the release that the action comes with.
wanted=${INPUT_VERSION:-$(cd "$GITHUB_ACTION_PATH/../../.." && pwd)}
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted"
fcsse=$work/venv/bin/fcsse

arguments=("${INPUT_COMMAND:-link}")
case "${arguments[0]}" in
    link | unlink) ;;
    *)
        echo "::error::command must be link or unlink, not ${arguments[0]}"
        exit 2
        ;;
esac
read -ra caches <<<"${INPUT_CACHE:-}"
for cache in "${caches[@]}"; do arguments+=(--cache "$cache"); done
read -ra buckets <<<"${INPUT_BUCKET:-}"
for bucket in "${buckets[@]}"; do arguments+=(--bucket "$bucket"); done
if [ "${arguments[0]}" = link ]; then
    arguments+=(--via "${INPUT_VIA:-auto}" --context "${INPUT_CONTEXT:-documented}")
fi
[ -z "${INPUT_KEY:-}" ] || arguments+=(--key "$INPUT_KEY")
[ -z "${INPUT_BUCKET_ROLE:-}" ] || arguments+=(--bucket-role "$INPUT_BUCKET_ROLE")
[ -z "${INPUT_GRANT_ROLE:-}" ] || arguments+=(--grant-role "$INPUT_GRANT_ROLE")
arguments+=(--wait "${INPUT_WAIT:-5m}")
read -ra more <<<"${INPUT_ARGUMENTS:-}"
arguments+=("${more[@]}")

field() {
    "$work/venv/bin/python" -c 'import json, sys
value = json.load(open(sys.argv[1])).get(sys.argv[2], "")
print(str(value).lower() if isinstance(value, bool) else value)' "$work/answer.json" "$1"
}

finish() {
    {
        echo "changed=$(field changed)"
        echo "pending=$(field changes_pending)"
        echo "digest=$(field digest)"
        echo "exit-code=$1"
    } >>"$output"
    exit "$1"
}

mode=${INPUT_MODE:-auto}
if [ "$mode" = auto ]; then
    case "${GITHUB_EVENT_NAME:-}" in
        pull_request | pull_request_target) mode=plan ;;
        *) mode=apply ;;
    esac
fi

# The review: the same plan for people and for the next step.
code=0
"$fcsse" "${arguments[@]}" --dry-run --output markdown >>"$summary" || code=$?
[ "$code" -eq 0 ] || echo "::warning::fcsse ${arguments[0]}: the dry run ended with exit code $code"
code=0
"$fcsse" "${arguments[@]}" --dry-run --output json >"$work/answer.json" 2>/dev/null || code=$?
if [ "$mode" = plan ] || [ "$code" -ne 0 ]; then
    finish "$code"
fi

# The change is bound to what was reviewed, or at least to what the summary shows.
"$fcsse" "${arguments[@]}" --yes --expect "${INPUT_EXPECT:-$(field digest)}" --output json >"$work/answer.json" || code=$?
printf '\n%s\n' "Applied: changed=$(field changed), exit code $code" >>"$summary"
finish "$code"
