#!/bin/bash
# The commands that print once: output, exit codes, one line on standard error.
: "${CALLHUD:=build/callhud}"
bad=0 scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CONFIG_HOME=$scratch/config XDG_STATE_HOME=$scratch/state LC_ALL=C.UTF-8
mkdir -p "$XDG_CONFIG_HOME/callhud/themes"
config=$XDG_CONFIG_HOME/callhud/config.ini

result() { # result FAILED NAME
    if [ "$1" = 0 ]; then echo "ok - $2"; else
        echo "not ok - $2"
        sed 's/^/# out: /' "$scratch/out" | head -n 8
        sed 's/^/# err: /' "$scratch/err"
        bad=1
    fi
}
ends() { # ends CODE NAME ARGS...: output in $scratch/out and err; failures say one line
    local wanted=$1 name=$2 code
    shift 2
    "$CALLHUD" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    code=$?
    [ $code = "$wanted" ] && { [ $code -lt 2 ] || [ "$(wc -l <"$scratch/err")" = 1 ]; }
    result $? "$name ends with $wanted (got $code)"
}
says() { # says FILE PATTERN NAME
    grep -qE -- "$2" "$scratch/$1"
    result $? "$3"
}

ends 0 "--version" --version
says out '^callhud [0-9]' "--version prints it"
ends 0 "--help" --help
ends 2 "a command that is none" statsu
says err "^callhud: .*did you mean 'status'" "it names the nearest"
ends 2 "status without a profile" status
says err "doctor --example asterisk" "it says what to do next"
ends 2 "console without a profile"
ends 2 "watch with a configuration that is not there" watch --config "$scratch/none.ini"

printf '\n\n\n\n\n[profile lab]\nmonitr = all\n' >"$config"
ends 2 "status with a misspelt key" status
says err "config.ini:7: unknown key 'monitr' in \[profile lab\]: did you mean 'monitor'\?" \
    "it names file, line and the nearest key"
printf '[profile lab]\nserver = http://127.0.0.1:1/ari\nuser = u\npassword = s3cretword\n' >"$config"
ends 2 "status with a password in the configuration" status
says err 'password_command.*password_file.*CALLHUD_LAB_PASSWORD' "it names the three ways"
grep -q s3cretword "$scratch/out" "$scratch/err"
result $((1 - $?)) "and does not show it"
ends 1 "doctor with a faulty configuration" doctor
printf '[profile lab]\nserver = http://127.0.0.1:1/ari\nuser = u\n' >"$config"
ends 2 "status without a password" status
ends 2 "status of another profile" status --profile other
printf '[callhud]\ntheme = light\n' >"$config"

ends 0 "doctor without a profile" doctor
says out '^skip  profile .*doctor --example asterisk' "doctor says what to do next"
ends 0 "doctor --json" doctor --json
jq -e 'all(.[]; (.check | type) == "string" and (.text | type) == "string" and
    (.result | IN("ok", "warn", "FAIL", "skip"))) and length > 8' "$scratch/out" >/dev/null
result $? "doctor --json is an array of check, result, text"
ends 0 "doctor, for people" doctor
says out '^ok    audit ' "doctor looks at the record"
says out '^ok    leftovers ' "and for what killed runs left"
says out '^skip  actions ' "and says that what can be done was not tried"
(
    trap '' XFSZ
    ulimit -f 0 # as a disk that is full: files can be made, nothing can be put into them
    "$CALLHUD" doctor </dev/null 2>&1
    echo "ends with $?"
) | cat >"$scratch/out"
says out '^ends with 1' "doctor where nothing can be written ends with 1"
says out '^warn  state .*there will be no log file' "it says that there will be no log"
says out '^FAIL  audit .*what is done is not recorded' "and no record"
[ -z "$(find "$XDG_STATE_HOME" -name 'doctor-*')" ]
result $? "and leaves nothing of its own behind"
ends 0 "doctor --example" doctor --example asterisk
sed -n '/^\[profile/,$p' "$scratch/out" | sed 's/^password_file.*/password_command = echo x/' >"$scratch/example.ini"
ends 2 "doctor --example of another backend" doctor --example avaya
says err 'asterisk' "it names what exists"
"$CALLHUD" doctor --json --config "$scratch/example.ini" 2>&1 </dev/null >"$scratch/out" |
    cat >"$scratch/err"
jq -e '.[] | select(.check == "profile") | .result == "ok"' "$scratch/out" >/dev/null
result $? "the example is a profile that can be read"

ends 0 "theme list" theme list
[ "$(cat "$scratch/out")" = "$(printf 'colour-blind\ndefault\nhigh-contrast\nlight\nmono')" ]
result $? "theme list names the themes"
ends 0 "theme check" theme check
[ "$(grep -c '^ok ' "$scratch/out")" = 10 ]
result $? "every shipped theme passes in RGB and in 256 colours"
ends 0 "theme check --json" theme check default --json
jq -e '.[0].contrast.least > 4.5 and (.[0].differences | keys | length) == 4 and
    ([.[].colours] == ["rgb", "256"])' "$scratch/out" >/dev/null
result $? "theme check --json has the figures"
printf 'background = #000000\n[roles]\nringing = #202020\n' >"$XDG_CONFIG_HOME/callhud/themes/dim.theme"
ends 1 "theme check of one that cannot be read" theme check dim
says out 'FAIL.*dim' "it names the theme"
says out 'ringing has contrast 1\.' "and the role"
printf 'background = #000000\n[roles]\nringing = #f0f000\nhold = #f0f000\n' >"$scratch/twin.theme"
ends 1 "theme check of one whose lamps are alike" theme check "$scratch/twin.theme"
says out 'ringing and hold differ by 0\.0|hold and ringing differ by 0\.0' "it names the lamps"
ends 2 "theme check of none" theme check defalt
says err "did you mean 'default'" "it names the nearest theme"
ends 0 "theme show" theme show light
says out '▲ 101' "theme show draws the lamps"
grep -q "$(printf '\033')" "$scratch/out"
result $((1 - $?)) "without colours where there is no terminal"
TERM=xterm-256color COLORTERM=truecolor script -qec "'$CALLHUD' theme show light" /dev/null \
    >"$scratch/out" 2>"$scratch/err" </dev/null
says out '38;2;138;66;0m' "in 24 bits on a terminal that has them"
TERM=xterm-256color COLORTERM='' script -qec "'$CALLHUD' theme show light" /dev/null \
    >"$scratch/out" 2>"$scratch/err" </dev/null
says out '38;5;88m' "and in the theme's 256 elsewhere"

# The commands that act refuse before they touch the network.
printf '[profile lab]\nserver = http://127.0.0.1:1/ari\nuser = u\npassword_command = echo x\n' >"$config"
for command in "pickup 101" "listen 101" "whisper 101" "barge 101" "takeover 101" "hangup 101" "dnd 101" "dnd 101 on" \
    "record 101 off"; do
    # shellcheck disable=SC2086
    ends 4 "$command --read-only" $command --read-only --json --reason why
    says err "^callhud: --read-only is on" "it says why"
    [ ! -s "$scratch/out" ]
    result $? "and prints nothing"
done
ends 2 "record without a word" record 101
says err "write: callhud record EXT on\\|off" "it says what to write"
ends 2 "dnd with another word" dnd 101 maybe
ends 2 "listen to nobody" listen
ends 2 "listen --format csv" listen 101 --format csv
ends 2 "status --call" status --call x
ends 2 "audit of another kind" audit list
ends 0 "audit show without a record" audit show
ends 0 "audit verify without a record" audit verify

for command in --help "theme list" "doctor" "completion bash"; do
    # shellcheck disable=SC2086
    "$CALLHUD" $command >/dev/full 2>"$scratch/err" </dev/null
    [ $? = 1 ]
    result $? "$command on a full device ends with 1"
done
"$CALLHUD" --version >&- 2>/dev/null <&-
[ $? -le 1 ]
result $? "closed standard streams do no harm"
exit $bad
