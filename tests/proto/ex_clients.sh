#!/bin/sh
# Official clients, unmodified, do their whole job against `callhud exchange`; clients/install.sh puts
# them into the build folder. Prints TAP; skipped, with the reason, where there is no node or no package
# registry.
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

sh tests/proto/clients/install.sh >/dev/null 2>"$run/install"
case $? in
0) ;;
77)
    echo "ok 1 - the official clients # SKIP $(head -n 1 "$run/install")"
    sed 's/^/# /' "$run/install"
    exit 0
    ;;
*)
    echo "not ok - the clients can be installed"
    sed 's/^/# /' "$run/install"
    exit 1
    ;;
esac

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
