#!/bin/sh
# An include may only point down, and a library's header stays with its owner.
cd "$(dirname "$0")/../.." || exit 1
bad=0

sees() { # sees FLOOR: the floors that it may include
    case $1 in
    base) echo base ;;
    model) echo base model ;;
    draw) echo base draw ;;
    net) echo base net ;;
    backend) echo base model backend ;;
    term) echo base draw term ;;
    ui) echo base model draw ui ;;
    exchange) echo base exchange ;;
    app) echo base model draw net backend term ui exchange app ;;
    esac
}
files_of() {
    find "src/$1" "include/callhud/$1" -name '*.[ch]' | sort
}

for floor in base model draw net backend term ui exchange app; do
    wrong=
    allowed=$(sees $floor | tr ' ' '|')
    for file in $(files_of $floor); do
        found=$(grep -nE '^#include "callhud/' "$file" | grep -vE "\"callhud/($allowed)/")
        # The seam between a backend and the network is the one header that net sees of backend.
        [ $floor = net ] && found=$(printf '%s' "$found" | grep -v '"callhud/backend/io.h"')
        [ -z "$found" ] || wrong="$wrong
# $file: $found"
    done
    if [ -z "$wrong" ]; then
        echo "ok - floor $floor includes only what is below it"
    else
        echo "not ok - floor $floor includes only what is below it$wrong"
        bad=1
    fi
done

owned() { # owned HEADER PATTERN-OF-OWNERS: who includes <HEADER> otherwise is wrong
    wrong=$(grep -rlE "^#include <$1>" src include | grep -vE "^($2)\$")
    if [ -z "$wrong" ]; then
        echo "ok - <$1> stays with its owner"
    else
        echo "not ok - <$1> stays with its owner"
        printf '%s\n' "$wrong" | sed 's/^/# /'
        bad=1
    fi
}
owned '(curses|ncurses|term|panel)\.h' 'src/term/[a-z_]+\.[ch]|include/callhud/term/curses_quiet\.h'
owned 'libwebsockets\.h' 'src/net/ws[a-z_]*\.[ch]|src/exchange/server[a-z_]*\.[ch]'
owned 'curl/.*' 'include/callhud/net/curl_library\.h'
owned 'uv\.h' 'src/net/[a-z_]+\.[ch]|src/term/tty_out\.c|src/exchange/server[a-z_]*\.[ch]'
owned 'jansson\.h' 'src/backend/.*_wire(_[a-z]+)?\.[ch]|src/app/(jsonout|list_rows_in|list_text)\.c|(src|include/callhud)/exchange/[a-z_]+\.[ch]'
owned 'openssl/.*' 'src/net/(tls|digest)\.c'
owned '(sqlite3|ini)\.h' 'src/app/journal\.c'

# base stands on libc alone, and the model has nothing to do with files, sockets and waiting.
libc='assert|ctype|dirent|endian|errno|fcntl|inttypes|langinfo|limits|locale|math|pthread|signal'
libc="$libc|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|time|unistd|wchar|wctype"
libc="$libc|sys/[a-z]+"
wrong=$(grep -rnE '^#include <' src/base include/callhud/base | grep -vE "<($libc)\.h>")
if [ -z "$wrong" ]; then echo "ok - base includes libc alone"; else
    echo "not ok - base includes libc alone"
    echo "$wrong" | sed 's/^/# /'
    bad=1
fi
wrong=$(grep -rnE '^#include (<(time|unistd|fcntl|poll|signal|pthread|sys/.*)\.h>|"callhud/base/log\.h")' \
    src/model include/callhud/model)
if [ -z "$wrong" ]; then echo "ok - the model does no I/O"; else
    echo "not ok - the model does no I/O"
    echo "$wrong" | sed 's/^/# /'
    bad=1
fi
exit $bad
