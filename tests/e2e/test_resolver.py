"""A resolver that hangs for 10 s: keys are answered within 50 ms, q leaves within 300 ms, the
terminal is as it was."""
import re
import subprocess
import time

from termenv import FakeAri, Home, Pty, Tap, expect, is_same_tty, percentile, tool

HANG_MS = 10000
LIMIT_MS = 50
LEAVE_MS = 300
KEYS = 100

tap = Tap()
ari = FakeAri(users=["101", "102"])
server = f"https://something.slow.test:{ari.port}/ari"
home = Home(server, users=["101 = Noor Haddad | Sales", "102 = Rana Aziz | Sales"])
slow = dict(LD_PRELOAD=tool("libslow_resolver.so"), CALLHUD_TEST_RESOLVER_MS=str(HANG_MS))


def start(*args):
    return Pty(["--config", home.config, *args], env=home.env(**slow))


def is_help(screen):
    return "HELP  Enter runs" in screen and "Noor Haddad" not in screen


# ---- keys while the name is looked up -------------------------------------------------------------
console = start()
screen = expect(tap, console, lambda s: "Noor Haddad" in s and "connecting" in s,
                "the skeleton is there while the name is looked up")
first = console.chunks[0][0] - console.started if console.chunks else None
tap.note(f"first bytes after {first * 1000:.0f} ms")
reference = subprocess.Popen([tool("tool_timer"), "6000"], stdout=subprocess.PIPE, text=True)
time.sleep(0.3)
pressed = []  # (offset, moment, is help wanted)
for i in range(KEYS):
    pressed.append((len(console.bytes), console.type("?" if i % 2 == 0 else "q"), i % 2 == 0))
    # the next key when this one is answered, or when it is late
    until = time.monotonic() + 0.2
    while len(console.bytes) - pressed[-1][0] < 200 and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(0.004)
typed_for = time.monotonic() - console.started
tap.ok(typed_for < HANG_MS / 1000 - 1, "all keys were typed during the look-up",
       f"{typed_for:.1f} s of {HANG_MS / 1000:.0f} s")
late = []
for offset, moment, wanted in pressed:
    ms = console.answered(offset, moment, is_help if wanted else lambda s: "Noor Haddad" in s)
    late.append(ms)
answered = [ms for ms in late if ms is not None]
worst_timer = int(re.search(r"max_ms (\d+)", reference.communicate(timeout=30)[0]).group(1))
tap.ok(len(answered) == KEYS, f"all {KEYS} keys were answered", len(answered))
if answered:
    tap.ok(percentile(answered, 99) <= LIMIT_MS, f"p99 of the answers at most {LIMIT_MS} ms",
           f"median {percentile(answered, 50):.0f} ms, p99 {percentile(answered, 99):.0f} ms, "
           f"worst {max(answered):.0f} ms")
    tap.ok(max(answered) <= LIMIT_MS + worst_timer,
           f"worst at most {LIMIT_MS} ms above that of a bare timer", f"bare timer {worst_timer} ms")
tap.ok(ari.opened == 0 and not ari.requests, "the name was not found meanwhile")


def leaves(pty, keys, code, name):
    before = pty.type(keys) if isinstance(keys, str) else (time.monotonic(), pty.signal(keys))[0]
    got = pty.wait_exit(HANG_MS / 1000 + 3)
    ms = (pty.ended - before) * 1000 if pty.ended else None
    tap.ok(got == code, f"{name} leaves with {code}", got)
    tap.ok(ms is not None and ms <= LEAVE_MS, f"{name} leaves within {LEAVE_MS} ms",
           f"{ms:.0f} ms" if ms else "still there")
    tap.ok(is_same_tty(pty.before, pty.state()), f"{name}: the terminal is as it was")
    screen = pty.screen()
    tap.ok(not screen.is_alternate and screen.is_cursor_visible,
           f"{name}: back from the alternate screen, cursor shown")


leaves(console, "q", 0, "q")
for keys, code, name in ((15, 143, "SIGTERM"), ("\x03", 130, "Ctrl-C")):
    console = start()
    console.wait(lambda s: "Noor Haddad" in s and "connecting" in s)
    leaves(console, keys, code, name)
plain = start("--plain")
expect(tap, plain, "connecting", "plain lines: connecting")
leaves(plain, "quit\n", 0, "plain lines: quit")
watch = start("watch", "--json")
time.sleep(0.5)
leaves(watch, 15, 143, "watch: SIGTERM")

# ---- a name that is not this machine ----------------------------------------------------------------------
home.write(f"http://quick.slow.test:{ari.port}/ari", users=["101 = Noor Haddad | Sales"])
console = start()
expect(tap, console, lambda s: "plain text to quick.slow.test is refused" in s.text.replace("\n", ""),
       "plain text to a name that is not loopback's is refused in words", 3)
tap.ok(console.wait_exit(3) == 2, "with exit code 2", console.wait_exit(0))
tap.end()
