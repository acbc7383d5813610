"""One whole console session, and watch, under valgrind: no error, nothing lost; over REST on the
websocket and over HTTP."""
import os
import subprocess
import time

from termenv import CALLHUD, FakeAri, Home, Pty, Tap, expect

HERE = os.path.dirname(os.path.abspath(__file__))
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect",
            f"--suppressions={HERE}/../valgrind.supp"]
KEYS = ["?", "\x1b", "\r", "\x1b", "v", "v", "v", "i", "\x1b", "/", "zo", "\r", "\x1b", "d", "\x1b",
        "z", "z", "!", "t", "o", ":", "log\r", "q", "\x0c", "\x12"]

tap = Tap()


def session(name, rest_over_ws, version):
    ari = FakeAri(users=[str(e) for e in range(101, 121)], rest_over_ws=rest_over_ws, version=version)
    home = Home(ari.url(), users=["101 = Noor Haddad | Sales", "102 = 田中 花子 | Support"])
    log = os.path.join(os.path.dirname(home.config), f"valgrind-{name}.log")
    args = [*VALGRIND[1:], f"--log-file={log}", CALLHUD, "--config", home.config]
    console = Pty(args, env=home.env(), binary="valgrind")
    expect(tap, console, lambda s: "Noor Haddad" in s and "live" in s, f"{name}: the floor is there",
           timeout=60)
    held = ari.ring("101", b'"Caller One"')
    ari.answer(held)
    ari.hold(held)
    ringing = ari.ring("102")
    for keys in KEYS:
        console.type(keys)
        time.sleep(0.15)
    console.resize(4, 20)
    time.sleep(0.3)
    console.resize(50, 200)
    ari.drop()
    time.sleep(1.5)
    ari.end(ringing)
    expect(tap, console, lambda s: "live" in s, f"{name}: live again after a lost link", timeout=60)
    console.type("q")
    code = console.wait_exit(30)
    with open(log) as f:
        said = f.read()
    tap.ok(code == 0, f"{name}: valgrind finds nothing in a console session, which ends with 0", f"{code}\n{said}")
    watch = subprocess.run(["valgrind", *VALGRIND[1:], CALLHUD, "--config", home.config, "status", "--json"],
                           env=home.env(), capture_output=True, text=True, timeout=120)
    tap.ok(watch.returncode == 0, f"{name}: so does status", watch.stderr[-2000:])
    console.stop()
    ari.close()


session("websocket", True, "22.10.1")
session("http", False, "20.5.0")
tap.end()
