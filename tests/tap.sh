#!/bin/sh
# tap.sh OUT NAME SECONDS COMMAND...: runs one test program, keeps its output in OUT/NAME.log, and
# writes "PASSED FAILED SKIPPED" to OUT/NAME.result, counted from its TAP lines, and what it took (seconds
# by the clock, then the shell's "times") to OUT/NAME.times. A program that fails without saying which test,
# prints no test at all, or does not end in time counts as one failure.
#
# Programs that run against the clock, with real sockets, terminals and servers on a machine that others
# share, are run once more when they failed; that is said, and the first log kept in OUT/NAME.first.log. So is
# a program under valgrind that valgrind itself found nothing in: what it tests is judged by its run under ASan.
out=$1 name=$2 seconds=$3
shift 3
log=$out/$name.log

# What runs beside others wakes nobody later than an idle machine would (SCHED_IDLE, else the least nice).
idle=
if [ "${CALLHUD_BESIDE:-}" = 1 ]; then
    if chrt -i 0 true 2>/dev/null; then idle="chrt -i 0"; else idle="nice -n 19"; fi
fi

skip='^(not )?ok\b.*# SKIP' # cmocka writes "not ok" before it
run_once() {
    # shellcheck disable=SC2086
    timeout -k 10 "$seconds" $idle "$@" >"$log" 2>&1 </dev/null
    rc=$?
    skipped=$(grep -cE "$skip" "$log")
    passed=$(grep -E '^ok\b' "$log" | grep -cvE "$skip")
    failed=$(grep -E '^not ok\b' "$log" | grep -cvE "$skip")
    if [ "$rc" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
    if [ $((passed + failed + skipped)) = 0 ]; then failed=1; fi
}

case $name in
lab_* | e2e-* | ex_* | rt-* | *test_net_* | *test_tty_out | *test_term | *test_loop | *test_resolve | \
    *test_secrets | *test_out | *test_audit | *test_made | *test_ex_server | *test_demo) has_clock=1 ;;
*) has_clock=0 ;;
esac
began=$(date +%s)
run_once "$@"
case $name in valgrind-*) grep -qE '^==[0-9]+== ' "$log" || has_clock=1 ;; esac
if [ "$failed" != 0 ] && [ $has_clock = 1 ]; then
    cp "$log" "$out/$name.first.log"
    echo "again $name: it failed once (exit $rc), see $out/$name.first.log"
    grep -E '^not ok\b' "$log" | head -n 5
    run_once "$@"
fi
echo "$passed $failed $skipped" >"$out/$name.result"
echo "$(($(date +%s) - began))" >"$out/$name.times"
times >>"$out/$name.times"
if [ "$failed" != 0 ]; then
    echo "FAILED $name (exit $rc): $log"
    grep -E '^not ok\b' "$log" | head -n 20
    tail -n 25 "$log"
else
    [ "$skipped" = 0 ] || grep -E "$skip" "$log"
    echo "passed $name ($passed)"
fi
exit 0
