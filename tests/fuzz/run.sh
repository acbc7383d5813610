#!/bin/sh
# run.sh FUZZER SECONDS: fuzzes over the stored corpus; new inputs go to a scratch folder.
fuzzer=$1 seconds=$2
name=$(basename "$fuzzer" | sed 's/^fuzz_//')
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/callhud-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
set -- "$scratch"
[ -d "$here/corpus/$name" ] && set -- "$@" "$here/corpus/$name"
dict=$here/dict/$name.dict
[ -e "$dict" ] && set -- "$@" "-dict=$dict"
if "$fuzzer" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="${TMPDIR:-/tmp}/callhud-$name-" "$@"; then
    echo "ok - fuzz $name for $seconds s"
else
    echo "not ok - fuzz $name"
    exit 1
fi
