#!/bin/sh
# run.sh FUZZER SECONDS: fuzzes over the stored corpus; new inputs go to a scratch folder.
fuzzer=$1 seconds=$2
name=$(basename "$fuzzer" | sed 's/^fuzz_//')
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/callhud-fuzz.XXXXXX")
trap 'rm -rf "$scratch" "$scratch.log"' EXIT
set -- "$scratch"
[ -d "$here/corpus/$name" ] && set -- "$@" "$here/corpus/$name"
dict=$here/dict/$name.dict
[ -e "$dict" ] && set -- "$@" "-dict=$dict"
if "$fuzzer" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="${TMPDIR:-/tmp}/callhud-$name-" "$@" >"$scratch.log" 2>&1; then
    tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch.log")
    if [ "${tried:-0}" -ge 100 ]; then
        echo "ok - fuzz $name for $seconds s: $tried inputs"
    else # it had no time, and has found nothing because of that
        echo "not ok - fuzz $name: ${tried:-no} inputs in $seconds s"
    fi
else
    cat "$scratch.log"
    echo "not ok - fuzz $name"
    exit 1
fi
