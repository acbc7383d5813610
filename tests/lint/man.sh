#!/bin/sh
# The man pages are clean, whole, and say what the program says.
cd "$(dirname "$0")/../.." || exit 1
: "${CALLHUD:=build/callhud}"
page=$(dirname "$CALLHUD")/callhud
bad=0

result() { # result FAILED NAME [TEXT]
    if [ "$1" = 0 ]; then echo "ok - $2"; else
        echo "not ok - $2"
        [ -z "$3" ] || printf '%s\n' "$3" | sed 's/^/# /'
        bad=1
    fi
}
for section in 1 5; do
    said=$(mandoc -Tlint -W warning "$page.$section" 2>&1)
    result $? "callhud($section) passes mandoc" "$said"
    said=$(grep -n '^@' "$page.$section")
    [ -z "$said" ]
    result $? "callhud($section) has no marker left" "$said"
done

text=$(mandoc -Tutf8 -O width=200 "$page.1" | sed 's/.\x08//g')
missing=
for word in $("$CALLHUD" --help | sed -n 's/^  \(--[a-z-]*\|[a-z]*\) .*/\1/p'); do
    printf '%s\n' "$text" | grep -qF -- "$word" || missing="$missing $word"
done
[ -z "$missing" ]
result $? "callhud(1) names every command and option" "$missing"
said=$(printf '%s\n' "$text" | sed -n '/^COMMANDS/,/^OPTIONS/p' | grep -E '[^ ] {8}')
[ -z "$said" ]
result $? "in callhud(1) the rows of a command are rows" "$said"
missing=
for code in 0 1 2 3 4 129 130 131 143 148; do # of the commands that act: tests/unit/test_doing.c
    printf '%s\n' "$text" | sed -n '/^EXIT STATUS/,$p' | grep -qE "^ +([0-9]+, )*$code(,| |\$)" ||
        missing="$missing $code"
done
[ -z "$missing" ]
result $? "callhud(1) names every exit status" "$missing"
missing=
for lamp in ringing hold parked on_call hidden offline dnd away presence_only available unknown; do
    printf '%s\n' "$text" | grep -qE " $lamp\$" || missing="$missing $lamp"
done
[ -z "$missing" ]
result $? "callhud(1) names every lamp" "$missing"

missing=
for word in $(sed -n 's/^    {EX_[A-Z_]*, "\([a-z-]*\)", .*/\1/p' src/exchange/world.c) \
    $(sed -n 's/^    X(FAULT_[A-Z0-9_]*, "\([a-z0-9-]*\)", .*/\1/p' include/callhud/exchange/faults.h); do
    printf '%s\n' "$text" | grep -qE " $word( |\$)" || missing="$missing $word"
done
[ -z "$missing" ]
result $? "callhud(1) names every switch and fault of the exchange" "$missing"

# The profile of the page is one that the program reads.
example=$(mktemp)
trap 'rm -f "$example"' EXIT
sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$page.5" | grep -v '^\.' >"$example"
said=$("$CALLHUD" doctor --config "$example" --json </dev/null | tr '}' '\n' | grep '"check":"profile"')
case $said in *'"result":"ok"'*) false ;; *) true ;; esac
result $((1 - $?)) "the example of callhud(5) is a profile" "$said"
exit $bad
