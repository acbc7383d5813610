#!/bin/sh
# long_property.sh PROGRAM SECONDS: the property test of the model, fresh seeds all the time.
program=$1 seconds=$2
end=$(($(date +%s) + seconds))
rounds=0
while [ "$(date +%s)" -lt "$end" ]; do
    if ! CALLHUD_SEQUENCES=2000 "$program" >"${TMPDIR:-/tmp}/callhud-property.$$" 2>&1; then
        cat "${TMPDIR:-/tmp}/callhud-property.$$"
        rm -f "${TMPDIR:-/tmp}/callhud-property.$$"
        echo "not ok - property test, after $rounds rounds of 2000 histories"
        exit 1
    fi
    rounds=$((rounds + 1))
done
rm -f "${TMPDIR:-/tmp}/callhud-property.$$"
echo "ok - property test for $seconds s: $rounds rounds of 2000 histories"
[ "$rounds" -gt 0 ]
