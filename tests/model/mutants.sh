#!/bin/sh
# The property test must notice a wrong rule. Builds it once for each deliberate mistake of the naive
# implementation (NAIVE_MUTANT) and demands that 2,000 histories show the difference; the unchanged
# one must agree. Needs only a C compiler and the sources of model and base. CC, CFLAGS are obeyed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${CC:=cc}" "${CFLAGS:=-O1}"
mutants=25
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# $1: object, $2: source, the rest: further flags
compile() {
    object=$1 source=$2
    shift 2
    # shellcheck disable=SC2086
    $CC -std=c11 -D_GNU_SOURCE $CFLAGS -I"$root/include" "$@" -c "$source" -o "$work/$object"
}

for source in "$root"/src/base/*.c "$root"/src/model/*.c; do
    compile "lib_$(basename "$source" .c).o" "$source"
done
for source in generate op test_model_property; do
    compile "lib_test_$source.o" "$here/$source.c"
done

survived=0
mutant=0
while [ "$mutant" -le "$mutants" ]; do
    for source in naive naive_tables; do
        compile "$source.o" "$here/$source.c" "-DNAIVE_MUTANT=$mutant"
    done
    # shellcheck disable=SC2086
    $CC $CFLAGS "$work"/lib_*.o "$work/naive.o" "$work/naive_tables.o" -o "$work/test"
    rc=0
    CALLHUD_SEQUENCES=2000 CALLHUD_SHRINK=0 "$work/test" >"$work/out" 2>&1 || rc=$?
    if [ "$mutant" -eq 0 ]; then
        if [ "$rc" -ne 0 ]; then
            cat "$work/out"
            echo "not ok - the unchanged naive implementation agrees: see above"
            exit 1
        fi
        echo "ok - the unchanged naive implementation agrees"
    elif [ "$rc" -eq 0 ]; then
        echo "not ok - mutant $mutant is noticed"
        survived=$((survived + 1))
    elif ! grep -q '^FAILED: replay' "$work/out"; then
        cat "$work/out"
        echo "not ok - mutant $mutant did not run"
        survived=$((survived + 1))
    else
        echo "ok - mutant $mutant is noticed"
    fi
    mutant=$((mutant + 1))
done
echo "# $((mutants - survived)) of $mutants mutants noticed"
[ "$survived" -eq 0 ]
