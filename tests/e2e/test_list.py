"""A day with the HUD list on the built-in exchange, in tmux: searched, changed, looked at, saved with
its warning, changed elsewhere, in conflict; the presence settings from the key to the lamp. Pictures
are left in captures/ of the build."""
import os
import time

from termenv import BUILD, CALLHUD, Tmux, expect, wait_until
from exenv import Exchange, Person, tap

CAPTURES = os.path.join(BUILD, "captures")
os.makedirs(CAPTURES, exist_ok=True)


class Floor(Exchange):
    """With a person on it. The service answers so many requests a minute and no more: each part of the day
    has one of its own."""

    def __init__(self, name):
        super().__init__(name, users=24, seed=7, is_generous=False)
        self.person = Person(self)
        self.who = self.ids()


class Desk:
    def __init__(self, floor, rows, cols, *options):
        self.floor = floor
        self.tmux = Tmux(rows, cols, f"{CALLHUD} --config {floor.person.config} {' '.join(options)}; "
                         "echo ended $?; sleep 60", floor.person.env)
        self.name = f"{cols}x{rows}"
        if not self.expect(lambda s: " live" in s.split("\n")[0], f"{self.name}: live", 15):
            raise RuntimeError("nothing to test")

    def expect(self, test, name, timeout=5.0):
        return expect(tap, self.tmux, test, name, timeout)

    def type(self, text):
        self.tmux.text(text)
        time.sleep(0.1)

    def at(self, extension):
        time.sleep(1.6)  # digits in a row are one extension
        self.type(extension)
        self.expect(lambda s: any(row.startswith("▌") and extension in row.split()
                                  or row.startswith(f"▌{extension} ") for row in s.split("\n")), f"the cursor is on {extension}")

    def capture(self, name):
        with open(os.path.join(CAPTURES, f"list-{self.name}-{name}.txt"), "w", encoding="utf-8") as f:
            f.write(self.tmux.screen() + "\n")

    def row(self, extension, screen=None):
        rows = (screen or self.tmux.screen()).split("\n")
        return next((r for r in rows if f" {extension} " in r), "")


def edits(desk):
    desk.type("e")
    desk.expect(lambda s: "HUD LIST" in s and "26 of 100 keys" in s and "0 unsaved" in s
                and "auto-sync off" in s, "the list, as it is stored")
    department = desk.floor.state()["users"][0]["department"]
    desk.type("/" + department.split()[0].lower())
    desk.tmux.keys("Enter")
    desk.expect(lambda s: " shown" in s and "search:" in s, "searched by department")
    desk.type("a")
    desk.expect(lambda s: "marked, all that are shown" in s and " not shown" in s,
                "all shown are marked, and the rest is counted")
    desk.capture("marked")
    desk.type("A")
    desk.tmux.keys("Escape")
    desk.expect(lambda s: "search:" not in s and "marked" not in s.split("\n")[1], "unmarked")
    desk.at("103")
    desk.type("-")
    desk.expect(lambda s: "- removed here" in desk.row("103", s), "one is removed")
    desk.at("105")
    desk.type("-")
    desk.expect(lambda s: "24 of 100 keys" in s and "2 unsaved" in s, "and another")
    desk.at("104")
    desk.tmux.keys("Enter")
    desk.expect("INSTEAD OF 104", "somebody else for a key")
    desk.at("103")
    desk.tmux.keys("Enter")
    desk.expect(lambda s: "- removed here" in desk.row("104", s) and " 5 " in desk.row("103", s),
                "who was removed takes it")
    desk.capture("edited")
    tap.ok("105" in desk.floor.stored() and desk.floor.stored().index("104") == desk.floor.stored().index("103") + 1,
           "nothing of it is stored yet", desk.floor.stored())


def looks(desk):
    desk.type("p")
    desk.expect(lambda s: "as on the desk phone" in s and "as in the desktop app" in s
                and "as it will be when saved" in s, "the preview, both")
    desk.capture("preview")
    desk.tmux.keys("Right")
    desk.expect("page 2 of", "the next page of keys")
    desk.tmux.keys("Escape")
    desk.expect("HUD LIST", "back")


def saves(desk):
    before = desk.floor.stored()
    desk.type("S")
    desk.expect(lambda s: "restart and drop their lamps" in s and "Desk" in s and "Lab" in s
                and "Not now" in s and "appearance of 900?" in s, "what restarts is named")
    desk.capture("save")
    time.sleep(0.35)
    desk.tmux.keys("Enter")
    desk.expect(lambda s: "Not now" not in s, "the default is not now")
    tap.ok(desk.floor.stored() == before, "and nothing is written")
    desk.type("Sy")
    time.sleep(0.5)
    tap.ok(desk.floor.stored() == before, "a y typed before the question could be read is no answer")
    desk.type("y")
    desk.expect(lambda s: "0 unsaved" in s and "both homes agree" in s, "saved", 15)
    want = [e for e in before if e not in ("103", "105")]
    want[want.index("104")] = "103"
    tap.ok(wait_until(lambda: desk.floor.stored() == want, 5), "and stored so", (desk.floor.stored(), want))


def is_changed_elsewhere(desk):
    desk.floor.edit(lambda lines: [e for e in lines if e != "106"], ids=desk.floor.who)
    desk.expect(lambda s: "23 of 100" in s and " 106 " not in s and "0 unsaved" in s,
                "what is removed elsewhere goes here by itself", 10)
    desk.at("102")
    desk.tmux.keys("Enter")
    desk.expect("INSTEAD OF 102", "a change here")
    desk.at("104")
    desk.tmux.keys("Enter")
    desk.expect(lambda s: "changed here" in desk.row("102", s), "changed here")
    desk.floor.edit(lambda lines: [e for e in lines if e != "102"], ids=desk.floor.who)
    desk.expect(lambda s: "CONFLICT" in s and "1 in conflict" in s, "the conflict shows by itself", 10)
    desk.expect(lambda s: "< keep" in s and "> " in s, "with its choices")
    desk.capture("conflict")
    desk.type(">")
    desk.expect(lambda s: "CONFLICT" not in s and "0 unsaved" in s, "what is stored is kept")
    desk.type("u")
    desk.expect("CONFLICT", "undone: the conflict is back")
    desk.at("104")
    desk.type("<")
    desk.expect(lambda s: "CONFLICT" not in s and "1 unsaved" in s, "what is here is kept")
    desk.type("u")
    desk.expect("CONFLICT", "undone again")
    desk.type("/is:conflict")
    desk.tmux.keys("Enter")
    desk.type(">")
    desk.expect("0 unsaved", "and settled")


def settings(desk):
    rows = [("off", "on", "blinks; it may be picked up"), ("on", "on", "lit steadily; it cannot be"),
            ("on", "off", "lit steadily; it cannot be"), ("off", "off", "blinks; it cannot be")]
    desk.type(",")
    desk.expect(lambda s: "PRESENCE SETTINGS" in s and "Desk" in s and "shows presence" in s,
                "the presence settings, with the devices", 10)
    made = desk.floor.call("101", "answer", "hold")
    for ring, pickup, words in rows:
        for at, value in (("Ring my phone", ring), ("Enable me to", pickup)):
            row = next(r for r in desk.tmux.screen().split("\n") if at in r)
            if row.split()[-1] != value:
                desk.type("kkkkkk" if at.startswith("Ring") else "kkkkkkj")
                desk.tmux.keys("Enter")
                desk.expect(lambda s, a=at, v=value: any(a in r and r.split()[-1] == v
                                                         for r in s.split("\n")),
                            f"{at}: {value}, confirmed")
        desk.expect(lambda s, w=words: w in " ".join(s.split()), f"{ring}, {pickup}: a held line {words}")
        if (ring, pickup) == ("on", "on"):
            desk.capture("presence")
        desk.tmux.keys("Escape")
        is_ok = (ring, pickup) == ("off", "on")
        desk.expect(lambda s, ok=is_ok: any("101 " in r and "║" in r and (" P" in r.split("║")[1][:40]) == ok
                                            for r in s.split("\n")[1:2]),
                    f"{ring}, {pickup}: the mark says the same")
        desk.type(",")
        desk.expect("PRESENCE SETTINGS", "again")
    desk.floor.hang_up(made)


def leaves(desk):
    for _ in range(3):
        desk.tmux.keys("Escape")
    desk.type("q")
    desk.expect("ended 0", "q ends it")
    desk.tmux.stop()


floor = Floor("day")
day = Desk(floor, 24, 80)
edits(day)
looks(day)
saves(day)
is_changed_elsewhere(day)
leaves(day)
floor.close()

floor = Floor("settings")
day = Desk(floor, 24, 80)
settings(day)
leaves(day)
floor.close()

floor = Floor("wide")
wide = Desk(floor, 50, 200, "--read-only")
wide.type("e")
wide.expect(lambda s: "HUD LIST" in s and "department" in s, "200x50: the list with departments")
wide.capture("list")
wide.at("101")
wide.type("-")
wide.expect("--read-only is on", "read only: nothing is removed")
wide.type("p")
wide.expect("as in the desktop app", "200x50: the preview")
wide.capture("preview")
wide.type(",")
wide.expect("PRESENCE SETTINGS", "200x50: the settings")
wide.capture("presence")
wide.tmux.stop()
floor.close()
tap.end()
