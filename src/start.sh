#!/bin/sh
# Opens the console: installs what is missing, builds, and starts callhud on the profile of the
# configuration; when there is none, the demo: a telephone floor of its own, on loopback, that ends with
# the console. Options are passed on: --profile NAME where there are several.
set -eu
cd "$(dirname "$0")/.."
if [ -e build/callhud ]; then
    echo "Building what has changed." >&2
else
    echo "First start: building callhud, which takes a minute or two." >&2
fi
sh tests/run.sh build

config=${XDG_CONFIG_HOME:-${HOME:-}/.config}/callhud/config.ini
if [ -e "$config" ] && grep -q '^[[:space:]]*\[profile ' "$config"; then
    exec build/callhud "$@"
fi
echo "No profile in $config: opening the demo." >&2
exec build/callhud demo "$@"
