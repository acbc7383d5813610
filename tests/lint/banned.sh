#!/bin/sh
# Functions that do not belong into the program.
cd "$(dirname "$0")/../.." || exit 1
bad=0

none() { # none NAME PATTERN FILES...: no line of code matches
    name=$1 pattern=$2
    shift 2
    # Comments may talk of them.
    found=$(grep -rnE --include='*.[ch]' "$pattern" "$@" | grep -vE '^[^:]+:[0-9]+: *(/?\*|//)')
    if [ -z "$found" ]; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        echo "$found" | sed 's/^/# /'
        bad=1
    fi
}
call() { # the names as calls
    printf '(^|[^A-Za-z0-9_>.])(%s) *\\(' "$1"
}
others=$(find src -mindepth 1 -maxdepth 1 -type d ! -name app ! -name doc)
none "no unbounded or careless libc calls" \
    "$(call 'sprintf|vsprintf|strcpy|strcat|stpcpy|gets|atoi|atol|atof|strtok|system|popen|alloca|mktemp|tmpnam')" \
    src include
# shellcheck disable=SC2086
none "no exit() below app" "$(call 'exit|quick_exit')" $others
none "memory comes from base/mem" "$(call 'malloc|calloc|realloc|strdup|strndup|asprintf')" \
    src/model src/backend src/draw src/ui src/app
none "nothing waits below app" "$(call 'sleep|usleep|nanosleep')" src
none "model and cells know no clock" \
    "$(call 'time|clock_gettime|gettimeofday|clock_(mono|wall|boot)_ms')" src/model src/draw
exit $bad
