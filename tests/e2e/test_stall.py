"""Terminals that nobody reads for a minute under 240 events a second: no event is lost, the
connection stays, the loop keeps its time, and one frame catches up. Once with a terminal that can be
opened again, once with one that cannot (su -c), once in plain lines."""
import re
import signal
import subprocess
import time

from termenv import FakeAri, Home, Pty, Stranger, Tap, expect, is_same_tty, tool, wait_until

SECONDS = 60
RATE = 240
LIMIT_MS = 50
FRAME_END = b"\x1b[?2026l"
CALLS = [str(e) for e in range(101, 121)]
CALM = [str(e) for e in range(121, 141)]

tap = Tap()
ari = FakeAri(users=CALLS + CALM)
channels = {}
for extension in CALLS:
    channel_id, raw = ari.channel(extension, "Up", name=b'"E000000"')
    ari.channels[channel_id] = raw
    channels[extension] = channel_id


class Flood:
    """Each event changes exactly one user, and so is exactly one event of the model. The names of
    the callers count the events: they tell which moment a frame shows."""

    def __init__(self):
        self.sent = 0
        self.held = dict.fromkeys(CALLS, False)
        self.dnd = dict.fromkeys(CALM, False)

    def one(self):
        self.sent += 1
        if self.sent % 2:
            self.call(CALLS[self.sent // 2 % len(CALLS)])
        else:
            extension = CALM[self.sent // 2 % len(CALM)]
            self.dnd[extension] = not self.dnd[extension]
            ari.device(f"Custom:DND{extension}", "BUSY" if self.dnd[extension] else "NOT_INUSE")

    def call(self, extension):
        self.held[extension] = not self.held[extension]
        channel_id = channels[extension]
        with ari.lock:
            ari.channels[channel_id] = re.sub(rb"E\d{6}", b"E%06d" % self.sent,
                                              ari.channels[channel_id])
        ari.hold(channel_id, self.held[extension])

    def run(self, seconds):
        """Sends on time; returns how long it took."""
        start = time.monotonic()
        for i in range(int(seconds * RATE)):
            wait = start + i / RATE - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            self.one()
        return time.monotonic() - start


class Console:
    def __init__(self, name, args=(), is_controlling=True):
        self.name = name
        self.home = Home(ari.url(), monitor="101-140", profile=f"p{len(consoles)}",
                         lines="ring_when_monitored_rings = no")
        binary, preexec = None, None
        if not is_controlling:
            stranger = Stranger(self.home)
            binary, preexec = stranger.binary, Stranger.become
        self.pty = Pty(["--config", self.home.config, *args], 40, 130, env=self.home.env(),
                       binary=binary, preexec=preexec, is_controlling=is_controlling)

    def stats(self):
        before = len(self.home.stats())
        self.pty.signal(signal.SIGUSR1)
        if not wait_until(lambda: len(self.home.stats()) > before, 5):
            raise RuntimeError(f"{self.name}: no statistics were logged")
        return self.home.stats()[-1]


consoles = []
consoles.append(Console("console"))
consoles.append(Console("console of another user's terminal", is_controlling=False))
consoles.append(Console("plain lines", args=["--plain"]))
screens = consoles[:2]
flood = Flood()
reference = subprocess.Popen([tool("tool_timer"), str((SECONDS + 12) * 1000)],
                             stdout=subprocess.PIPE, text=True)

for c in consoles:
    expect(tap, c.pty, "140", f"{c.name}: has the users", 15)
tap.ok(wait_until(lambda: ari.opened == 3, 5), "three connections")
time.sleep(1.5)  # names that the server does not know have been asked for
ari_requests = len(ari.requests)
for c in consoles:
    c.begin = c.stats()
pings = ari.pings

# ---- the stall ------------------------------------------------------------------------------------
flood.run(2)
for c in consoles:
    c.pty.pause()
flood.run(4)
for c in consoles:
    tap.ok(c.pty.idle.is_set(), f"{c.name}: nobody reads any more")
    c.offset = len(c.pty.bytes)
    c.early = c.stats()
    c.marker = flood.sent
took = flood.run(SECONDS - 4)
time.sleep(0.3)
tap.ok(took < (SECONDS - 4) * 1.05, "the flood kept its rate", f"{flood.sent} events, {took:.1f} s")
for c in consoles:
    c.late = c.stats()
pings = ari.pings - pings

for i, c in enumerate(consoles):
    events = c.late["events"] - c.begin["events"]
    # every connection pings: an answer heard is an event of the model too
    heard = events - flood.sent
    tap.ok(0 <= heard <= pings, f"{c.name}: no event was lost", f"{flood.sent} sent, {events} "
           f"applied, of which {heard} pongs (of {pings})")
    tap.ok(c.late["gaps"] == c.begin["gaps"] and c.late["resyncs"] == c.begin["resyncs"],
           f"{c.name}: no gap, no resync", c.late)
    tap.ok(c.late["loop_lag_p99_ms"] <= LIMIT_MS, f"{c.name}: loop lag p99 at most {LIMIT_MS} ms",
           f"p99 {c.late['loop_lag_p99_ms']} ms, worst {c.late['loop_lag_max_ms']} ms")
tap.ok(sum(c.late["events"] - c.begin["events"] - flood.sent for c in consoles) == pings,
       "all three together heard as many pongs as were sent, and nothing else", pings)
for c in screens:
    tap.ok(c.late["frames"] == c.early["frames"], f"{c.name}: not one frame during the stall",
           f"{c.early['frames']} frames before, {c.late['frames']} after")
    tap.ok(c.late["skipped"] > c.begin["skipped"], f"{c.name}: the stall is counted as skipped",
           f"{c.begin['skipped']}, {c.late['skipped']}")
    tap.ok(c.late["bytes"] == c.early["bytes"], f"{c.name}: not one byte during the stall")
tap.ok(ari.opened == 3 and not ari.closes, "the server saw one connection of each, and no end",
       f"{ari.opened} opened, ended: {ari.closes}")
tap.ok(len(ari.requests) == ari_requests, "nothing was asked for again",
       ari.requests[ari_requests:])

# ---- one frame catches up -------------------------------------------------------------------------
resumed = time.monotonic()
for c in consoles:
    c.pty.resume()
time.sleep(1.2)


def newest_marker(screen):
    found = [int(m) for m in re.findall(r"E(\d{6})", screen.text)]
    return max(found) if found else 0


def frame_ends(c):
    at = c.pty.bytes.find(FRAME_END, c.offset)
    while at >= 0:
        yield at + len(FRAME_END)
        at = c.pty.bytes.find(FRAME_END, at + 1)


def shows_newest(screen):
    """All of what was sent last is there, every user."""
    for extension in CALLS:
        where = screen.find(f" {extension} ")
        if not where:
            return False
        row, col = where[0], where[1]
        glyph = screen.cells[row][col - 1]
        if glyph != ("║" if flood.held[extension] else "■"):
            return False
        marker = re.search(rb"E\d{6}", ari.channels[channels[extension]]).group().decode()
        if marker not in screen.at(row + 1, col - 1, 25):
            return False
    for extension in CALM:
        where = screen.find(f" {extension} ")
        if not where or screen.cells[where[0]][where[1] - 1] != ("×" if flood.dnd[extension] else "●"):
            return False
    return True


for c in screens:
    markers, first, size, start = [], None, 0, c.offset
    for end in frame_ends(c):
        screen = c.pty.screen(upto=end)
        markers.append(newest_marker(screen))
        if markers[-1] > c.marker:
            first, size = screen, end - start
            break
        start = end
    tap.ok(first is not None and shows_newest(first),
           f"{c.name}: the first new frame shows the newest state of every user",
           f"markers of the frames {markers}, last event {flood.sent}" +
           ("" if first and shows_newest(first) else "\n" + (first.text if first else "none")))
    when = next((t for t, n in c.pty.chunks if first and n >= start + size), None)
    tap.ok(when is not None and when - resumed < 0.5, f"{c.name}: it came at once",
           f"{(when - resumed) * 1000:.0f} ms after reading began, {size} bytes" if when else "")
    tap.ok(size < 3 * 40 * 130, f"{c.name}: it is one screen, not a backlog", f"{size} bytes")
tap.ok(wait_until(lambda: f"E{flood.sent:06d}".encode() in consoles[2].pty.bytes or
                  f"E{flood.sent - 1:06d}".encode() in consoles[2].pty.bytes, 10),
       "plain lines: every line comes, the last one too")

worst = int(re.search(r"max_ms (\d+)", reference.communicate(timeout=60)[0]).group(1))
for c in consoles:
    tap.ok(c.late["loop_lag_max_ms"] <= worst + LIMIT_MS,
           f"{c.name}: worst lag at most {LIMIT_MS} ms above that of a bare timer",
           f"worst {c.late['loop_lag_max_ms']} ms, bare timer {worst} ms")

# ---- leaving while nobody reads -------------------------------------------------------------------
for c in consoles:
    c.pty.pause()
flood.run(3)
for c, number in zip(consoles, (signal.SIGTERM, signal.SIGINT, signal.SIGTERM)):
    before = time.monotonic()
    c.pty.signal(number)
    code = c.pty.wait_exit(5)
    limit = 300 if c in screens else 1300  # lines are given a second to be read
    tap.ok(code == 128 + number, f"{c.name}: ends with {128 + number} although nobody reads", code)
    tap.ok(c.pty.ended is not None and (c.pty.ended - before) * 1000 <= limit,
           f"{c.name}: within {limit} ms", f"{((c.pty.ended or 0) - before) * 1000:.0f} ms")
    tap.ok(is_same_tty(c.pty.before, c.pty.state()), f"{c.name}: the terminal is as it was")
tap.end()
