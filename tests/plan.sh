# Sourced by run.sh: which programs run, in which order, how many at once.
# shellcheck shell=sh disable=SC2154

programs() { # programs FOLDER PATTERN: the built test programs
    find "$1" -maxdepth 1 -type f -perm -u+x -name "$2" | sort
}

plan_usual() {
    for script in tests/lint/*.sh; do plan "lint-$(basename "$script" .sh)" 120 sh "$script"; done
    batch 2 "lint"

    for program in $(programs build/dev 'test_*'); do
        plan "asan-$(basename "$program")" 300 "$program"
    done
    batch 2 "unit, model, screen and protocol programs under ASan and UBSan"
    for script in tests/model/*.sh; do plan "model-$(basename "$script" .sh)" 300 sh "$script"; done
    batch 2 "mutants of the model"

    for fuzzer in $(programs build/fuzz 'fuzz_*'); do
        plan "$(basename "$fuzzer")" 120 sh tests/fuzz/run.sh "$fuzzer" 10
    done
    batch 2 "fuzzers, 10 s each"

    for program in $(programs build 'test_*'); do
        # what takes long there, or has clocks and kills: in the long run
        case $program in */test_net_* | */test_tty_out | */test_term | */test_ex_* | */test_audit | \
            */test_made | */test_plain | */test_doing | */test_demo) continue ;; esac
        plan "valgrind-$(basename "$program")" 400 sh tests/valgrind.sh "$program"
    done
    batch 2 "valgrind"

    # What mostly waits: for a PBX of its own, for a terminal, for a clock.
    for script in tests/proto/lab_*.sh tests/proto/lab_*.py; do
        case $script in *'*'* | */lab_lamps.py) continue ;; esac
        plan "$(basename "$script" | sed 's/\..*//')" 420 sh tests/lab_run.sh "$script"
    done
    for script in tests/proto/ex_*.sh tests/proto/ex_*.py; do
        plan "$(basename "$script" | sed 's/\..*//')" 420 sh tests/lab_run.sh "$script"
    done
    for script in tests/e2e/*.sh tests/e2e/test_*.py; do
        case $script in *'*'* | */test_stall.py | */test_resolver.py) continue ;; esac
        plan "e2e-$(basename "$script" | sed 's/\..*//')" 300 sh tests/lab_run.sh "$script"
    done
    for name in rt_bytes rt_memory; do
        plan "rt-$name" 300 sh tests/lab_run.sh tests/bench/$name.py
    done
    batch 3 "the real Asterisk, terminals, bytes and memory"

    plan lab_lamps 420 sh tests/lab_run.sh tests/proto/lab_lamps.py
    for name in test_stall test_resolver; do
        plan "e2e-$name" 300 sh tests/lab_run.sh tests/e2e/$name.py
    done
    for script in tests/bench/rt_*.sh tests/bench/rt_*.py; do
        case $script in *'*'* | */rt_bytes.py | */rt_memory.py) continue ;; esac
        plan "rt-$(basename "$script" | sed 's/\..*//')" 300 sh tests/lab_run.sh "$script"
    done
    batch 1 "real time, alone, on the release binary"
}

case $what in
all | only) plan_usual ;;
long) . tests/plan_long.sh ;;
bench) . tests/plan_bench.sh ;;
esac
