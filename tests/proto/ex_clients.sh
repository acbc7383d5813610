#!/bin/sh
# Official clients, unmodified, do their whole job against `callhud exchange`. Installs them into
# the build folder once, by the lock file; needs node and npm. Prints TAP; skipped, with the reason,
# where there is no node or no package registry.
cd "$(dirname "$0")/../.." || exit 1
: "${CALLHUD:=build/callhud}" "${CALLHUD_BUILD:=build}"
folder=$CALLHUD_BUILD/clients
run=$(mktemp -d)
exchange=
finish() {
    [ -z "$exchange" ] || kill "$exchange" 2>/dev/null
    rm -rf "$run"
}
trap finish EXIT

for program in node npm; do
    command -v $program >/dev/null && continue
    echo "ok 1 - the official clients # SKIP $program is not installed"
    exit 0
done
is_unreachable() { # is_unreachable LOG: nobody is there; that a package is refused is a failure
    grep -qE 'ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|npm (error|ERR!) code E5[0-9][0-9]' "$1"
}
if ! cmp -s tests/proto/clients/package-lock.json "$folder/installed"; then
    mkdir -p "$folder" && cp tests/proto/clients/package.json tests/proto/clients/package-lock.json "$folder" ||
        exit 1
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$run/npm.log" 2>&1; then
        if is_unreachable "$run/npm.log"; then
            echo "ok 1 - the official clients # SKIP the package registry cannot be reached"
            sed 's/^/# /' "$run/npm.log"
            exit 0
        fi
        echo "not ok - the clients can be installed"
        sed 's/^/# /' "$run/npm.log"
        exit 1
    fi
    cp tests/proto/clients/package-lock.json "$folder/installed"
fi

"$CALLHUD" exchange --listen 127.0.0.1:0 --users 12 --rate 0 --seed 7 --speed 1 \
    --switch bad-token-http=on --state "$run/state" --port-file "$run/port" >"$run/log" 2>&1 &
exchange=$!
tries=0
while [ ! -s "$run/port" ] && [ $tries -lt 100 ] && kill -0 $exchange 2>/dev/null; do
    sleep 0.1
    tries=$((tries + 1))
done
if [ ! -s "$run/port" ]; then
    echo "not ok - the exchange starts"
    sed 's/^/# /' "$run/log"
    exit 1
fi
NODE_PATH=$folder/node_modules node tests/proto/ex_clients.js "$run/port"
rc=$?
kill -TERM $exchange
wait $exchange
ended=$?
exchange=
if [ $ended = 143 ]; then echo "ok - the exchange ends cleanly on SIGTERM"; else
    echo "not ok - the exchange ends cleanly on SIGTERM"
    echo "# exit $ended"
    sed 's/^/# /' "$run/log"
    rc=1
fi
exit $rc
