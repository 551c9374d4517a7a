#!/bin/bash -p
# The action's one step. Inputs come as INPUT_*; nothing in them is ever evaluated as shell, and none is echoed, since
# the runner takes lines of output that begin with :: for commands.
#
# The job's checkout is not trusted: a pull request may have put a json.py, a sitecustomize.py or a python3 there.
# Everything below runs in a folder of its own, Python is isolated (-I), and no program is looked for in the checkout.
# -p: bash takes no functions and no BASH_ENV from the environment.
set -euo pipefail

checkout=$PWD
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
output=${GITHUB_OUTPUT:-/dev/null}

# Settings that earlier steps left. What fcsse is to do comes from the inputs alone.
unset ${!FCSSE_@} ${!_FCSSE_@} ${!PYTHON@} ${!PYENV_@} VIRTUAL_ENV __PYVENV_LAUNCHER__ CDPATH

# absolute PATH: the path as it was meant in the checkout, where the step was started
absolute() {
    case $1 in /*) printf %s "$1" ;; *) printf %s "$checkout/$1" ;; esac
}
for name in AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_WEB_IDENTITY_TOKEN_FILE AWS_CA_BUNDLE \
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE; do
    value=${!name:-}
    case $value in '' | '~'*) ;; *) export "$name=$(absolute "$value")" ;; esac
done

# The PATH without relative folders, which would be folders of the checkout; $outside: nor those within the checkout.
given='' outside=''
IFS=: read -rd '' -a folders <<<"$PATH" || true
for folder in ${folders[@]+"${folders[@]}"}; do
    folder=${folder%$'\n'}
    case $folder in /*) ;; *) continue ;; esac
    given=${given:+$given:}$folder
    resolved=$(cd -P -- "$folder" 2>/dev/null && pwd -P) || continue
    inside=
    for root in "$checkout" "${GITHUB_WORKSPACE:-$checkout}"; do
        root=$(cd -P -- "$root" 2>/dev/null && pwd -P) || continue
        if [ "$root" != / ]; then case $resolved/ in "$root"/*) inside=yes ;; esac fi
    done
    [ -n "$inside" ] || outside=${outside:+$outside:}$folder
done
export PATH=${outside:-/usr/bin:/bin}

work=$(mktemp -d)
trap 'cd / && rm -rf "$work"' EXIT
work=$(cd -P -- "$work" && pwd -P)
mkdir "$work/empty"
cd "$work/empty"
answer=$work/answer.json
python=python3

# read_answer: $changed, $pending and $digest of the last answer, empty where there is none
changed='' pending='' digest=''
read_answer() {
    {
        read -r changed
        read -r pending
        read -r digest
    } < <("$python" -I -c 'import json, sys
try:
    answer = json.load(open(sys.argv[1], encoding="utf-8"))
except (OSError, ValueError):
    answer = {}
for name in ("changed", "changes_pending", "digest"):
    value = answer.get(name, "")
    print(str(value).lower() if isinstance(value, bool) else value)' "$answer") || true
}

# finish CODE: the outputs, a line in the log, the end
finish() {
    printf '%s\n' "changed=${changed:-false}" "pending=${pending:-unknown}" "digest=$digest" "exit-code=$1" >>"$output"
    echo "fcsse: changed=${changed:-false} pending=${pending:-unknown} digest=${digest:-none}, exit code $1"
    exit "$1"
}

refuse() {
    echo "::error::$1"
    finish 2
}

command -v python3 >/dev/null || {
    echo "::error::there is no python3 on the PATH outside the checkout: add actions/setup-python before this action"
    printf '%s\n' changed=false pending=unknown digest= exit-code=2 >>"$output"
    exit 2
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
    # Asked for by name, so it may also be one that the job installed in its checkout.
    fcsse=$(PATH=$given command -v fcsse) || refuse "the input 'version' is 'installed', but there is no fcsse on the PATH"
    fcsse=("$fcsse")
else
    # This folder lies three levels below the top of the release that the action comes with.
    wanted=${INPUT_VERSION:-$(cd "$GITHUB_ACTION_PATH/../../.." && pwd)}
    # A path as pip takes it for one; a mere name is never a folder of the checkout.
    case $wanted in
        */* | .* | *.whl | *.zip | *.tar.gz) [ ! -e "$(absolute "${wanted%%\[*}")" ] || wanted=$(absolute "$wanted") ;;
    esac
    python=$work/venv/bin/python pip=(python3 -I -m pip --python "$work/venv/bin/python")
    python3 -I -m venv --without-pip "$work/venv" || refuse "python3 cannot make a virtual environment"
    # Python's own pip, which installs at once; where it has none, or one before 22.3, another is put there first.
    if ! "${pip[@]}" --version >/dev/null 2>&1; then
        python3 -I -m venv "$work/venv" || refuse "python3 cannot make a virtual environment"
        pip=("$python" -I -m pip)
    fi
    install=(install --quiet --disable-pip-version-check)
    if [ -z "${INPUT_VERSION:-}" ]; then
        # What the release depends on, and is built with, by its hashes: the newest that an index has runs nowhere here.
        "${pip[@]}" "${install[@]}" --require-hashes -r "$GITHUB_ACTION_PATH/requirements.lock" ||
            refuse "what fcsse depends on could not be installed; see above"
        install+=(--no-deps --no-build-isolation)
    fi
    "${pip[@]}" "${install[@]}" -- "$wanted" ||
        refuse "fcsse could not be installed; see above"
    fcsse=("$python" -I -m fcsse)
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
# Expressions without a value, with a space between them, name no bucket: left out, all the cache's buckets would be meant.
case ${INPUT_BUCKET:-} in '' | *[![:space:]]*) ;; *) refuse "the input 'bucket' is blank: name buckets in it, or leave it out" ;; esac
split --cache "${INPUT_CACHE:-}"
split --bucket "${INPUT_BUCKET:-}"
if [ "$command" = link ]; then
    words+=(--via "${INPUT_VIA:-auto}" --context "${INPUT_CONTEXT:-documented}")
fi
[ -z "${INPUT_KEY:-}" ] || words+=(--key "$INPUT_KEY")
[ -z "${INPUT_BUCKET_ROLE:-}" ] || words+=(--bucket-role "$INPUT_BUCKET_ROLE")
[ -z "${INPUT_GRANT_ROLE:-}" ] || words+=(--grant-role "$INPUT_GRANT_ROLE")
words+=(--wait "${INPUT_WAIT:-5m}")
first=${#words[@]}
split '' "${INPUT_ARGUMENTS:-}"
# The only path that is among the arguments of link and unlink: a backup must not land in a folder that is deleted.
for ((at = first; at < ${#words[@]}; at++)); do
    case ${words[at]} in
        --backup-dir=?*) words[at]=--backup-dir=$(absolute "${words[at]#--backup-dir=}") ;;
        --backup-dir) [ -z "${words[at + 1]:-}" ] || words[at + 1]=$(absolute "${words[at + 1]}") ;;
    esac
done

# run WORDS: fcsse, whose messages may hold text of others (a Sid, an answer of AWS): none of it is a command to the runner
token=$("$python" -I -c 'import secrets; print(secrets.token_hex(16))')
run() {
    local code=0
    echo "::stop-commands::$token" >&2
    "${fcsse[@]}" "$@" || code=$?
    echo "::$token::" >&2
    return "$code"
}

# The plan: for the steps that follow as JSON, for people as Markdown, and the latter shows the former or nothing.
code=0
run "${words[@]}" --dry-run --output json >"$answer" || code=$?
read_answer
if [ -n "$digest" ]; then
    "${fcsse[@]}" "${words[@]}" --wait 0 --dry-run --expect "$digest" --output markdown >>"$summary" 2>/dev/null || true
else
    {
        printf '### fcsse %s failed (exit code %s)\n\n' "$command" "$code"
        "$python" -I -c 'import json, sys
for text in json.load(open(sys.argv[1], encoding="utf-8")).get("error", {}).values():
    print("\n".join("    " + line for line in str(text).splitlines()))' "$answer" || true
    } >>"$summary"
fi
if [ "$code" -ne 0 ]; then
    echo "::error::fcsse $command cannot do all that was asked: exit code $code; see the job summary" >&2
    finish "$code"
fi
[ -n "$digest" ] || refuse "fcsse $command made no plan: the input 'arguments' asks for something else, such as --help"

# A change is bound to what was reviewed, or at least to what the summary shows.
how=(--yes)
if [ "$mode" = plan ]; then
    [ -n "${INPUT_EXPECT:-}" ] || finish 0
    how=(--dry-run)
fi
planned=$pending
run "${words[@]}" "${how[@]}" --expect "${INPUT_EXPECT:-$digest}" --output json >"$answer" || code=$?
read_answer
# A run that was killed, or had no room for its answer, has not said that nothing was written; nor that nothing is left to do.
[ "$mode" = plan ] || changed=${changed:-unknown}
case $changed in true | unknown) planned=unknown ;; esac
pending=${pending:-$planned}
if [ "$mode" = apply ]; then
    printf '\n**Applied:** changed: %s, exit code %s\n' "${changed:-false}" "$code" >>"$summary"
elif [ "$code" -ne 0 ]; then
    printf '\n**This is not the expected plan:** exit code %s\n' "$code" >>"$summary"
fi
[ "$code" -eq 0 ] || echo "::error::fcsse $command ended with exit code $code; see above" >&2
finish "$code"
