#!/bin/sh
# The completions load, and complete.
cd "$(dirname "$0")/../.." || exit 1
: "${CALLHUD:=build/callhud}"
bad=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CONFIG_HOME="$scratch"
mkdir "$scratch/callhud"
printf '[callhud]\n[profile lab]\nuser = x\n[ profile  my-work.2 ]\n#[profile no]\n' \
    >"$scratch/callhud/config.ini"

result() { # result FAILED NAME [TEXT]
    if [ "$1" = 0 ]; then echo "ok - $2"; else
        echo "not ok - $2"
        [ -z "$3" ] || printf '# %s\n' "$3"
        bad=1
    fi
}

"$CALLHUD" completion bash >"$scratch/bash"
bash -n "$scratch/bash"
result $? "bash reads its completion"

completes() { # completes WANTED WORD...: as bash calls it, the last word being typed
    wanted=$1
    shift
    got=$(bash --norc -c '
        source "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        _callhud
        echo "${COMPREPLY[*]}"' "$scratch/bash" "$@")
    [ "$got" = "$wanted" ]
    result $? "bash completes '$*'" "got '$got', wanted '$wanted'"
}
completes 'status' callhud st
completes 'console status watch pickup listen whisper barge takeover hangup dnd record list presence audit doctor theme shot demo exchange completion' callhud ''
completes 'on off' callhud record 101 ''
completes 'off' callhud --json dnd 101 of
completes 'on off' callhud record --call c-1 101 ''
completes '' callhud record 101 on ''
completes '--call' callhud barge 101 --ca
completes '' callhud barge 101 --call ''
completes 'show verify' callhud audit ''
completes 'journald' callhud audit verify --against ''
completes 'list show check' callhud theme ''
completes 'light' callhud theme show li
completes 'lab my-work.2' callhud --profile ''
completes 'my-work.2' callhud --profile = m
completes 'json' callhud --format = j
completes 'table json csv' callhud status --format ''
completes '--read-only' callhud status --rea
completes 'theme' callhud --profile lab --ascii them
completes 'asterisk ringcentral' callhud doctor --example ''
completes '--example' callhud doctor --ex
completes '' callhud status --ex
completes 'zsh' callhud completion z
completes '' callhud completion zsh ''

bash --norc -c 'source "$0" && complete -p callhud' "$scratch/bash" >/dev/null 2>&1
result $? "bash knows the completion of callhud"

for shell in zsh fish; do
    "$CALLHUD" completion $shell >"$scratch/$shell"
    if command -v $shell >/dev/null; then
        $shell -n "$scratch/$shell"
        result $? "$shell reads its completion"
    else
        echo "ok - $shell reads its completion # SKIP $shell is not installed"
    fi
done
exit $bad
