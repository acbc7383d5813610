"""The console's life on terminals: screens and keys, sizes, stops and signals, lost lines and lost
servers, other users' terminals, plain lines. The terminal is after each as it was before."""
import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
import time

from termenv import (CALLHUD, DEV, HERE, FakeAri, Home, Pty, Stranger, Tap, Tmux, expect, is_same_tty,
                     next_line, wait_until)

PEOPLE = ["101 = Noor Haddad | Sales", "102 = Rana Aziz | Sales", "103 = Omar Said | Support",
          "201 = Ana Ruiz | Support"]
USERS = ["101", "102", "103", "201"]
F9 = "\x1b[20~"

tap = Tap()
ari = FakeAri(users=USERS)
home = Home(ari.url(), users=PEOPLE)


def console(*args, **more):
    more.setdefault("env", home.env())
    return Pty(["--config", home.config, *args], **more)


def live(pty, name):
    return expect(tap, pty, lambda s: " live " in s.rows[0] + " " and "Noor Haddad" in s, f"{name}: live", 8)


def gone(pty, code, name, timeout=3):
    got = pty.wait_exit(timeout)
    tap.ok(got == code, f"{name}: exit code {code}", "still running" if got is None else got)
    after = pty.state()
    tap.ok(is_same_tty(pty.before, after), f"{name}: stty -g and O_NONBLOCK are as before",
           "" if is_same_tty(pty.before, after) else f"{pty.before}\n{after}")


def left(pty, name):
    wait_until(lambda: b"\x1b[?1049l" in pty.bytes, 1)
    time.sleep(0.05)
    screen = pty.screen()
    modes = dict(re.findall(rb"\x1b\[\?(2004|1004|1000|1006|2026|25)([hl])", bytes(pty.bytes)))
    tap.ok(not screen.is_alternate and screen.is_cursor_visible and
           all(v == (b"h" if k == b"25" else b"l") for k, v in modes.items()),
           f"{name}: alternate screen left, cursor shown, modes off", modes)


def stats(pty, where=home):
    before = len(where.stats())
    pty.signal(signal.SIGUSR1)
    wait_until(lambda: len(where.stats()) > before, 3)
    return where.stats()[-1]


# ---- every screen, by keys ------------------------------------------------------------------------
def tour(pty, name):
    ring = ari.ring("201", name=b'"Globex"')
    held = ari.ring("103", name=b'"Contoso"', number=b'"+14155550100"')
    ari.answer(held)
    ari.hold(held)
    expect(tap, pty, lambda s: "rings Globex" in s and "hold Contoso" in s, f"{name}: a ring and a hold")
    expect(tap, pty, lambda s: s.rows[1].startswith(" NOW  ▲ 201 Ana Ruiz"), f"{name}: the NOW line")
    for keys, wanted, what in (
            ("?", lambda s: "HELP" in s and "Goes to the next user who rings" in s, "help"),
            ("q", lambda s: "HELP" not in s and "Noor Haddad" in s, "q closes help"),
            ("\x1bOP", lambda s: "HELP" in s, "F1 is help"),
            ("\x1b", lambda s: "HELP" not in s and "Noor Haddad" in s, "Esc closes it"),
            ("!", lambda s: "▌▲ 201" in s, "! selects who rings"),
            ("!", lambda s: "▌║ 103" in s, "! again: who holds"),
            ("i", lambda s: "Why: 103 Omar Said" in s and "has been held by 103 since" in s, "why"),
            ("\x1b", lambda s: "Why:" not in s, "Esc closes why"),
            ("\r", lambda s: "103 Omar Said" in s and "devices   PJSIP/103 online" in s and
             "NOW" not in s, "Enter: the user"),
            ("\x1b", lambda s: "devices" not in s and "NOW" in s, "Esc: back"),
            (F9, lambda s: s.rows[1].startswith(" LOG") and "snapshot done" in s, "F9: the log"),
            ("q", lambda s: "LOG" not in s and "NOW" in s, "q closes the log"),
            ("/", lambda s: s.is_cursor_visible and s.cursor[0] == 22, "/ asks"),
            ("omar", lambda s: "(1 of 4)" in s and "Noor Haddad" not in s, "the filter is live"),
            ("\r", lambda s: "filter: omar (1 of 4)" in s and not s.is_cursor_visible, "Enter keeps it"),
            ("\x1b", lambda s: "filter:" not in s and "Noor Haddad" in s, "Esc gives it up"),
            ("fr", lambda s: "filter: ringing (1 of 4)" in s and "Noor Haddad" not in s, "f r"),
            ("\x1b", lambda s: "filter:" not in s and "Noor Haddad" in s, "Esc"),
            ("d", lambda s: "department: Sales" in s.rows[0] and "rings Globex" not in s, "d: Sales"),
            ("d", lambda s: "department: Support" in s.rows[0] and "Noor" not in s, "d: Support"),
            ("d", lambda s: "department:" not in s.rows[0] and "Noor" in s, "d: all"),
            ("v", lambda s: "Noor Haddad" not in s and "101 Noor" in s, "v: dense"),
            ("v", lambda s: "ext  name" in s, "v: table"),
            ("v", lambda s: "ext  name" not in s and "Noor Haddad" in s, "v: grid"),
            ("102", lambda s: "▌● 102" in s, "digits jump"),
            (":", lambda s: "▌open" in s and s.is_cursor_visible, "the palette"),
            ("mute\r", lambda s: "MUTE" in s.rows[0], ":mute"),
            ("M", lambda s: "MUTE" not in s.rows[0], "M"),
            (" ", lambda s: "*" in s.marks("102"), "Space marks"),
            ("\x1b[200~qqq\x1b[201~", lambda s: "Noor Haddad" in s, "pasted text is no command"),
            ("z", lambda s: "FROZEN, 0 changes" in s.rows[0], "z freezes")):
        pty.type(keys)
        expect(tap, pty, wanted, f"{name}: {what}", 3)
    ari.answer(ring)
    expect(tap, pty, lambda s: "FROZEN, 1 change" in s and "rings Globex" in s, f"{name}: changes counted")
    pty.type("z")
    expect(tap, pty, lambda s: "FROZEN" not in s and "← Globex" in s, f"{name}: z: it goes on")
    ari.end(ring)
    ari.end(held)
    expect(tap, pty, lambda s: "nobody rings or holds" in s, f"{name}: calm again")


first = console()
live(first, "screens")
tour(first, "screens")

# ---- sizes ----------------------------------------------------------------------------------------
before = first.wait("Noor Haddad").rows
for rows, cols in ((50, 200), (12, 40), (4, 20), (1, 1), (2, 300), (300, 2), (1, 80), (24, 1), (3, 3)):
    first.resize(rows, cols)
    time.sleep(0.12)
tap.ok(first.ended is None, "sizes: it lives through 1x1 and its like")
first.resize(4, 20)
expect(tap, first, lambda s: "101" in s and s.rows[0].startswith(" live"), "sizes: 20x4")
first.resize(24, 80)
same = first.wait(lambda s: [r for r in s.rows[1:21]] == before[1:21], 3)
tap.ok(same is not None, "sizes: back at 80x24 the picture is the one before",
       "" if same else first.screen().text)
for i in range(60):
    first.resize(10 + i % 20, 30 + i * 7 % 90)
    time.sleep(0.002)
first.resize(24, 80)
expect(tap, first, lambda s: [r for r in s.rows[2:21]] == before[2:21], "sizes: after sixty in a row too")
lost = 0
for i in range(6):  # a terminal drops what is outside, and nothing brings it back but being painted
    first.resize(10, 30)
    first.resize(24, 80)
    lost += first.wait(lambda s: [r for r in s.rows[2:21]] == before[2:21], 1) is None
tap.ok(lost == 0, "sizes: smaller and back at once: painted again", f"{lost} of 6 pictures stayed cut")
first.type("q")
gone(first, 0, "q")
left(first, "q")

# ---- signals --------------------------------------------------------------------------------------
for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
    pty = console()
    live(pty, number.name)
    pty.signal(number)
    gone(pty, code, number.name)
    left(pty, number.name)
pty = console()
live(pty, "Ctrl-C")
pty.type("\x03")
gone(pty, 130, "Ctrl-C")
left(pty, "Ctrl-C")
for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE):
    pty = console()
    live(pty, number.name)
    pty.signal(number)
    gone(pty, -number, f"a crash ({number.name})")
    left(pty, f"a crash ({number.name})")
pty = console()
pty.wait(lambda s: "Noor" in s)
pty.signal(signal.SIGTERM)
gone(pty, 143, "SIGTERM at the first frame")

# a terminal in modes of its own, and a shared description that was non-blocking before
pty = Pty(["-c", "exec sleep 30"], binary="/bin/sh", env=home.env())
modes = termios.tcgetattr(pty.slave)
modes[0] &= ~termios.ICRNL
modes[3] &= ~termios.ECHO
modes[6][termios.VERASE] = b"\x08"
pty.stop()


class OddPty(Pty):
    def state(self):
        if not hasattr(self, "is_odd"):
            self.is_odd = True
            termios.tcsetattr(self.slave, termios.TCSANOW, modes)
            fcntl.fcntl(self.slave, fcntl.F_SETFL, fcntl.fcntl(self.slave, fcntl.F_GETFL) | os.O_NONBLOCK)
        return super().state()


pty = OddPty(["--config", home.config], env=home.env())
live(pty, "odd modes")
pty.type("?")
expect(tap, pty, "HELP", "odd modes: keys work")
pty.signal(signal.SIGTERM)
gone(pty, 143, "odd modes")

# ---- stopped and continued ------------------------------------------------------------------------
pty = console()
live(pty, "SIGSTOP")
resyncs = stats(pty)["resyncs"]
ari.delay = 0.4
pty.signal(signal.SIGSTOP)
time.sleep(0.3)
ring = ari.ring("102")
time.sleep(0.2)
offset = len(pty.bytes)
pty.signal(signal.SIGCONT)
screen = expect(tap, pty, lambda s: "stale" in s.rows[0] and "?" in s.marks("101"),
                "SIGCONT: every lamp is stale until the resync")
expect(tap, pty, lambda s: " live " in s.rows[0] and "rings Caller" in s and
       "?" not in s.marks("101"), "SIGCONT: then fresh, with what happened meanwhile", 8)
ari.delay = 0
tap.ok(stats(pty)["resyncs"] == resyncs + 1, "SIGCONT: one resync", stats(pty))
ari.end(ring)
pty.type("q")
gone(pty, 0, "SIGSTOP and SIGCONT")

shell = Tmux(24, 80, "exec bash --norc --noprofile -i", home.env())
STATE = ("{ stty -g; python3 -c 'import fcntl; print([fcntl.fcntl(f, 3) for f in (0, 1, 2)])'; } "
         f"> {home.dir}/tty-%s; echo noted-%s\n")


def tty_of_shell(name):
    shell.text(STATE % (name, name))
    shell.wait(lambda s: f"\nnoted-{name}" in s)
    with open(f"{home.dir}/tty-{name}") as f:
        return f.read()


shell.text("PS1='SHELL> '; clear\n")
shell.wait(lambda s: s.startswith("SHELL>"))
tty_before = tty_of_shell("before")
shell.text(f"{CALLHUD} --config {home.config}\n")
expect(tap, shell, lambda s: " live " in s and "Noor Haddad" in s, "tmux: live", 8)
tap.ok("callhud" in shell.title(), "tmux: the title", shell.title())
shell.keys("C-z")
expect(tap, shell, lambda s: "Stopped" in s and "Noor Haddad" not in s, "Ctrl-Z: the shell is back")
tap.ok(tty_of_shell("stopped") == tty_before, "Ctrl-Z: stty -g and O_NONBLOCK are as before")
ring = ari.ring("103")
ari.delay = 0.4
shell.text("fg\n")
expect(tap, shell, lambda s: "Noor Haddad" in s and "stale" in s.split("\n")[0], "fg: stale at first")
expect(tap, shell, lambda s: " live " in s and "rings Caller" in s, "fg: then fresh", 8)
ari.delay = 0
shell.resize(12, 40)
expect(tap, shell, lambda s: "101" in s and "NOW" not in s and len(s.split("\n")) == 12, "tmux: 40x12")
shell.resize(24, 80)
expect(tap, shell, lambda s: "NOW  ▲ 103" in s, "tmux: 80x24 again")
shell.text(":suspend")
shell.keys("Enter")
expect(tap, shell, lambda s: s.count("Stopped") >= 2 or ("Stopped" in s and "Noor" not in s), ":suspend")
shell.resize(12, 60)
shell.text("fg\n")
expect(tap, shell, lambda s: "NOW  ▲ 103" in s and len(s.split("\n")) == 12, "a size that changed meanwhile")
shell.resize(24, 80)
expect(tap, shell, lambda s: " live " in s and "Noor" in s and len(s.split("\n")) == 24, "and back")
ari.end(ring)
shell.keys("q")
expect(tap, shell, lambda s: "Noor Haddad" not in s and s.rstrip().endswith("SHELL>"), "q: the shell is back")
tap.ok(tty_of_shell("after") == tty_before, "q: stty -g and O_NONBLOCK are as before")
shell.text(f"{CALLHUD} --config {home.config} & sleep 0.5; echo bg-started\n")
expect(tap, shell, "bg-started", "started in the background")
tap.ok(tty_of_shell("bg") == tty_before, "in the background it leaves the terminal alone")
shell.text("kill -9 %%; wait; echo all-gone\n")
shell.wait("all-gone")
shell.stop()

# ---- the terminal goes away -----------------------------------------------------------------------
for is_controlling in (True, False):
    name = "closed terminal" + ("" if is_controlling else " without SIGHUP")
    pty = console(is_controlling=is_controlling)
    live(pty, name)
    pty.close_master()
    tap.ok(pty.wait_exit(3) == 129, f"{name}: exit code 129", pty.wait_exit(0))
    tap.ok(len(home.stats()) > 0 and "the terminal is gone" in home.log_text() or is_controlling,
           f"{name}: said in the log")

# ---- the server goes away -------------------------------------------------------------------------
SERVER = ("import sys, time; sys.path.insert(0, sys.argv[1]); from fakeari import FakeAri\n"
          f"a = FakeAri(users={USERS!r}, port=int(sys.argv[2])); print(a.port, flush=True)\n"
          "i, raw = a.channel('103', 'Up', name=b'\"Contoso\"'); a.channels[i] = raw; a.held.add(i)\n"
          "time.sleep(120)\n")


def server(port=0):
    process = subprocess.Popen([sys.executable, "-c", SERVER, os.path.join(HERE, "..", "proto"), str(port)],
                               stdout=subprocess.PIPE, text=True)
    return process, int(next_line(process.stdout))


process, port = server()
lost_home = Home(f"http://127.0.0.1:{port}/ari", users=PEOPLE)
pty = Pty(["--config", lost_home.config], env=lost_home.env())
live(pty, "kill -9 of the server")
expect(tap, pty, "hold Contoso", "kill -9 of the server: a held call before")
process.kill()
process.wait()
killed = time.monotonic()
screen = expect(tap, pty, lambda s: "reconnecting" in s.rows[0] and
                all("?" in s.marks(u) for u in USERS),
                "kill -9 of the server: reconnecting, every lamp marked as stale", 3)
tap.ok(screen is not None and time.monotonic() - killed < 1.5, "kill -9 of the server: at once")
tap.ok(screen is not None and "hold Contoso" in screen, "kill -9 of the server: the values stay")
pty.type("?")
expect(tap, pty, "HELP", "kill -9 of the server: keys work")
pty.type("q")
process, _ = server(port)
expect(tap, pty, lambda s: " live " in s.rows[0] and "hold Contoso" in s and
       "?" not in s.marks("101"), "the server is back: live and fresh", 12)
process.kill()
process.wait()
expect(tap, pty, lambda s: "reconnecting" in s.rows[0], "and gone again")
pty.type("q")
gone(pty, 0, "q while reconnecting")

# ---- where there can be no screens ----------------------------------------------------------------
pty = console(env=home.env(TERM="dumb"))
expect(tap, pty, lambda s: "plain lines instead of screens" in s and "TERM=dumb" in s, "TERM=dumb: says why")
expect(tap, pty, lambda s: "4 users" in s and s.rows[s.cursor[0]] == ">",
       "TERM=dumb: list and prompt")
tap.ok(b"\x1b" not in pty.bytes, "TERM=dumb: no escape sequence")
ring = ari.ring("102", name=b'"Globex"')
expect(tap, pty, lambda s: "102 Rana Aziz: rings" in s and "from Globex" in s and "may be picked up" in s,
       "TERM=dumb: a line for a ring")
pty.type("\x04")
gone(pty, 0, "TERM=dumb: Ctrl-D")

pty = console("--plain")
pty.wait("4 users")
for text, wanted, what in (
        ("list", lambda s: s.text.count("4 users") >= 2 and
         s.text.rindex("102 Rana Aziz: rings") < s.text.rindex("101 Noor Haddad: free"), "list, urgent first"),
        ("why 102", "102 shows rings because", "why"),
        ("why 999", "no user has extension '999'", "why of nobody"),
        ("/noor", lambda s: "1 users, 3 more are not shown (filter: noor)" in s, "filter"),
        ("/is:nonsense", lambda s: "nonsense" in s.text.replace("> /is:nonsense", ""), "a wrong filter"),
        ("/", lambda s: "4 users" in s.text[s.text.rindex("> /"):], "no filter"),
        ("resync", "asked for a new snapshot", "resync"),
        ("bogus\x1b]0;owned\x07", "no such command", "an unknown command"),
        ("help", "commands: list", "help")):
    pty.type(text + "\n")
    expect(tap, pty, wanted, f"plain lines: {what}", 3)
tap.ok(pty.screen().title == "", "plain lines: no title", pty.screen().title)
pty.type("quit\n")
gone(pty, 0, "plain lines: quit")
pty = console("--plain")
pty.wait("4 users")
pty.type("\x03")
gone(pty, 130, "plain lines: Ctrl-C")
ari.end(ring)

piped = subprocess.Popen([CALLHUD, "--config", home.config], stdin=subprocess.DEVNULL, env=home.env(),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
time.sleep(1)
ring = ari.ring("102", name="\"Zoë\"".encode())
time.sleep(0.4)
ari.end(ring)
time.sleep(0.2)
piped.terminate()
out, err = piped.communicate(timeout=5)
tap.ok(piped.returncode == 143 and b"\x1b" not in out + err, "a pipe: plain lines until SIGTERM",
       f"{piped.returncode} {out[-300:]} {err[-300:]}")
tap.ok(b"102 Rana Aziz: rings" in out and "from Zoë".encode() in out and b"> " not in out,
       "a pipe: a line for each change, no prompt", out.decode(errors="replace"))
tap.ok(b"standard input is not a terminal" in err, "a pipe: says why", err)
piped = subprocess.Popen(f"exec {CALLHUD} --config {home.config} | head -n 2", shell=True,
                         stdin=subprocess.DEVNULL, env=home.env(), stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
time.sleep(0.8)
ari.end(ari.ring("102"))
ari.end(ari.ring("102"))
try:
    tap.ok(len(piped.communicate(timeout=5)[0].splitlines()) == 2, "a pipe whose reader leaves ends it")
except subprocess.TimeoutExpired:
    tap.ok(False, "a pipe whose reader leaves ends it")
    piped.kill()

for name, env, args in (("NO_COLOR", home.env(NO_COLOR="1"), []), ("--no-color", home.env(), ["--no-color"])):
    pty = console(*args, env=env)
    live(pty, name)
    pty.type("t")
    time.sleep(0.2)
    colours = re.findall(rb"\x1b\[[0-9;]*?(?:[34][0-7]|[34]8;[0-9;]+|9[0-7])m", bytes(pty.bytes))
    tap.ok(not colours, f"{name}: no colour", colours[:5])
    pty.type("q")
    gone(pty, 0, name)
pty = console(env=home.env(COLORTERM="truecolor"))
live(pty, "COLORTERM=truecolor")
tap.ok(b"38;2;" in pty.bytes, "COLORTERM=truecolor: RGB colours")
pty.stop()
pty = console(env=home.env(LC_ALL="C"))
expect(tap, pty, lambda s: " live " in s.rows[0] and "o 101 Noor" in s, "LC_ALL=C: ASCII")
tap.ok(all(b < 0x80 for b in pty.bytes), "LC_ALL=C: not a byte above 0x7f")
pty.stop()

# ---- somebody else's terminal ---------------------------------------------------------------------
for is_controlling in (True, False):
    name = "su" if is_controlling else "su -c"
    their = Home(ari.url(), users=PEOPLE)
    stranger = Stranger(their)
    pty = Pty(["--config", their.config], env=their.env(), binary=stranger.binary,
              preexec=Stranger.become, is_controlling=is_controlling)
    live(pty, name)
    ring = ari.ring("102")
    expect(tap, pty, "rings Caller", f"{name}: events")
    pty.type("?")
    expect(tap, pty, "HELP", f"{name}: keys")
    pty.type("q")
    pty.resize(12, 60)
    expect(tap, pty, lambda s: len(s.rows) == 12 and "NOW" in s.rows[1] and s.rows[-1].startswith(" Enter"),
           f"{name}: a new size")
    ari.end(ring)
    pty.type("q")
    gone(pty, 0, name)
    left(pty, name)

# ---- two at once, reload, no configuration --------------------------------------------------------
opened = ari.opened
one, two = console(), console()
live(one, "two at once, the first")
live(two, "two at once, the second")
tap.ok(ari.opened == opened + 2, "two at once: a connection each")
ring = ari.ring("102")
expect(tap, one, "rings Caller", "two at once: the first sees a ring")
expect(tap, two, "rings Caller", "two at once: the second sees it too")
one.type("q")
gone(one, 0, "two at once: the first leaves")
ari.end(ring)
expect(tap, two, lambda s: "nobody rings" in s, "two at once: the second goes on")

offset = len(two.bytes)
home.write(ari.url(), users=[p.replace("Noor Haddad", "Nour Haddad") for p in PEOPLE],
           callhud="theme = light")
two.signal(signal.SIGUSR2)
expect(tap, two, lambda s: "Nour Haddad" in s and "configuration reloaded" in s and " live " in s.rows[0],
       "SIGUSR2: names, and it is live again", 6)
time.sleep(0.7)
tap.ok("configuration reloaded" in two.screen(), "SIGUSR2: the message stays long enough to be read",
       two.screen().rows[22])
light = bytes(two.bytes[offset:])
tap.ok(b"38;5;43m" not in light and b"38;5;" in light, "SIGUSR2: other colours",
       sorted(set(re.findall(rb"38;5;\d+m", light))))
home.write(ari.url(), users=PEOPLE, callhud="theem = light")
two.signal(signal.SIGUSR2)
expect(tap, two, lambda s: "not reloaded" in s and "Nour Haddad" in s and " live " in s.rows[0],
       "SIGUSR2: a configuration with an error changes nothing")
two.type("i")
expect(tap, two, lambda s: "theem" in s and "theme" in s, "i says which error, and the nearest key")
two.type("\x1b")
home.write(ari.url(), users=PEOPLE)
time.sleep(0.3)
two.type(":reload\r")
expect(tap, two, lambda s: "Noor Haddad" in s and " live " in s.rows[0], ":reload: the old names", 6)
two.type("q")
gone(two, 0, "after reloads")

empty = Home(ari.url())
os.remove(empty.config)
for args in ([], ["--plain"], ["status"], ["watch"]):
    pty = Pty(args, env=empty.env())
    code = pty.wait_exit(3)
    pty.wait("callhud", 1)
    text = "".join(pty.screen().rows)
    tap.ok(code == 2 and "callhud doctor" in text and "\x1b[?1049h" not in pty.bytes.decode("utf-8", "replace"),
           f"no configuration: callhud {' '.join(args)}: what to do next, exit code 2", f"{code} {text}")
    tap.ok(is_same_tty(pty.before, pty.state()), f"no configuration: callhud {' '.join(args)}: tty as before")

# ---- once more under the sanitizers ---------------------------------------------------------------
checked = Home(ari.url(), users=PEOPLE)
pty = Pty(["--config", checked.config], env=checked.env(), binary=DEV)
live(pty, "sanitized")
tour(pty, "sanitized")
for rows, cols in ((50, 200), (1, 1), (12, 40), (24, 80)):
    pty.resize(rows, cols)
    time.sleep(0.2)
pty.signal(signal.SIGUSR2)
expect(tap, pty, lambda s: "configuration reloaded" in s and " live " in s.rows[0], "sanitized: reload", 8)
pty.type("q")
gone(pty, 0, "sanitized: q", 15)
tap.ok(b"Sanitizer" not in pty.bytes and b"runtime error" not in pty.bytes, "sanitized: nothing found",
       bytes(pty.bytes[-2000:]).decode(errors="replace") if b"Sanitizer" in pty.bytes else "")
tap.end()
