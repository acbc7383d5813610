"""Terminals for tests: a pty that is read, or not read, byte by byte; and tmux.

    from termenv import Pty, Tmux, Home, Tap

A Pty keeps every byte with the time at which it came; what the terminal would show is asked of
libvterm (tool_vterm). Everything is bounded in time, everything started is stopped. Standard library
only.
"""
import atexit
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "proto"))
from fakeari import FakeAri  # noqa: E402,F401
from labenv import CALLHUD, Lab, Tap, Watch, next_line, percentile, run  # noqa: E402,F401

DEV = os.environ.get("CALLHUD_DEV", CALLHUD)
BUILD = os.environ.get("CALLHUD_BUILD", os.path.dirname(os.path.abspath(CALLHUD)))


def tool(name):
    for folder in (os.path.dirname(os.path.abspath(CALLHUD)), BUILD):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    raise RuntimeError(f"{name} is not built: configure with -DCALLHUD_TESTS=ON")


class Home:
    """A configuration of its own, with its state and cache."""

    def __init__(self, server, monitor="101-999", profile="p", lines="", users=(), callhud="",
                 more=b""):
        self.dir = tempfile.mkdtemp(prefix="callhud-e2e-", dir="/tmp")
        atexit.register(shutil.rmtree, self.dir, True)
        self.config = os.path.join(self.dir, "config.ini")
        self.log = os.path.join(self.dir, "state", "callhud", "callhud.log")
        self.write(server, monitor, profile, lines, users, callhud, more)

    def write(self, server, monitor="101-999", profile="p", lines="", users=(), callhud="", more=b""):
        # without a phone nothing can be picked up, and the mark P is nowhere
        phone = "" if "phone =" in lines else "phone = PJSIP/999\n"
        text = (f"[callhud]\n{callhud}\n[profile {profile}]\nbackend = asterisk\nserver = {server}\n"
                f"user = hud\npassword_command = echo secret\nmonitor = {monitor}\n"
                f"pick_up_held_lines = yes\n{phone}{lines}\n")
        if users:
            text += "[users]\n" + "\n".join(users) + "\n"
        with open(self.config, "wb") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(text.encode() + more)

    def env(self, **more):
        env = {k: v for k, v in os.environ.items()
               if k not in ("NO_COLOR", "COLORTERM", "TMUX", "LINES", "COLUMNS", "LC_CTYPE", "LANG")}
        env.update(XDG_CONFIG_HOME=self.dir, XDG_STATE_HOME=os.path.join(self.dir, "state"),
                   XDG_CACHE_HOME=os.path.join(self.dir, "cache"), HOME=self.dir, LC_ALL="C.UTF-8",
                   TZ="UTC", TERM="xterm-256color")
        env.update(more)
        return env

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def stats(self):
        """Every statistics line of the log so far."""
        found = []
        for line in self.log_text().splitlines():
            if "stats events=" in line:
                found.append({k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", line)})
        return found


class Stranger:
    """Another user's account: a home that is theirs, and how to become them. For root; otherwise the
    terminal is made unreadable instead."""

    def __init__(self, home):
        self.binary = os.path.join(home.dir, "callhud")
        shutil.copy(CALLHUD, self.binary)
        os.chmod(self.binary, 0o755)
        if os.geteuid() == 0:
            for folder, _, files in os.walk(home.dir):
                os.chown(folder, 65534, 65534)
                for name in files:
                    os.chown(os.path.join(folder, name), 65534, 65534)

    @staticmethod
    def become():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)


class Screen:
    """What a terminal shows: rows of cells."""

    def __init__(self, told):
        self.title = told["title"]
        self.titles = told["titles"]
        self.bells = told["bells"]
        self.is_alternate = told["alternate"]
        self.is_cursor_visible = told["visible"]
        self.cursor = told["cursor"]
        self.cells = told["rows"]
        self.rows = ["".join(c if c else "" for c in row).rstrip() for row in self.cells]
        self.text = "\n".join(self.rows)

    def __contains__(self, text):
        return text in self.text

    def at(self, row, col, width):
        """The text of so many cells."""
        return "".join(self.cells[row][col:col + width])

    def marks(self, extension):
        """The marks at the right of a user's second line in the grid (columns 20 to 24)."""
        row, col = self.find(f" {extension} ", 2) or (0, 2)
        return self.at(row + 1, col + 18, 5)

    def find(self, text, top=0):
        """Row (from top on) and cell column of a text, or None."""
        for r, row in enumerate(self.cells):
            if r < top:
                continue
            for c in range(len(row)):
                if row[c] and "".join(row[c:]).startswith(text):
                    return r, c
        return None


class Pty:
    """A program on a terminal of its own. Stop reading with pause(), go on with resume()."""

    def __init__(self, args, rows=24, cols=80, env=None, binary=None, preexec=None, answers=False,
                 is_controlling=True):
        self.rows, self.cols = rows, cols
        self.bytes = bytearray()
        self.chunks = []   # (monotonic seconds, bytes so far)
        self.sizes = []    # (offset, rows, cols)
        self.answers = answers
        self.master, self.slave = pty.openpty()
        self.resize(rows, cols, is_first=True)
        self.before = self.state()
        self.reading = threading.Event()
        self.reading.set()
        self.idle = threading.Event()
        self.closed = False
        slave = self.slave

        def take_terminal():
            os.setsid()
            if is_controlling:
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            if preexec:
                preexec()

        command = [binary or CALLHUD, *args] if binary is not False else args
        self.hidden = not is_controlling and os.geteuid() != 0
        if self.hidden:
            os.chmod(os.ttyname(slave), 0)  # what another user's terminal is to us
        self.process = subprocess.Popen(command, stdin=self.slave,
                                        stdout=self.slave, stderr=self.slave, env=env,
                                        preexec_fn=take_terminal, pass_fds=(self.slave,))
        self.started = time.monotonic()
        self.ended = None
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._reap, daemon=True).start()
        atexit.register(self.stop)

    def _read(self):
        while not self.closed:
            if not self.reading.is_set():
                self.idle.set()
                self.reading.wait(1)
                continue
            try:
                some = os.read(self.master, 65536)
            except OSError:
                return
            if not some:
                return
            self.bytes += some
            self.chunks.append((time.monotonic(), len(self.bytes)))
            if self.answers and b"\x1b[6n" in some:
                self.type(b"\x1b[2;2R")

    def _reap(self):
        self.process.wait()
        self.ended = time.monotonic()

    def pause(self):
        """Nothing is read any more once something more has come."""
        self.reading.clear()

    def resume(self):
        self.idle.clear()
        self.reading.set()

    def state(self):
        """What a shell would notice: the modes of the tty, and the flags that are shared with it."""
        return termios.tcgetattr(self.slave), fcntl.fcntl(self.slave, fcntl.F_GETFL)

    def type(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)
        return time.monotonic()

    def resize(self, rows, cols, is_first=False):
        if not is_first:
            self.sizes.append((len(self.bytes), rows, cols))
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def screen(self, upto=None, start=0):
        data = bytes(self.bytes[start:upto])
        sizes = [f"{o - start}:{r}x{c}" for o, r, c in self.sizes if o - start <= len(data) and o >= start]
        told = subprocess.run([tool("tool_vterm"), str(self.rows), str(self.cols), *sizes], input=data,
                              stdout=subprocess.PIPE, timeout=60, check=True)
        return Screen(json.loads(told.stdout.decode("utf-8", errors="replace")))

    def wait(self, test, timeout=5.0):
        """Waits until the screen passes (a text, or a function of Screen); the screen, or None."""
        passes = test if callable(test) else (lambda s: test in s)
        end = time.monotonic() + timeout
        seen = -1
        while True:
            if len(self.bytes) != seen:
                seen = len(self.bytes)
                screen = self.screen(upto=seen)
                if passes(screen):
                    return screen
            elif time.monotonic() > end:
                return None
            time.sleep(0.02)

    def answered(self, offset, since, test):
        """Milliseconds from since until the bytes after offset made the screen pass; None: never."""
        for when, size in list(self.chunks):
            if size > offset and test(self.screen(upto=size)):
                return (when - since) * 1000
        return None

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, timeout=5.0):
        """The exit code (negative: the signal that killed it), or None when it still runs."""
        end = time.monotonic() + timeout
        while self.ended is None and time.monotonic() < end:
            time.sleep(0.002)
        return self.process.returncode if self.ended is not None else None

    def close_master(self):
        """The terminal goes away, as a closed window or a lost line."""
        self.closed = True
        self.pause()
        os.close(self.master)
        self.master = -1

    def stop(self):
        if self.ended is None:
            self.process.kill()
            self.wait_exit(5)
        self.closed = True
        self.reading.set()
        for fd in (self.master, self.slave):
            if fd >= 0:
                try:
                    os.close(fd)
                except OSError:
                    pass
        self.master = self.slave = -1


class Tmux:
    """A tmux server of its own with one window."""

    count = 0

    def __init__(self, rows, cols, command, env, term="tmux-256color"):
        Tmux.count += 1
        self.socket = f"callhud-e2e-{os.getpid()}-{Tmux.count}"
        self.env = dict(env)
        self.env.pop("TMUX", None)
        self.conf = os.path.join(self.env["XDG_CONFIG_HOME"], f"tmux-{Tmux.count}.conf")
        with open(self.conf, "w") as f:
            f.write(f"set -g default-terminal {term}\nset -g status off\nset -g set-titles off\n"
                    "set -s escape-time 0\nset -g remain-on-exit on\nset -g allow-rename off\n")
        atexit.register(self.stop)
        self.tmux("-f", self.conf, "new-session", "-d", "-x", str(cols), "-y", str(rows),
                  "-s", "s", command)

    def tmux(self, *args, check=True):
        return run(["tmux", "-u", "-L", self.socket, *args], env=self.env, check=check, timeout=20)

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "s", *keys)

    def text(self, text):
        self.tmux("send-keys", "-t", "s", "-l", text)

    def rows(self):
        lines = self.tmux("capture-pane", "-p", "-t", "s").stdout.split("\n")
        return [line.rstrip() for line in lines[:-1] if True]

    def screen(self):
        return "\n".join(self.rows())

    def title(self):
        return self.tmux("display-message", "-p", "-t", "s", "#{pane_title}").stdout.rstrip("\n")

    def window_name(self):
        return self.tmux("display-message", "-p", "-t", "s", "#{window_name}").stdout.rstrip("\n")

    def resize(self, rows, cols):
        self.tmux("resize-window", "-t", "s", "-x", str(cols), "-y", str(rows))

    def wait(self, test, timeout=5.0):
        passes = test if callable(test) else (lambda s: test in s)
        end = time.monotonic() + timeout
        while True:
            screen = self.screen()
            if passes(screen):
                return screen
            if time.monotonic() > end:
                return None
            time.sleep(0.05)

    def stop(self):
        self.tmux("kill-server", check=False)


def cells_of(text):
    """A line of text as cells: wide characters take two, the second is empty; marks join."""
    cells = []
    for c in text:
        if unicodedata.combining(c) and cells:
            at = len(cells) - 1
            while at > 0 and cells[at] == "":
                at -= 1
            cells[at] += c
            continue
        cells.append(c)
        if unicodedata.east_asian_width(c) in "WF":
            cells.append("")
    return cells


def wait_until(test, timeout=5.0, step=0.01):
    end = time.monotonic() + timeout
    while not test():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def expect(tap, terminal, test, name, timeout=5.0):
    """One test: the terminal comes to show it. Returns the screen, or None and what it shows."""
    screen = terminal.wait(test, timeout)
    detail = ""
    if screen is None:
        last = terminal.screen()
        detail = last if isinstance(last, str) else last.text
    tap.ok(screen is not None, name, detail)
    return screen


def is_same_tty(before, after):
    return before[0] == after[0] and before[1] == after[1]


signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a test that closes a terminal is not to end by it
