# Sourced by run.sh: the figures, as ratios against a reference of the same run, one at a time.
# shellcheck shell=sh disable=SC2154
for script in tests/bench/bench_*.py tests/bench/rt_*.py; do
    [ -e "$script" ] || continue
    plan "$(basename "$script" .py)" 400 sh tests/lab_run.sh "$script"
done
plan "rc_cost" 900 env CALLHUD_LARGE_FLOOR=1 sh tests/lab_run.sh tests/bench/rc_cost.py
batch 1 "figures, alone, on the release binary"
echo "== figures"
for log in "$out"/bench_*.log "$out"/rt_*.log "$out"/rc_*.log; do
    [ -e "$log" ] || continue
    echo "$(basename "$log" .log):"
    sed -n 's/^# figure /    /p' "$log"
done
