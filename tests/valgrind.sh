#!/bin/sh
# valgrind.sh PROGRAM [ARGS]: the test program under memcheck; errors and definite leaks fail it.
here=$(cd "$(dirname "$0")" && pwd)
CALLHUD_SEQUENCES=${CALLHUD_SEQUENCES:-60}
CALLHUD_PLAYS=${CALLHUD_PLAYS:-30}
CALLHUD_ON_VALGRIND=1
export CALLHUD_SEQUENCES CALLHUD_PLAYS CALLHUD_ON_VALGRIND
exec valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect --trace-children=no \
    --suppressions="$here/valgrind.supp" "$@"
