#!/bin/sh
# Builds callhud and runs its tests. Does all its own set-up on a Debian machine.
#
#   sh tests/run.sh          everything that CI runs
#   sh tests/run.sh build    only the optimised binary, build/callhud
#   sh tests/run.sh long     what takes longer: long fuzzing, faults, valgrind on all, soak
#   sh tests/run.sh bench    the figures, as ratios
#   sh tests/run.sh only NAME...   the named test programs of the usual run (substrings)
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
what=${1:-all}
# shellcheck source=setup.sh
. tests/setup.sh

case $what in
all | build | long | bench | only) ;;
*) echo "usage: sh tests/run.sh [build | long | bench | only NAME...]" >&2; exit 2 ;;
esac
[ $# = 0 ] || shift
names=$*

quietly() { # quietly LOG COMMAND...
    quiet_log=$1
    shift
    "$@" >"$quiet_log" 2>&1 || { cat "$quiet_log" >&2; exit 1; }
}
configure() { # configure FOLDER KIND [OPTIONS]
    folder=$1 kind=$2
    shift 2
    mkdir -p "$folder"
    quietly "$folder/configure.log" cmake -S "$top" -B "$folder" -DCALLHUD_KIND="$kind" "$@"
}
compile() { # compile FOLDER [TARGET...]
    folder=$1
    shift
    for target in "${@:-all}"; do
        quietly "$folder/compile.log" cmake --build "$folder" -j 2 --target "$target"
    done
}

if [ "$what" = build ]; then
    setup_packages build
    configure build release
    compile build callhud
    echo "built: build/callhud"
    exit 0
fi
setup_packages tests
echo "== build: release (gcc), dev (gcc, ASan+UBSan), fuzz (clang)"
configure build release -DCALLHUD_TESTS=ON
compile build
configure build/dev dev -DCALLHUD_TESTS=ON
compile build/dev
configure build/fuzz fuzz -DCMAKE_C_COMPILER=clang
compile build/fuzz fuzzers

out=$top/build/results
rm -rf "$out"
mkdir -p "$out"
LC_ALL=C.UTF-8 TZ=UTC CMOCKA_MESSAGE_OUTPUT=TAP
export LC_ALL TZ CMOCKA_MESSAGE_OUTPUT
CALLHUD=$top/build/callhud CALLHUD_DEV=$top/build/dev/callhud CALLHUD_BUILD=$top/build
export CALLHUD CALLHUD_DEV CALLHUD_BUILD
ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS

beside_pid=
trap '[ -z "$beside_pid" ] || kill -- "-$beside_pid" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM HUP
queue=$out/queue
: >"$out/planned"
: >"$queue"
plan() { # plan NAME SECONDS COMMAND...: one program for the next batch
    if [ "$what" = only ]; then
        found=0
        for n in $names; do case $1 in *"$n"*) found=1 ;; esac; done
        [ "$found" = 1 ] || return 0
    fi
    printf '%s\n' "$*" >>"$queue"
    echo "$1" >>"$out/planned"
}
run_queue() { # run_queue JOBS FILE [PREFIX]: in a shell of its own, which it ends
    # shellcheck disable=SC2016
    exec ${3:-} xargs -P "$1" -I '{}' sh -c 'sh tests/tap.sh "$0" $1' "$out" '{}' <"$2"
}
batch() { # batch JOBS TITLE: runs what was planned
    if [ -s "$queue" ]; then
        echo "== $2"
        began=$(date +%s)
        (run_queue "$1" "$queue")
        echo "== $(($(date +%s) - began)) s"
    fi
    : >"$queue"
}
beside() { # what was planned only computes: it gets the time that the batches up to settle() leave
    mv "$queue" "$queue.beside"
    : >"$queue"
    CALLHUD_BESIDE=1 run_queue 2 "$queue.beside" setsid & # a group of its own, which ends with us
    beside_pid=$!
}
settle() { # what runs beside comes to its end: from here on the machine is quiet
    began=$(date +%s)
    [ -z "$beside_pid" ] || wait "$beside_pid"
    beside_pid=
    echo "== $(($(date +%s) - began)) s more for what ran beside them"
}

# shellcheck source=plan.sh
. tests/plan.sh

set -- 0 0 0
while read -r name; do
    if [ -e "$out/$name.result" ]; then
        read -r p f s <"$out/$name.result"
    else
        echo "FAILED $name: it was planned, and did not run"
        p=0 f=1 s=0
    fi
    set -- $(($1 + p)) $(($2 + f)) $(($3 + s))
done <"$out/planned"
echo "logs: build/results"
if [ "$3" = 0 ]; then echo "$1 passed, $2 failed"; else echo "$1 passed, $2 failed, $3 skipped"; fi
[ "$2" = 0 ] && [ "$1" != 0 ]
