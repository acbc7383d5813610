"""Names that attack: as callers' names and numbers, over the websocket and over HTTP, in snapshots and
in events, and as names of people and departments. No title changes, nothing rings, no column moves, no
lamp is lost, no frame is given up that can be mended, and JSON stays JSON."""
import json
import re
import signal
import subprocess
import time

from termenv import CALLHUD, FakeAri, Home, Pty, Tap, Tmux, Watch, cells_of, expect, wait_until

BAD = "\ufffd"
# what is it, the JSON string as bytes of the wire, what is left of it
HOSTILE = [
    ("a title", b'"\\u001b]0;owned\\u0007"', f"{BAD}]0;owned{BAD}"),
    ("a bidi override", b'"\\u202Egnp.exe"', "gnp.exe"),
    ("a lone surrogate", b'"\\ud800"', BAD),
    ("a surrogate the wrong way round", b'"x\\udc00\\ud800y"', f"x{BAD}{BAD}y"),
    ("NUL", b'"a\\u0000b"', f"a{BAD}b"),
    ("4,000 characters", b'"' + b"x" * 4000 + b'"', "x" * 4000),
    ("4,000 wide characters", b'"' + "田".encode() * 4000 + b'"', "田" * 4000),
    ("raw bad UTF-8", b'"\xff\xfe\xc3(\xed\xa0\x80\xf0\x9f"', None),
    ("raw control bytes", b'"\x1b]0;owned\x07\x1b[2J\r\n\x08!"',
     f"{BAD}]0;owned{BAD}{BAD}[2J{BAD * 3}!"),
    ("C1 controls", b'"\\u009b2J\xc2\x9d0;owned\xc2\x9c"', f"{BAD}2J{BAD}0;owned{BAD}"),
    ("emoji with joiners", '"👨‍👩‍👧‍👦👍🏽🇩🇪"'.encode(), "👨👩👧👦👍DE"),
    ("wide characters", '"田中"'.encode(), "田中"),
    ("fifty combining marks", ('"Z' + "\u0301" * 50 + '"').encode(), "Z\u0301\u0301\u0301"),
    ("zero width", '"a\u200b\u200d\ufeff\u2066\u00adb\U000e0041"'.encode(), "ab"),
    ("JSON in the name", b'"\\"},{\\\\\\"lamp\\":"', '"},{\\"lamp":'),
    ("a DCS", b'"\\u001bPtmux;\\u001b\\u001b]52;c;aGk=\\u0007\\u001b\\\\"',
     f"{BAD}Ptmux;{BAD}{BAD}]52;c;aGk={BAD}{BAD}\\"),
    ("nothing but marks", '"\u0301\u0301\u202e\u200d"'.encode(), None),
    ("a newline and a tab", b'"one\\ntwo\\tthree"', "one two three"),
]
EXTENSIONS = [str(101 + i) for i in range(len(HOSTILE))]
NEVER = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f\u00ad\u061c"
                   "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f\ud800-\udfff"
                   "\U000e0000-\U000e0fff\ue000-\uf8ff]")
# What callhud itself writes: its titles, SGR, cursor and modes.
OWN = re.compile("\x1b\\]0;callhud(: (not connected|\\d+ ringing( \\d+ held)?|\\d+ held))?\x07"
                 "|\x1b\\[[0-9;?]*[A-Za-z@]|\x1b\\([B0]|\x1b[78=>M]|\b")
BASE = 26  # columns of a cell

tap = Tap()


def check_bytes(data, name):
    """Nothing but our own sequences and harmless text went to the terminal."""
    text = bytes(data).decode("utf-8", errors="surrogateescape")
    left = OWN.sub("", text)
    found = sorted({f"U+{ord(c):04X}" for c in NEVER.findall(left)} | ({"ESC"} if "\x1b" in left else set()))
    tap.ok(not found, name, found and f"{found} near {left[max(0, left.find(chr(27))):][:80]!r}")


def place(index, top=2):
    return top + 2 * (index // 3), BASE * (index % 3)


def check_columns(rows, glyph, mark, name, top=2, shown=None):
    """Every cell is where it belongs, in spite of its neighbours' names."""
    wrong = []
    for i, extension in enumerate(EXTENSIONS):
        row, col = place(i, top)
        first, second = rows[row], rows[row + 1]
        lamp = "".join(first[col + 1:col + 2])
        if lamp != glyph or "".join(first[col + 3:col + 6]) != extension:
            wrong.append(f"{extension} ({HOSTILE[i][0]}): lamp {lamp!r} at row {row}, column {col + 1}")
        if "".join(second[col + 24:col + 25]) != mark:
            wrong.append(f"{extension} ({HOSTILE[i][0]}): mark {''.join(second[col + 24:col + 25])!r}")
        expected = HOSTILE[i][2]
        if shown and expected and expected[:3] not in "".join(second[col:col + BASE]):
            wrong.append(f"{extension}: {''.join(second[col:col + BASE])!r} does not show {expected[:3]!r}")
    tap.ok(not wrong, name, "\n".join(wrong) + ("\n" + "\n".join("".join(r) for r in rows) if wrong else ""))


def rows_of(text):
    return [(cells_of(line) + [" "] * 200)[:200] for line in text.split("\n")]


class Floor:
    """A server, a console on a pty, one in tmux, one in ASCII, and watch --json."""

    def __init__(self, is_ws):
        self.name = "REST over the websocket" if is_ws else "HTTP"
        self.ari = FakeAri(users=EXTENSIONS + ["\x1b]0;owned\x07", "\u202e201", "102\x00"],
                           rest_over_ws=is_ws, version="22.10.1" if is_ws else "20.1.0")
        owned = b'[{"attribute":"callerid","value":"\\u001b]0;owned\\u0007\\u202e <103>"}]'
        self.ari.answers["asterisk/config/dynamic/res_pjsip/endpoint/103"] = (
            200, "application/json", owned)
        self.ids = []
        for i, (what, raw, _) in enumerate(HOSTILE):
            channel_id, text = self.ari.channel(EXTENSIONS[i], "Ringing", name=raw, number=raw)
            self.ari.channels[channel_id] = text
            self.ids.append(channel_id)
        self.home = Home(self.ari.url(), monitor="all")
        self.pty = self.console()
        self.ascii = self.console("--ascii")
        self.tmux = Tmux(24, 80, f"exec {CALLHUD} --config {self.home.config}", self.home.env())
        self.watch = HomeWatch(self.home)

    def console(self, *args):
        return Pty(["--config", self.home.config, *args], 24, 80, env=self.home.env())

    def lamps(self, wanted, name):
        good = wait_until(lambda: all(self.watch.latest.get(e, {}).get("lamp") == wanted and
                                      not self.watch.latest[e]["stale"] for e in EXTENSIONS), 8)
        tap.ok(good, f"{self.name}: {name}: no lamp is lost",
               "" if good else {e: self.watch.latest.get(e, {}).get("lamp") for e in EXTENSIONS})

    def screens(self, glyph, ascii_glyph, mark, count_text, name, shown=None):
        settled = self.pty.wait(lambda s: count_text in s.rows[0] and
                                s.find(f" {EXTENSIONS[-1]} ") is not None, 5) or self.pty.screen()
        check_columns(settled.cells, glyph, mark, f"{self.name}: {name}: columns on the terminal",
                      shown=shown)
        there = self.ascii.wait(lambda s: count_text.replace(glyph, ascii_glyph) in s.rows[0], 5)
        check_columns((there or self.ascii.screen()).cells, ascii_glyph, mark,
                      f"{self.name}: {name}: columns in ASCII")
        text = self.tmux.wait(lambda s: count_text in s.split("\n")[0], 5) or self.tmux.screen()
        check_columns(rows_of(text), glyph, mark, f"{self.name}: {name}: columns in tmux", shown=shown)
        tap.ok(settled.title.startswith("callhud"), f"{self.name}: {name}: the title is ours",
               settled.title)
        title = self.tmux.title()
        tap.ok(title.startswith("callhud") and "owned" not in title,
               f"{self.name}: {name}: tmux' title is ours", title)


class HomeWatch(Watch):
    def __init__(self, home):
        class Place:
            config = home.config

            @staticmethod
            def callhud_env():
                return home.env()
        super().__init__(Place, profile="p")


def check_json(floor, name):
    wrong = []
    for i, (what, _, expected) in enumerate(HOSTILE):
        calls = floor.watch.latest.get(EXTENSIONS[i], {}).get("calls") or []
        if len(calls) != 1:
            wrong.append(f"{what}: {len(calls)} calls")
            continue
        for key in ("name", "number"):
            got = calls[0][key] or ""
            if NEVER.search(got):
                wrong.append(f"{what}: {key} {got[:60]!r} has something hostile left")
            if len(got) > 300:
                wrong.append(f"{what}: {key} has {len(got)} characters")
            if expected and got != expected and not (len(expected) > 300 and
                                                     expected.startswith(got.rstrip("…")) and got):
                wrong.append(f"{what}: {key} {got[:60]!r} instead of {expected[:60]!r}")
    tap.ok(not wrong, f"{floor.name}: {name}: JSON has what is left of each name", "\n".join(wrong))
    tap.ok(not floor.watch.bad, f"{floor.name}: {name}: every line is valid JSON in UTF-8",
           floor.watch.bad)


def stats(floor, pty):
    before = len(floor.home.stats())
    pty.signal(signal.SIGUSR1)
    wait_until(lambda: len(floor.home.stats()) > before, 3)
    return floor.home.stats()[-1]


n = len(HOSTILE)
for is_ws in (True, False):
    floor = Floor(is_ws)
    expect(tap, floor.pty, f"▲ {n}", f"{floor.name}: the snapshot with hostile names is read", 10)
    floor.lamps("ringing", "snapshot")
    check_json(floor, "snapshot")
    floor.screens("▲", "!", "P", f"▲ {n}", "snapshot", shown=True)
    for channel_id in floor.ids:
        floor.ari.answer(channel_id)
    floor.lamps("on_call", "answered")
    floor.screens("■", "#", " ", f"■ {n}", "answered", shown=True)
    for channel_id in floor.ids:
        floor.ari.hold(channel_id)
    floor.lamps("hold", "held")
    floor.screens("║", "=", "P", f"║ {n}", "held", shown=True)
    for channel_id in floor.ids:
        floor.ari.end(channel_id)
    floor.lamps("available", "ended")
    floor.ids = [floor.ari.ring(EXTENSIONS[i], name=raw, number=raw)
                 for i, (_, raw, _) in enumerate(HOSTILE)]
    floor.lamps("ringing", "events")
    check_json(floor, "events")
    floor.screens("▲", "!", "P", f"▲ {n}", "events", shown=True)
    # other screens that show the names
    for keys, what in (("v", "dense"), ("v", "table"), ("v", "grid"), ("i", "why"), ("\x1b", "back"),
                       ("!\r", "user"), ("\x1b", "back"), ("\x1b[20~", "log"), ("\x1b", "back"),
                       ("/gnp\r", "filter"), ("\x1b", "back"), ("y", "copy")):
        floor.pty.type(keys)
        time.sleep(0.12)
    at = floor.pty.bytes.find(b"\x1b]52;")
    data = bytes(floor.pty.bytes) if at < 0 else re.sub(rb"\x1b\]52;c;[A-Za-z0-9+/=]*\x07", b"",
                                                        bytes(floor.pty.bytes))
    tap.ok(at >= 0, f"{floor.name}: a number is copied as base64, whatever is in it")
    check_bytes(data, f"{floor.name}: nothing hostile was written to the terminal")
    check_bytes(floor.ascii.bytes, f"{floor.name}: nor in ASCII")
    tap.ok(all(b < 0x80 for b in floor.ascii.bytes), f"{floor.name}: ASCII is ASCII")
    tap.ok(floor.pty.screen().bells == 0, f"{floor.name}: nothing rang")
    bell = floor.tmux.tmux("display-message", "-p", "-t", "s", "#{window_bell_flag}").stdout.strip()
    tap.ok(bell in ("", "0"), f"{floor.name}: nor in tmux", bell)
    told = stats(floor, floor.pty)
    tap.ok(told["gaps"] == 0 and told["resyncs"] == 1, f"{floor.name}: no frame was given up", told)
    tap.ok(floor.ari.opened == 4 and not floor.ari.closes, f"{floor.name}: no connection ended",
           f"{floor.ari.opened} opened, ended {floor.ari.closes}")

    # frames that nobody can mend
    broken = [b'{"type":"ChannelStateChange","channel":', b"[" * 100000, b"\xff\x00\x01"]
    for i, frame in enumerate(broken):
        floor.ari.send(frame)
        ok = wait_until(lambda: stats(floor, floor.pty)["gaps"] == i + 1, 3, 0.1)
        tap.ok(ok, f"{floor.name}: a frame that cannot be mended is one gap ({i + 1})",
               stats(floor, floor.pty))
        tap.ok(wait_until(lambda: stats(floor, floor.pty)["resyncs"] == i + 2, 12, 0.1) and
               floor.pty.wait(lambda s: " live " in s.rows[0]) is not None,
               f"{floor.name}: and is followed by one resync", stats(floor, floor.pty))
    floor.lamps("ringing", "after the resync")
    tap.ok(floor.ari.opened == 4 and not floor.ari.closes,
           f"{floor.name}: no connection ended by them", floor.ari.closes)
    log = floor.home.log_text()
    tap.ok(not NEVER.search(log.replace("\n", "")) and "\x1b" not in log,
           f"{floor.name}: nothing hostile in the log")
    tap.ok(floor.watch.stop() == 143, f"{floor.name}: watch ends with 143")
    for c in (floor.pty, floor.ascii):
        c.type("q")
        tap.ok(c.wait_exit() == 0, f"{floor.name}: q ends the console", c.wait_exit(0))
    floor.tmux.stop()
    floor.ari.close()

# ---- as names of people and departments -----------------------------------------------------------
CONFIG = [  # (what, bytes of the name)
    ("a title", b"\x1b]0;owned\x07"), ("a bidi override", "\u202egnp.exe".encode()),
    ("raw controls", b"\x1b[2J\x08\x0b!"), ("C1", "\u009b2J".encode()), ("long", b"x" * 3000),
    ("wide and long", "田".encode() * 900), ("emoji", "👨‍👩‍👧‍👦👍🏽".encode()), ("田中", "田中".encode()),
    ("marks", b"Z" + "\u0301".encode() * 50), ("zero width", "a\u200b\u200d\ufeff\u2066b".encode()),
]
ari = FakeAri(users=[str(101 + i) for i in range(len(CONFIG))])
lines = b"[users]\n" + b"".join(b"%d = %s | %s\n" % (101 + i, raw, CONFIG[i // 5][1])
                                for i, (_, raw) in enumerate(CONFIG))
home = Home(ari.url(), monitor="list", more=lines)
console = Pty(["--config", home.config], 24, 80, env=home.env())
screen = expect(tap, console, "live", "people with hostile names are accepted", 5)
if screen:
    time.sleep(0.3)
    screen = console.screen()
    wrong = []
    for i, (what, _) in enumerate(CONFIG):
        extension = str(101 + i)
        where = screen.find(f" {extension} ")
        col = BASE * (i % 5 % 3)
        if not where or where[1] != col + 2 or screen.cells[where[0]][col + 1] != "●" or \
                screen.at(where[0] + 1, col + 3, 4) != "free":
            wrong.append(f"{extension} ({what}): {where}, wanted column {col + 2}")
    tap.ok(not wrong, "every cell of people is in its column", "\n".join(wrong) + screen.text * bool(wrong))
    heads = [r for r in screen.rows[2:] if "5 users" in r]
    tap.ok(len(heads) == 2 and all(len(cells_of(h)) == 80 and h.endswith("─") for h in heads),
           "the lines of departments end in their column", heads)
    for keys in ("v", "v", "v", "d", "d", "d", "i", "\x1b", "\r", "\x1b"):
        console.type(keys)
        time.sleep(0.1)
    check_bytes(console.bytes, "nothing hostile from the configuration was written to the terminal")
    tap.ok(console.screen().title == "callhud", "the title is ours", console.screen().title)
console.type("q")
tap.ok(console.wait_exit() == 0, "q ends it")
done = subprocess.run([CALLHUD, "--config", home.config, "status", "--json"], env=home.env(),
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
try:
    people = {u["extension"]: u for u in json.loads(done.stdout.decode("utf-8"))}
    bad = [e for e, u in people.items() if NEVER.search((u["name"] or "") + (u["department"] or ""))]
except ValueError as e:
    people, bad = {}, [str(e)]
tap.ok(len(people) == len(CONFIG) and not bad, "status --json of them is JSON, and harmless", bad)
done = subprocess.run([CALLHUD, "--config", home.config, "status"], env=home.env(),
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
check_bytes(done.stdout, "status in lines of them is harmless")

for what, raw in (("bad UTF-8", b"\xff\xfe"), ("NUL", b"a\x00b"), ("a surrogate", b"\xed\xa0\x80"),
                  ("5,000 bytes", b"y" * 5000)):
    home = Home(ari.url(), more=b"[users]\n101 = " + raw + b"\n")
    done = subprocess.run([CALLHUD, "--config", home.config, "status"], env=home.env(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    error = done.stderr.decode("utf-8", errors="surrogateescape")
    tap.ok(done.returncode == 2 and error.count("\n") == 1 and ":" in error and
           not NEVER.search(error.strip()), f"a name with {what} is refused with its line in one line",
           f"{done.returncode} {error[:300]!r}")
tap.end()
