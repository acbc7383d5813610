#!/usr/bin/env python3
"""The presence settings on the built-in exchange, above all the table of held lines (who may take a held
line from whom): set by command, by the settings screen and elsewhere; judged by what the exchange
holds, and followed from there to the lamp, the mark, the bell, the JSON and the refusal."""
import os
import re
import shlex
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from exenv import Exchange, Follower, Person, check, stories, tap, wait  # noqa: E402
from termenv import Tmux  # noqa: E402

NEED_PICK = "turn on 'Enable me to pick up a monitored line on hold'"
RING = "'Ring my phone when any user I am monitoring rings'"
# ring, pick up -> blinks, why not (None: it may be picked up), is the bell sounded
TABLE = [("off", "off", True, [NEED_PICK], False),
         ("off", "on", True, None, False),
         ("on", "off", False, [NEED_PICK, RING], True),
         ("on", "on", False, [f"{RING} is on: a held line cannot be taken over then"], True)]


def settings(exchange, extension=None):
    """What the service has."""
    got = exchange.rest("GET", "/extension/~/presence", extension=extension)
    return {k: got[k] for k in ("ringOnMonitoredCall", "pickUpCallsOnHold", "allowSeeMyPresence",
                                "callerIdVisibility")}


def permitted(exchange, extension=None):
    page = exchange.rest("GET", "/extension/~/presence/permission", extension=extension)
    return sorted(r["extensionNumber"] for r in page["records"])


class Console:
    """A console in tmux, and every byte that it wrote."""

    def __init__(self, person):
        self.raw = os.path.join(person.folder, "bytes")
        self.tmux = Tmux(24, 80, "sleep 0.3; exec " + shlex.join(person.command()), person.env)
        self.tmux.tmux("pipe-pane", "-t", "s", f"cat >{shlex.quote(self.raw)}")

    def cell(self, extension):
        """Both lines of a user in the grid."""
        rows = self.tmux.rows()
        at = next(i for i, row in enumerate(rows) if i > 1 and f" {extension} " in row)
        return rows[at][:26] + "\n" + rows[at + 1][:26]

    def marks(self, extension):
        return self.cell(extension).split("\n")[1][21:]

    def looks(self, extension, seconds=1.4):
        """The ways in which a user's lamp in the line NOW is drawn meanwhile."""
        ways, end = set(), time.monotonic() + seconds
        while time.monotonic() < end:
            row = self.tmux.tmux("capture-pane", "-p", "-e", "-t", "s").stdout.split("\n")[1]
            plain = row.replace("\x1b[39m", "")
            found = re.search(r"((?:\x1b\[[0-9;]*m)+)([^\x1b ])((?:\x1b\[[0-9;]*m)*) (?:\x1b\[[0-9;]*m)*" +
                              extension, plain)
            if found:
                colours = re.findall(r"38;[0-9;]*|[0-9]+", found[1].replace("\x1b[49m", ""))
                ways.add((colours[-1], found[2]))
            time.sleep(0.1)
        return ways

    def bells(self):
        with open(self.raw, "rb") as f:
            text = f.read()
        return len(re.sub(rb"\x1b\][^\x07\x1b]*(\x07|\x1b\\)", b"", text).split(b"\a")) - 1


def held(exchange):
    """101 holds a call."""
    if exchange.states("101") != ["held"]:
        exchange.call("101", "answer", "hold")
        wait(lambda: exchange.states("101") == ["held"], "101 holds a call")


def row_of_table(exchange, person, follower, console, row, by):
    ring, pick, blinks, why, is_heard = row
    name = f"ring {ring}, pick up {pick} ({by.__name__})"
    held(exchange)
    by(exchange, person, console, ring, pick)
    wait(lambda: (settings(exchange)["ringOnMonitoredCall"], settings(exchange)["pickUpCallsOnHold"]) ==
         (ring == "on", pick == "on"), f"{name}: the exchange has it")

    def is_so(line):
        told = line["pickup"]
        return told["ok"] == (why is None) and all(w in (told["why"] or "") for w in why or [])

    try:
        follower.wait(lambda u: u["101"]["lamp"] == "hold" and is_so(u["101"]), name, 15)
        good = True
    except AssertionError:
        good = False
    check(good, f"{name}: a running watch follows at once", follower.users["101"])
    line = person.json("status", "101")[0]
    check(line["lamp"] == "hold" and is_so(line), f"{name}: status --json says so", line)
    mark = "P" if why is None else ""
    try:
        wait(lambda: console.marks("101").strip() == mark, "the mark", 10)
    except AssertionError:
        pass
    check(console.marks("101").strip() == mark, f"{name}: the mark in the cell", console.tmux.screen())
    ways = console.looks("101")
    check(len(ways) == (2 if blinks else 1), f"{name}: the lamp {'blinks' if blinks else 'is steady'}", ways)

    code, out, said = person.run("pickup", "101")
    if why is None:
        check(code == 0 and exchange.states("900") == ["connected"] and not exchange.states("101"),
              f"{name}: it is picked up", (code, out, said))
        exchange.device("hangup")
        wait(lambda: not exchange.states("900"), "our phone is free")
    else:
        check(code == 4 and line["pickup"]["why"] in said and exchange.states("101") == ["held"],
              f"{name}: it is refused with the same words", (code, said))

    before = console.bells()
    call = exchange.call("102")
    ways = console.looks("102", 2)
    check(len(ways) == 2, f"{name}: a ringing user blinks", ways)
    check(console.marks("102").strip() == "P", f"{name}: a ringing user may always be picked up",
          console.tmux.screen())
    exchange.hang_up(call)
    wait(lambda: not exchange.states("102"), "hung up")
    check((console.bells() > before) == is_heard,
          f"{name}: the bell {'sounds' if is_heard else 'is silent'}", console.bells() - before)


def by_command(_, person, __, ring, pick):
    code, _, said = person.run("presence", "set", f"ring_when_monitored_rings={ring}",
                               f"pick_up_held_lines={pick}")
    if code:
        raise AssertionError(f"presence set: {code} {said}")


def elsewhere(exchange, _, __, ring, pick):
    exchange.rest("PUT", "/extension/~/presence",
                  {"ringOnMonitoredCall": ring == "on", "pickUpCallsOnHold": pick == "on"})


def table(exchange):
    person = Person(exchange)
    follower = Follower(person)
    console = Console(person)
    follower.wait(lambda u: len(u) == 6 and not any(x["stale"] for x in u.values()), "the watch is live")
    if not console.tmux.wait(lambda s: "live" in s.partition("\n")[0], 20):
        raise AssertionError(f"no console:\n{console.tmux.screen()}")
    for row in TABLE:
        row_of_table(exchange, person, follower, console, row, by_command)
    row_of_table(exchange, person, follower, console, TABLE[1], elsewhere)
    screen(exchange, person, follower, console)
    console.tmux.stop()


def screen(exchange, person, follower, console):
    """The first row again, from the settings screen."""
    tmux = console.tmux
    held(exchange)
    tmux.keys(",")
    first = tmux.wait(lambda s: "Ring my phone" in s and "pick up a monitored line" in s, 10)
    if not check(first, "the settings screen shows both settings", tmux.screen()):
        return
    for _ in range(12):  # to the line of the second setting
        row = next((r for r in tmux.rows() if "pick up a monitored line" in r), "")
        if row.startswith(("▌", ">")):
            break
        tmux.keys("j")
        time.sleep(0.2)
    tmux.keys("Enter")
    time.sleep(0.5)
    if settings(exchange)["pickUpCallsOnHold"]:  # some screens ask for Space, or to be saved
        tmux.keys("Space")
        time.sleep(0.5)
    if settings(exchange)["pickUpCallsOnHold"]:
        tmux.keys("S")
        time.sleep(0.6)
        tmux.keys("y")
    try:
        wait(lambda: not settings(exchange)["pickUpCallsOnHold"], "the screen turns it off", 10)
        good = True
    except AssertionError:
        good = False
    check(good, "the settings screen: turned off, the exchange has it", tmux.screen())
    check(any(r["action"] == "presence set" and r["value"] == "pick_up_held_lines=off"
              for r in person.json("audit", "show")[-2:]), "and in the record stands what was set")
    tmux.keys("Escape")
    try:
        follower.wait(lambda u: not u["101"]["pickup"]["ok"] and NEED_PICK in u["101"]["pickup"]["why"],
                      "the refusal", 10)
        good = True
    except AssertionError:
        good = False
    check(good, "from the settings screen to the JSON", follower.users["101"])
    seen = tmux.wait(lambda s: " 101 " in s and console.marks("101").strip() == "", 10)
    check(seen, "and to the mark", tmux.screen())
    code, _, said = person.run("pickup", "101")
    check(code == 4 and NEED_PICK in said, "and to the refusal", (code, said))


def unlocked(exchange):
    """An account that does not keep the last row: the profile says so."""
    person = Person(exchange, lines="ring_locks_hold = no")
    held(exchange)
    by_command(exchange, person, None, "on", "on")
    line = person.json("status", "101")[0]
    check(line["pickup"] == {"ok": True, "why": None}, "ring_locks_hold = no: a held line may be picked up",
          line)
    code, _, said = person.run("pickup", "101")
    check(code == 0 and exchange.states("900") == ["connected"], "and is", (code, said))


def others(exchange):
    """The settings that are not about held lines."""
    person = Person(exchange)
    begun = settings(exchange)
    for words, code, said in (
            (["ring_when_monitored_rings=maybe"], 2, "on or off"),
            (["ring_when_monitored_ring=on"], 2, "ring_when_monitored_rings"),
            (["pick_up_held_lines=off", "nonsense=1"], 2, "nonsense"),
            (["call_details=some"], 2, "permitted"),
            ([], 2, "KEY=VALUE"),
            (["pick_up_held_lines=off", "answerable_by=101,777"], 4, "777"),
            (["answerable_by="], 2, "none"),
            (["answerable_by=101,11"], 4, "no person"),
            (["visible_to=101", "call_details=none"], 4, "visible_to")):
        got = person.run("presence", "set", *words)
        check(got[0] == code and said in got[2] and got[2].count("\n") == 1, f"presence set {' '.join(words)}: refused, says why", got)
    check(settings(exchange) == begun and permitted(exchange) == [], "and nothing of it was stored",
          settings(exchange))
    code, out, said = person.run("presence", "set", "call_details=permitted", "answerable_by=103,101",
                                 "--json")
    check(code == 0 and settings(exchange)["callerIdVisibility"] == "PermittedUsers" and
          permitted(exchange) == ["101", "103"], "call details, and who may answer my calls",
          (code, out, said, settings(exchange), permitted(exchange)))
    shown = person.json("presence", "show")
    check(shown["call_details"] == "permitted" and sorted(shown["answerable_by"]) == ["101", "103"] and
          shown["share_presence"] is True and set(shown) == {
              "ring_when_monitored_rings", "pick_up_held_lines", "share_presence", "visible_to",
              "call_details", "answerable_by"}, "presence show --json", shown)
    for word, value in (("all", "All"), ("none", "None")):
        person.run("presence", "set", f"call_details={word}")
        check(settings(exchange)["callerIdVisibility"] == value, f"call_details={word}", settings(exchange))
    got = person.run("presence", "set", "share_presence=off")
    check(got[0] == 0 and not settings(exchange)["allowSeeMyPresence"], "share_presence=off", got)
    got = person.run("presence", "set", "answerable_by=102")
    check(got[0] == 4 and "presence" in got[2] and permitted(exchange) == ["101", "103"],
          "who may answer my calls needs presence on first: said", (got, permitted(exchange)))
    got = person.run("presence", "set", "share_presence=on", "answerable_by=none")
    check(got[0] == 0 and settings(exchange)["allowSeeMyPresence"] and permitted(exchange) == [],
          "both at once, in the right order", (got, permitted(exchange)))
    got = person.run("--read-only", "presence", "set", "share_presence=off")
    check(got[0] == 4 and settings(exchange)["allowSeeMyPresence"], "--read-only changes nothing", got)

    got = person.run("presence", "set", "share_presence=off", "--user", "103")
    check(got[0] == 0 and not exchange.user("103")["sharesPresence"], "an administrator sets another's", got)
    agent = Person(exchange, "101")
    got = agent.run("presence", "set", "share_presence=on", "--user", "103")
    check(got[0] == 4 and "administrator" in got[2] and got[2].count("\n") == 1 and
          not exchange.user("103")["sharesPresence"],
          "who is none is refused by name of the right", got)
    got = agent.run("presence", "set", "pick_up_held_lines=on")
    check(got[0] == 0 and settings(exchange, "101")["pickUpCallsOnHold"], "but sets his own", got)
    records = person.json("audit", "show")
    check([r["action"] for r in records if r["record"] == "begin"].count("presence set") >= 5 and
          person.run("audit", "verify")[0] == 0, "every change is in the audit record", records)
    values = [(r["record"], r["extension"], r["value"]) for r in records if r["action"] == "presence set"]
    for value in ((None, "call_details=permitted answerable_by=103,101"),
                  (None, "share_presence=on answerable_by=none"), ("103", "share_presence=off")):
        check([what for what, *rest in values if tuple(rest) == value] == ["begin", "end"],
              f"with what was set, {value[1]}", values)


def main():
    stories(("table", lambda: table(Exchange("table", users=6))),
            ("unlocked", lambda: unlocked(Exchange("unlocked", users=6, switches="ring-locks-hold=off"))),
            ("others", lambda: others(Exchange("others", users=6))))
    tap.end()


if __name__ == "__main__":
    main()
