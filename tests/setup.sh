# Sourced: installs what is missing on a Debian machine. setup_packages build | lab | tests
# shellcheck shell=sh

packages_build="gcc libc6-dev make cmake pkg-config libncurses-dev libwebsockets-dev
libwebsockets-evlib-uv libuv1-dev libcurl4-openssl-dev libssl-dev libjansson-dev
ncurses-term ncurses-base"
packages_lab="bash jq curl python3 ca-certificates debian-archive-keyring procps"
packages_tests="libcmocka-dev libvterm-dev clang libclang-rt-14-dev cppcheck valgrind tmux htop
openssl mandoc libxml2-utils util-linux"

setup_packages() {
    wanted=$packages_build
    case $1 in
    lab) wanted=$packages_lab ;;
    tests) wanted="$wanted $packages_lab $packages_tests" ;;
    esac
    missing=
    # The official clients run on node, from wherever it is; without npm their test says so itself.
    if [ "$1" = tests ]; then
        command -v node >/dev/null || missing="$missing nodejs"
        command -v npm >/dev/null || missing="$missing npm"
    fi
    for package in $wanted; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    root=
    if ! command -v apt-get >/dev/null; then
        echo "no apt-get on this machine: install by hand what Debian calls:$missing" >&2
        return 1
    fi
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "packages are missing, and there is no sudo: as root, apt-get install$missing" >&2
            return 1
        fi
        root=sudo
    fi
    echo "installing:$missing" >&2
    # shellcheck disable=SC2086
    { $root apt-get update -q && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
        --no-install-recommends $missing; } >"${TMPDIR:-/tmp}/callhud-apt.$$.log" 2>&1 || {
        cat "${TMPDIR:-/tmp}/callhud-apt.$$.log" >&2
        echo "apt-get could not install:$missing" >&2
        return 1
    }
    rm -f "${TMPDIR:-/tmp}/callhud-apt.$$.log"
}
