#!/bin/sh
# Opens the console: installs what is missing, builds, and starts callhud on the first profile of the
# configuration; when there is none, on a real Asterisk with telephones of its own, on loopback, with a
# busy day of calls (the lab of the tests: nothing is installed on the system for it, and it ends with
# the console).
set -eu
cd "$(dirname "$0")/.."
sh tests/run.sh build

config=${XDG_CONFIG_HOME:-$HOME/.config}/callhud/config.ini
if [ -e "$config" ] && grep -q '^[[:space:]]*\[profile ' "$config"; then
    exec build/callhud "$@"
fi

echo "No profile in $config: opening the laboratory's telephone system (a minute the first time)." >&2
. tests/setup.sh
setup_packages lab
lab=tests/lab
bash "$lab/install.sh" >/dev/null
LAB_RUN=$(mktemp -d /tmp/callhud-start.XXXXXX)
export LAB_RUN
day=
end() {
    [ -z "$day" ] || kill "$day" 2>/dev/null || true
    bash "$lab/stop.sh" --run "$LAB_RUN" >/dev/null 2>&1 || true
    rm -rf "$LAB_RUN"
}
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
json=$(bash "$lab/start.sh" --agents 16 --run "$LAB_RUN")
jq -r .ari.password "$json" >"$LAB_RUN/hud.pass"
chmod 600 "$LAB_RUN/hud.pass"
cat >"$LAB_RUN/config.ini" <<CONFIG
[profile lab]
backend = asterisk
server = $(jq -r .ari.url "$json")
user = hud
password_file = $LAB_RUN/hud.pass
phone = PJSIP/116
monitor = 101-116
pick_up_held_lines = yes

[users]
101 = Noor Haddad | Sales
102 = Rana Aziz | Sales
103 = Omar Said | Sales
104 = Lena Fischer | Sales
105 = Ken Ito | Sales
106 = Zoë Brandt | Sales
107 = Ana Ruiz | Support
108 = Bo Chen | Support
109 = Ivo Marek | Support
110 = Mia Rossi | Support
111 = Jo Park | Support
112 = 田中 花子 | Support
113 = Eva Novak | Billing
114 = Tim Byrne | Billing
115 = Pia Holm | Billing
116 = Sam Okoye | Billing
CONFIG
# An hour of calls; it ends with the console.
bash "$lab/scenario.sh" --run "$LAB_RUN" busy-day 3600 7 >/dev/null 2>&1 </dev/null &
day=$!
build/callhud --config "$LAB_RUN/config.ini" "$@" || exit $?
