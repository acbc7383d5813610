# Sourced by run.sh: which programs run, in which order, how many at once. What takes longest begins
# first, so that a batch does not end with one program alone.
# shellcheck shell=sh disable=SC2154

programs() { # programs FOLDER PATTERN: the built test programs
    find "$1" -maxdepth 1 -type f -perm -u+x -name "$2" | sort
}
first() { # first PATTERN... <LIST: the lines of the list, those of each pattern before the rest
    sort >"$queue.all"
    for pattern; do grep -E "$pattern" "$queue.all" || true; done >"$queue.first"
    awk '!seen[$0]++' "$queue.first" "$queue.all"
}
plan_script() { # plan_script SECONDS FILE...
    limit=$1
    shift
    for script; do
        case $script in
        *'*'*) continue ;;
        tests/e2e/*) kind=e2e- ;;
        tests/bench/*) kind=rt- ;;
        *) kind= ;;
        esac
        plan "$kind$(basename "$script" | sed 's/\..*//')" "$limit" sh tests/lab_run.sh "$script"
    done
}

plan_usual() {
    for script in tests/lint/*.sh; do plan "lint-$(basename "$script" .sh)" 120 sh "$script"; done
    batch 2 "lint"

    # What only computes goes beside what also waits.
    for program in $(programs build 'test_*' | first supervise_trouble ari_act ari_world hud log); do
        # what takes long there and has little to do with memory, or has clocks and kills: in the long run
        case $program in */test_net_* | */test_tty_out | */test_term | */test_ex_* | */test_audit | \
            */test_ari_desk_write | */test_ari_act | */test_ari_supervise_trouble | \
            */test_order | */test_log | */test_loop | */test_keeper | */test_made | */test_plain | \
            */test_doing | */test_demo | */test_screen | */test_model_property | */test_list_property | \
            */test_utf8* | */test_config) continue ;; esac
        plan "valgrind-$(basename "$program")" 900 sh tests/valgrind.sh "$program"
    done
    for fuzzer in $(programs build/fuzz 'fuzz_*'); do
        plan "$(basename "$fuzzer")" 300 sh tests/fuzz/run.sh "$fuzzer" 5
    done
    beside

    for script in tests/model/*.sh; do plan "model-$(basename "$script" .sh)" 300 sh "$script"; done
    plan model-list 300 build/test_list_property
    for program in $(programs build/dev 'test_*' | first model_property screen keeper audit tty_out net_ws ex_traffic); do
        sequences=
        case $program in
        */test_model_property) sequences="env CALLHUD_SEQUENCES=1000" ;;
        */test_list_property) sequences="env CALLHUD_SEQUENCES=500 CALLHUD_PLAYS=200" ;;
        esac
        # shellcheck disable=SC2086
        plan "asan-$(basename "$program")" 300 $sequences "$program"
    done
    batch 3 "unit, model, screen and protocol programs under ASan and UBSan; mutants of the model; the list;
   beside these and the next: valgrind, and fuzzers for 5 s each"

    # What mostly waits: for a PBX of its own, for a terminal, for a clock.
    plan_script 420 tests/proto/ex_list_kill.py tests/proto/lab_day.py
    plan ex_storm 420 python3 tests/proto/storm.py
    # shellcheck disable=SC2010,SC2046
    plan_script 420 $(ls tests/proto/lab_*.py tests/proto/ex_*.sh tests/proto/ex_*.py tests/e2e/*.sh \
        tests/e2e/test_*.py |
        grep -vE '/(ex_list_kill|lab_day|lab_lamps|test_stall|test_resolver)\.py$' |
        first random lab_commands ex_acting act_race act_console test_terminal list_two act_audit test_valgrind \
            act_audio act_clean test_captures ex_switches ex_presence test_hostile)
    batch 5 "the real Asterisk, the exchange, terminals"
    settle

    plan_script 300 tests/bench/rt_first_frame.py tests/bench/rt_latency.py
    batch 1 "real time, alone, on the release binary"
    plan_script 420 tests/bench/rt_bytes.py tests/e2e/test_stall.py
    plan rt-rc_cost 300 sh tests/lab_run.sh tests/bench/rc_cost.py
    plan_script 420 tests/bench/rt_memory.py \
        tests/proto/lab_lamps.py tests/bench/rt_load.py tests/e2e/test_resolver.py
    batch 2 "real time: a minute of nobody reading; bytes, cost, memory, lamps, load"
}

case $what in
all | only) plan_usual ;;
long) . tests/plan_long.sh ;;
bench) . tests/plan_bench.sh ;;
esac
