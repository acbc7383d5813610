#!/bin/sh
# Installs the official clients into the build folder once, by the lock file, and prints that folder.
# Several may call it at once. Exit 0: they are there; 77: no node or no package registry, the reason on
# stderr; else what npm said on stderr.
cd "$(dirname "$0")/../../.." || exit 1
: "${CALLHUD:=build/callhud}" "${CALLHUD_BUILD:=build}"
folder=$CALLHUD_BUILD/clients
for program in node npm; do
    command -v $program >/dev/null && continue
    echo "$program is not installed" >&2
    exit 77
done
mkdir -p "$folder" || exit 1
exec 9>"$folder/lock"
flock -w 300 9 || exit 1
is_unreachable() { # is_unreachable LOG: nobody is there; that a package is refused is a failure
    grep -qE 'ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|npm (error|ERR!) code E5[0-9][0-9]' "$1"
}
if ! cmp -s tests/proto/clients/package-lock.json "$folder/installed"; then
    cp tests/proto/clients/package.json tests/proto/clients/package-lock.json "$folder" || exit 1
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$folder/npm.log" 2>&1; then
        if is_unreachable "$folder/npm.log"; then
            echo "the package registry cannot be reached" >&2
            cat "$folder/npm.log" >&2
            exit 77
        fi
        cat "$folder/npm.log" >&2
        exit 1
    fi
    cp tests/proto/clients/package-lock.json "$folder/installed"
fi
echo "$folder"
