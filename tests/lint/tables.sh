#!/bin/sh
# Every command and setting is explained, and named in a test. Needs the built program and its pages.
cd "$(dirname "$0")/../.." || exit 1
: "${CALLHUD:=build/callhud}"
page=$(dirname "$CALLHUD")/callhud
bad=0

check() { # check NAME MISSING
    if [ -z "$2" ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        # shellcheck disable=SC2086
        printf '# %s\n' $2
        bad=1
    fi
}
is_tested() { # is_tested WORD: some test other than this one has it
    grep -rqwF --include='*.c' --include='*.sh' --include='*.py' --include='*.steps' \
        --exclude=tables.sh -e "$1" tests
}

commands=$("$CALLHUD" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
missing=
for name in $commands; do
    "$CALLHUD" "$name" --help | grep -q "^usage: callhud $name" || missing="$missing $name"
done
[ -n "$commands" ] || missing="no-commands-found"
check "every command has a help of its own" "$missing"
missing=
for name in $commands; do is_tested "$name" || missing="$missing $name"; done
check "every command is named in a test" "$missing"

options=$("$CALLHUD" --help | sed -n '/^options:/,/^$/s/^  \(--[a-z-]*\).*/\1/p')
missing=
for name in $options; do is_tested "$name" || missing="$missing $name"; done
[ -n "$options" ] || missing="no-options-found"
check "every option is named in a test" "$missing"

# ".It Sy "keys" Cm "\&:name"" and a sentence on the next line.
keys=$(sed -n '/^\.Sh KEYS/,/^\.Sh ENVIRONMENT/p' "$page.1")
names=$(printf '%s\n' "$keys" | sed -n 's/^\.It.* Cm "\\&:\([^"]*\)"$/\1/p' | sed 's/\\-/-/g')
missing=$(printf '%s\n' "$keys" | awk '/^\.It/ { item = $0; getline; if (length($0) < 8 || /^\./) print item }')
[ -n "$names" ] || missing="no-commands-found"
check "every command of the console has a sentence" "$missing"
missing=
for name in $names; do is_tested "$name" || missing="$missing :$name"; done
check "every command of the console is named in a test" "$missing"

settings=$(sed -n '/^\.Sh SECTIONS/,/^\.Ss "\[users/s/^\.It Ic "\\&\([a-z_0-9]*\)".*/\1/p' "$page.5" | sort -u)
missing=
for name in $settings; do is_tested "$name" || missing="$missing $name"; done
[ -n "$settings" ] || missing="no-settings-found"
check "every setting is named in a test" "$missing"
exit $bad
