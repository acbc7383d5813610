# Sourced by run.sh: what takes longer. CALLHUD_LONG_SECONDS (600) is the length of each part.
# shellcheck shell=sh disable=SC2154
long=${CALLHUD_LONG_SECONDS:-600}
limit=$((long * 2 + 300))

for fuzzer in $(programs build/fuzz 'fuzz_*'); do
    plan "long-$(basename "$fuzzer")" "$limit" sh tests/fuzz/run.sh "$fuzzer" "$long"
done
batch 2 "fuzzers, $long s each"

plan "long-model-property" "$limit" sh tests/bench/long_property.sh build/dev/test_model_property "$long"
plan "long-list-plays" "$limit" env CALLHUD_PLAYS_FROM="$(date +%s)" CALLHUD_PLAYS=20000 build/test_list_property
plan "long-screen-sizes" "$limit" env CALLHUD_SWEEP_STRIDE=1 build/dev/test_screen
plan "long-soak" "$limit" env CALLHUD_SOAK_SECONDS="$long" python3 tests/bench/soak.py
plan "long-storm" "$limit" env CALLHUD_STORM_SECONDS="$long" python3 tests/proto/storm.py
batch 2 "property test and soak, $long s each"

for program in $(programs build 'test_*'); do
    plan "long-valgrind-$(basename "$program")" 3600 \
        env CALLHUD_SEQUENCES=1000 sh tests/valgrind.sh "$program"
done
batch 2 "valgrind on all test programs, full sequences"

# Many more rounds of each; each has a PBX of its own.
for name in audio clean race audit random; do
    plan "long-lab_act_$name" 3600 \
        env CALLHUD_LONG_ACTS=1 sh tests/lab_run.sh "tests/proto/lab_act_$name.py"
done
batch 2 "acting on calls on the real Asterisk, long form"

plan "long-rc_cost" 900 env CALLHUD_LARGE_FLOOR=1 sh tests/lab_run.sh tests/bench/rc_cost.py
batch 1 "a floor of 100,000 people"

# Many more histories of the list in its two homes, and more edits at once.
plan "long-ex_list_kill" 3600 env CALLHUD_HISTORIES=200 python3 tests/proto/ex_list_kill.py
plan "long-ex_list_two" 3600 env CALLHUD_EDITS=400 python3 tests/proto/ex_list_two.py
batch 2 "the one list on the exchange, long form"
