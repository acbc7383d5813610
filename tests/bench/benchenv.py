"""For the figures: a scripted ARI server that is fast enough to flood, and what is measured with it.

    from benchenv import *

A figure is printed as "# figure NAME: TEXT", so that it can be gathered from the logs.
"""
import os
import re
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from termenv import (CALLHUD, FakeAri, Home, Pty, Tap, percentile, tool,  # noqa: E402,F401
                     wait_until)
from fakeari import stamp  # noqa: E402

# Reader, server and test share one interpreter: none of them may keep the others waiting.
sys.setswitchinterval(0.0005)

FIRST_NAMES = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "Jana", "Kai",
               "Lena", "Milo", "Nia", "Otto", "Pam", "Rana", "Sue", "Tom", "Uma", "Vera", "Wim")
LAST_NAMES = ("Aziz", "Berg", "Costa", "Dahl", "Egan", "Fuchs", "Gray", "Haddad", "Ionescu",
              "Jansen", "Kaya", "Lund", "Moreau", "Nowak", "Okafor", "Pohl", "Quist", "Rossi",
              "Silva", "Toth")
DEPARTMENTS = ("Sales", "Support", "Billing", "Orders", "Warehouse", "Field service", "Export",
               "Repairs", "Front desk", "Accounts")


class BenchAri(FakeAri):
    """A FakeAri with a floor of users and frames that are made before they are sent."""

    def __init__(self, count, first=1001, **more):
        super().__init__([str(first + i) for i in range(count)], **more)
        self.first = first

    def people(self):
        """Lines for [users]."""
        lines = []
        for i, user in enumerate(self.users):
            name = f"{FIRST_NAMES[i % len(FIRST_NAMES)]} {LAST_NAMES[i * 7 % len(LAST_NAMES)]}"
            department = DEPARTMENTS[i * len(DEPARTMENTS) // len(self.users)]
            lines.append(f"{user} = {name} | {department} | PJSIP/{user}")
        return lines

    def home(self, **more):
        """A configuration for all users; the password is in a file, so that no shell is measured."""
        last = self.first + len(self.users) - 1
        home = Home(self.url(), monitor=f"{self.first}-{last}", users=self.people(), **more)
        with open(os.path.join(home.dir, "password"), "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write("secret\n")
        with open(home.config) as f:
            text = f.read()
        with open(home.config, "w") as f:
            f.write(text.replace("password_command = echo secret",
                                 f"password_file = {home.dir}/password"))
        return home

    def call(self, user, state="Up", name="Caller", number="5551234"):
        """A call on a user's phone that nobody was told of yet: (id, raw channel)."""
        channel_id, raw = self.channel(user, state, b'"%s"' % name.encode(),
                                       b'"%s"' % number.encode())
        with self.lock:
            self.channels[channel_id] = raw
        return channel_id, raw

    @staticmethod
    def frame(kind, raw, more=b""):
        """An event as a whole websocket frame; its timestamp is that of its making."""
        text = (b'{"type":"%s","timestamp":"%s",%s"channel":%s,"asterisk_id":"02:00","application":'
                b'"x"}' % (kind.encode(), stamp().encode(), more, raw))
        return b"\x81" + (bytes([len(text)]) if len(text) < 126 else
                          b"\x7e" + struct.pack(">H", len(text))) + text

    def push(self, data):
        """Whole frames, as bytes, to every open websocket."""
        with self.lock:
            sockets = list(self.sockets)
        for s in sockets:
            with self.writing:
                s.sendall(data)


class Rest:
    """Two states of every channel, as a stream of events that ends where it began."""

    def __init__(self, server):
        self.server = server

    def holds(self, count):
        """count frames: hold and unhold, round all channels."""
        raws = list(self.server.channels.values())
        frames = []
        for i in range(count):
            kind = "ChannelHold" if i // len(raws) % 2 == 0 else "ChannelUnhold"
            frames.append(BenchAri.frame(kind, raws[i % len(raws)]))
        return frames


def pace(server, frames, per_second):
    """Sends frames evenly in bursts at most 5 ms apart; returns the seconds it took."""
    start = time.monotonic()
    sent = 0
    while sent < len(frames):
        due = min(len(frames), int((time.monotonic() - start) * per_second) + 1)
        if due > sent:
            server.push(b"".join(frames[sent:due]))
            sent = due
        time.sleep(min(0.005, 1 / per_second))
    return time.monotonic() - start


def memory_kb(pid):
    """{"Rss": kB, "Pss": kB, "Private": kB} of a process now."""
    found = {"Rss": 0, "Pss": 0, "Private": 0}
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            word = re.match(r"(Rss|Pss|Private_Clean|Private_Dirty):\s+(\d+)", line)
            if word:
                found[word[1].split("_")[0]] += int(word[2])
    return found


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stats_now(home, pid, number=10, timeout=5):
    """The statistics line that the program writes when asked; None when it does not."""
    before = len(home.stats())
    os.kill(pid, number)
    return home.stats()[-1] if wait_until(lambda: len(home.stats()) > before, timeout) else None


class Timer:
    """The bare 10 ms timer that runs beside a real-time test."""

    def __init__(self, seconds):
        self.process = subprocess.Popen([tool("tool_timer"), str(int(seconds * 1000))],
                                        stdout=subprocess.PIPE, text=True)

    def worst_ms(self):
        """Waits for its end; the lags of the timer: (p99, worst)."""
        out = self.process.communicate(timeout=60)[0]
        found = re.search(r"p99_ms (\d+) max_ms (\d+)", out)
        return int(found[1]), int(found[2])


def judge(tap, name, late_ms, limit_ms, timer):
    """p99 within the limit, and the worst not more than the limit above the worst of the timer."""
    timer_p99, timer_worst = timer
    p50, p99, worst = percentile(late_ms, 50), percentile(late_ms, 99), max(late_ms)
    figure(tap, name, f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, worst {worst:.2f} ms of {len(late_ms)}; "
                      f"bare timer p99 {timer_p99} ms, worst {timer_worst} ms; limit {limit_ms} ms")
    tap.ok(p99 <= limit_ms, f"{name}: p99 within {limit_ms} ms", f"{p99:.2f} ms")
    tap.ok(worst <= limit_ms + timer_worst,
           f"{name}: the worst within {limit_ms} ms above the bare timer's worst", f"{worst:.2f} ms")


def figure(tap, name, text):
    tap.note(f"figure {name}: {text}")


def play(program, offsets, rect=(0, 0, 0, 0), letter="-"):
    """What the bytes between each two offsets did: [{"bytes", "changed", "unchanged", "inside",
    "tokens"}]; see bench_play."""
    done = subprocess.run([tool("bench_play"), str(program.rows), str(program.cols),
                           *map(str, rect), letter, *map(str, offsets)],
                          input=bytes(program.bytes[:offsets[-1]]), stdout=subprocess.PIPE,
                          timeout=60, check=True)
    pieces, tokens = [], []
    for line in done.stdout.decode().splitlines():
        if line.startswith("token "):
            tokens.append(line[6:])
        else:
            pieces.append({k: int(v) for k, v in re.findall(r"(\w+) (\d+)", line)})
            pieces[-1]["tokens"] = tokens = []
    return pieces
