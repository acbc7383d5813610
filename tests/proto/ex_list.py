#!/usr/bin/env python3
"""The list in its two homes, judged from outside: another editor (an official client, unmodified, where
there is node) and GET /exchange/state on one side, the commands and the console in tmux on the other.
Each story has an exchange of its own; they run side by side."""
import os
import shlex
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from exenv import (CALLHUD, Editor, Exchange, Follower, Meter, Person, check, next_line, stories, tap,  # noqa: E402
                   wait)
from termenv import Tmux  # noqa: E402


def console(person, rows=24, cols=80):
    return Tmux(rows, cols, shlex.join(person.command()), person.env)


def seen(terminal, is_so, what, limit=20):
    """The screen once it is so; reported either way."""
    screen = terminal.wait(is_so, limit)
    check(screen is not None, what, "" if screen else terminal.screen())
    return screen


def open_list(terminal):
    seen(terminal, lambda s: "live" in s.partition("\n")[0], "the console is live")
    terminal.keys("e")
    return seen(terminal, "HUD LIST", "e opens the HUD list")


def line_of(screen, *words):
    return next((line for line in screen.split("\n") if all(w in line for w in words)), "")


def elsewhere(exchange):
    """What another editor stores shows by itself, and he sees ours."""
    editor = Editor(exchange)
    if not editor.is_official:
        tap.note(f"the other editor is plain REST: {editor.why}")
    editor.put(["101", "102", "103"])
    watcher, looker = Person(exchange), Person(exchange, name="console")
    follower = Follower(watcher)
    follower.wait(lambda u: set(u) >= {"101", "102", "103"} and not any(x["stale"] for x in u.values()),
                  "the watch is live")
    told = [x["extension"] for x in follower.lines]
    check(sorted(e for e in told if e in ("101", "102", "103")) == ["101", "102", "103"],
          "a watch begins with each user once", told)
    terminal = console(looker)
    seen(terminal, lambda s: "101 " in s and "102 " in s and "110" not in s, "the console shows the list")

    editor.put(["101", "110", "103", "102"])
    added = follower.wait(lambda u: u.get("110", {}).get("presence"), "110 is watched")
    check(added, "a line that an official client stores is in a running watch by itself")
    time.sleep(0.5)
    line = follower.users["110"]
    check((line["lamp"], line["dnd"], line["since"]) == ("available", False, None),
          "what the exchange says of the user is told, and what it does not say is not made up", line)
    seen(terminal, lambda s: "110 " in s, "and in a running console by itself")
    call = exchange.call("110")
    follower.wait(lambda u: u["110"]["lamp"] == "ringing", "110 rings")
    seen(terminal, lambda s: "110 " in line_of(s, "NOW"), "its lamp is live: a call rings there")
    exchange.hang_up(call)
    follower.wait(lambda u: u["110"]["lamp"] == "available", "110 is free")

    editor.put(["101", "110", "103"])
    seen(terminal, lambda s: "102 " not in s and "103 " in s, "a user who was taken off is off the console")
    count = len(follower.lines)
    call = exchange.call("102")
    time.sleep(1)
    exchange.hang_up(call)
    later = [x["extension"] for x in follower.lines[count:]]
    check("102" not in later, "and the watch tells nothing more of him", later)

    heard = 3
    check(editor.hears(heard), "each change was told to the official client once")
    check(watcher.run("list", "add", "105")[0] == 0 and exchange.stored() == ["101", "110", "103"],
          "an edit here is not stored before a push", exchange.stored())
    code, out, said = watcher.run("list", "push")
    check(code == 0 and exchange.stored() == ["101", "110", "103", "105"], "a push stores it",
          (code, out, said, exchange.stored()))
    check(editor.hears(heard + 1) and editor.get() == ["101", "110", "103", "105"],
          "the official client is told of it and reads it")
    seen(terminal, lambda s: "105 " in s, "and another console of ours shows it by itself")
    check(follower.stop() == 143 and not follower.bad, "every line of the watch is JSON", follower.bad)
    terminal.stop()
    editor.close()


def conflict(exchange):
    """A local edit that was not sent, and another of the same line elsewhere."""
    editor = Editor(exchange)
    editor.put(["101", "102", "103", "104"])
    person = Person(exchange)
    for words in (("set", "4", "109"), ("add", "108")):
        code, _, said = person.run("list", *words)
        check(code == 0, f"list {' '.join(words)}", said)
    editor.put(["101", "111", "103", "104"])
    rows = person.json("list", "diff")
    check(rows == [{"key": 4, "extension": "109", "name": rows[0]["name"], "stored": "111",
                    "state": "conflict"},
                   {"key": 7, "extension": "108", "name": rows[1]["name"], "stored": None,
                    "state": "added"}] if len(rows) == 2 else False,
          "list diff --json: the conflict with both sides, and the edit that merges", rows)
    code, out, said = person.run("list", "push")
    check(code == 4 and exchange.stored() == ["101", "111", "103", "104", "108"],
          "a push sends the rest and leaves the line in conflict as it is stored", (code, exchange.stored()))
    check("key 4 is in conflict" in said and "list set 4" in said, "and says so, and what to do", (out, said))
    check([(r["extension"], r["stored"], r["state"]) for r in person.json("list", "diff")] ==
          [("109", "111", "conflict")], "the conflict outlives the push", person.run("list", "diff"))

    terminal = console(person)
    if open_list(terminal):
        settle_conflicts(exchange, editor, person, terminal)
    terminal.stop()
    check(person.json("list", "diff") == [], "both homes agree", person.run("list", "diff"))
    editor.close()


def choose(terminal, ours, theirs, key):
    """Goes to the line in conflict and presses a key."""
    seen(terminal, lambda s: ours in line_of(s, "CONFLICT") and theirs in line_of(s, "CONFLICT"),
         f"the screen shows both sides of the conflict, {ours} and {theirs}")
    for step in ["j"] * 12 + ["k"] * 12:
        if line_of(terminal.screen(), "CONFLICT").startswith("▌"):
            break
        terminal.keys(step)
        time.sleep(0.2)
    seen(terminal, lambda s: "< keep" in s and "> keep" in s, "and offers the choice")
    terminal.keys(key)
    seen(terminal, lambda s: "CONFLICT" not in s, f"{key} settles it")


def save(exchange, terminal, want):
    terminal.keys("S")
    dialog = seen(terminal, lambda s: "Save " in s and "presence appearance" in s, "S asks before it saves")
    time.sleep(0.4)
    terminal.keys("y")
    try:
        wait(lambda: exchange.stored() == want, "saved", 20)
    except AssertionError:
        pass
    check(exchange.stored() == want, "what was chosen is stored", (exchange.stored(), terminal.screen()))
    return dialog or ""


def settle_conflicts(exchange, editor, person, terminal):
    choose(terminal, "109", "111", "<")
    check(exchange.stored()[1] == "111", "nothing is stored before it is saved", exchange.stored())
    dialog = save(exchange, terminal, ["101", "109", "103", "104", "108"])
    check("Desk" in dialog and "Lab" in dialog, "the dialog names every phone that restarts", dialog)

    editor.put(["101", "109", "103", "104", "108", "106"])
    seen(terminal, lambda s: "106 " in s, "what is stored elsewhere comes into the open list by itself")
    person.run("list", "set", "5", "110")  # another callhud of the same person
    seen(terminal, lambda s: "110 " in s, "and what another callhud of ours edits, too")
    editor.put(["101", "109", "112", "104", "108", "106"])
    choose(terminal, "110", "112", ">")
    check(person.json("list", "diff") == [], "the stored side was chosen: nothing is left to send",
          person.run("list", "diff"))
    person.run("list", "set", "4", "102")
    editor.put(["101", "105", "112", "104", "108", "106"])
    choose(terminal, "102", "105", "b")
    save(exchange, terminal, ["101", "102", "112", "104", "108", "106", "105"])  # theirs on a new key


def refused(exchange):
    """What the exchange takes not is named, the rest is saved."""
    editor = Editor(exchange)
    editor.put(["101", "102", "103"])
    person = Person(exchange)
    code, _, said = person.run("list", "add", "999")
    check(code == 4 and "999" in said, "nobody has that extension: said at once", (code, said))
    for extension in ("111", "112", "110"):
        code, _, said = person.run("list", "add", extension)
        check(code == 0, f"{extension} is added here", said)
    exchange.control("PATCH", "/users/112", {"enabled": False})
    code, out, said = person.run("list", "push")
    check(code == 1 and "112" in said and "111" not in said and "110" not in said,
          "a user who was disabled meanwhile is refused by name", (code, out, said))
    check(exchange.stored() == ["101", "102", "103", "111", "110"], "the others are saved, in their order",
          exchange.stored())
    rows = person.json("list", "diff")
    check([(r["extension"], r["state"]) for r in rows] == [("112", "added")],
          "the refused one stays as an edit", rows)
    _, out, _ = person.run("list", "diff")
    check("refused" in line_of(out, "112"), "and list diff says that it was refused", out)
    check(person.run("list", "remove", "112")[0] == 0 and person.json("list", "diff") == [],
          "it can be taken back", person.run("list", "diff"))
    for words, word in ((("remove", "1"), "reserved"), (("move", "2", "4"), "reserved"),
                        (("set", "1", "105"), "reserved"), (("add", "101"), "already"),
                        (("set", "3", "102"), "already")):
        code, _, said = person.run("list", *words)
        check(code in (1, 4) and word in said, f"list {' '.join(words)}: refused, with the reason",
              (code, said))
    check(person.json("list", "diff") == [] and len(exchange.stored()) == 5, "and nothing was changed by it")


def vanished(exchange):
    """Somebody of the list's file whom the telephone system does not know (any more)."""
    person = Person(exchange)
    exchange.edit(lambda before: ["101", "102"])
    for extension in ("104", "105"):
        person.run("list", "add", extension)
    with open(person.list_file, encoding="utf-8") as f:
        text = f.read()
    ids = exchange.ids()
    with open(person.list_file, "w", encoding="utf-8") as f:
        f.write(text.replace(ids["104"], "400999999999"))
    code, out, said = person.run("list", "push")
    check(code == 1 and "104" in said, "a line of a user who does not exist is refused by name",
          (code, out, said))
    check(exchange.stored() == ["101", "102", "105"], "and the other is saved", exchange.stored())


def full(exchange):
    """The limit of keys: 100, the reserved ones counted."""
    every = [u["extension"] for u in exchange.state()["users"] if u["extension"] != exchange.port["supervisor"]]
    ids = exchange.ids()
    exchange.edit(lambda before: every[:97], ids=ids)
    person = Person(exchange)
    person.run("list", "remove", every[0])
    said = {}
    for extension in every[97:99]:
        code, _, said[extension] = person.run("list", "add", extension)
        check(code == 0, f"{extension} still fits", said[extension])
    exchange.edit(lambda before: before + [every[100]], ids=ids)  # elsewhere the last free key is taken
    code, _, words = person.run("list", "add", every[99])
    check(code in (1, 4) and "100" in words or code == 0, "one too many is refused with the limit, or kept",
          (code, words))
    code, out, words = person.run("list", "push")
    stored = exchange.stored()
    check(code == 1 and len(stored) == 98, "a push over the limit ends with 1 and fills every key",
          (code, len(stored), out, words))
    check(every[0] not in stored and every[100] in stored and set(every[1:97]) < set(stored),
          "what was removed is gone, what was there and elsewhere is kept", (words, sorted(stored)))
    left = [e for e in every[97:99] if e not in stored]
    check(len(left) == 1 and left[0] in words, "the line that did not fit is named", (left, words))
    rows = person.json("list", "diff")
    check([(r["extension"], r["state"]) for r in rows if r["extension"] == left[0]] == [(left[0], "added")],
          "and waits as an edit", rows)
    person.run("list", "remove", every[5])
    code, _, words = person.run("list", "push")
    check(left[0] in exchange.stored() and every[5] not in exchange.stored(),
          "with a key free it is stored", (code, words))


def rights(exchange):
    """Whose list may be seen and changed by whom."""
    exchange.edit(lambda before: ["101", "102"], "103")
    admin, agent = Person(exchange), Person(exchange, "101")
    code, _, said = admin.run("list", "add", "104", "--user", "103")
    check(code == 0 and exchange.stored("103") == ["101", "102"], "an administrator edits another's list", said)
    check(admin.json("list", "diff") == [], "which is not his own")
    code, _, said = admin.run("list", "push", "--user", "103")
    check(code == 0 and exchange.stored("103") == ["101", "102", "104"], "and pushes it", (code, said))
    for words in (("show",), ("diff",), ("add", "105"), ("remove", "101"), ("push",), ("pull",)):
        code, out, said = agent.run("list", *words, "--user", "103")
        check(code == 4 and said.count("\n") == 1 and "administrator" in said,
              f"list {' '.join(words)} --user 103 of one who is none: refused, with the right that lacks",
              (code, out, said))
    check(exchange.stored("103") == ["101", "102", "104"], "and nothing of it is stored", exchange.stored("103"))
    code, _, said = agent.run("list", "add", "102")
    check(code == 0 and agent.run("list", "push")[0] == 0 and exchange.stored("101") == ["102"],
          "his own list is his", (code, said, exchange.stored("101")))
    code, _, said = admin.run("list", "show", "--user", "999")
    check(code == 4 and "999" in said, "nobody has that extension", (code, said))


def sparing(exchange):
    """The service's own limits: some edits in a minute need no waiting, each asks for what it needs alone."""
    meter = Meter(exchange)
    exchange.edit(lambda before: ["101"])
    person = Person(exchange, server=meter.url)
    for words in (("add", "102"), ("add", "103"), ("add", "104"), ("add", "105"), ("move", "6", "3"),
                  ("remove", "103"), ("set", "3", "106"), ("add", "107"), ("move", "3", "5"), ("add", "103")):
        code, out, said = person.run("list", *words)
        if not check(code == 0 and "waiting" not in said,
                     f"list {' '.join(words)} within the limits of a minute", (code, out, said)):
            break
    asked = [path for _, path in meter.asked]
    check(len(asked) <= 1 + 3 * 10 and not any("/subscription" in p or "wstoken" in p or "/presence?" in p
                                               for p in asked),
          "with at most three requests each, none of them for lamps", asked)
    check(exchange.control("GET", "/faults")["requests_in_penalty"] == 0, "no request was made during a penalty")


def limited(exchange):
    """Nothing left of the limits, or told to wait: it waits, and says for what and how long."""
    person = Person(exchange)
    before = exchange.stored()
    exchange.control("PATCH", "/limits", {"window": 5, "medium": 2})
    person.run("list", "show")
    words = ""
    for extension in ("102", "103"):
        code, out, said = person.run("list", "remove", extension)
        check(code == 0 and said.count("\n") <= 2, f"{extension} is removed, if need be later", (code, out, said))
        words += said
    check("waiting: the service allows no more requests for " in words, "and says so", words)
    check(exchange.control("GET", "/faults")["requests_in_penalty"] == 0, "no request was made during a penalty")
    exchange.control("PATCH", "/limits", {"window": 1, "medium": 100000})
    person.minute_later()
    check(exchange.stored() == before and
          [r["stored"] for r in person.json("list", "diff")] == ["102", "103"], "the edits wait")
    for word in ("requests", "sign-ins"):
        exchange.fault("http-429", count=1)
        push = person.start("list", "push")
        said = next_line(push.stderr)
        push.terminate()
        check(push.wait(10) == 143 and f"waiting: the service allows no more {word} for 6" in said,
              f"told to wait with {word} as well", said)
        person.minute_later()


def quiet(exchange):
    """Looking writes nothing: counted between callhud and the exchange."""
    meter = Meter(exchange)
    exchange.edit(lambda before: ["101", "102", "103", "104"])
    person = Person(exchange, server=meter.url)
    for words in (("add", "105"), ("remove", "102"), ("set", "3", "106"), ("move", "5", "3")):
        person.run("list", *words)
    exchange.edit(lambda before: ["107", *before[1:]])  # a conflict too
    time.sleep(1)  # what it keeps is on its disk
    with open(exchange.state_file, "rb") as f:
        kept = f.read()
    meter.asked.clear()
    for words in (("diff",), ("diff", "--json"), ("diff", "--format", "csv"), ("show",), ("export",),
                  ("pull",)):
        code, _, said = person.run("list", *words)
        check(code == 0, f"list {' '.join(words)} ends with 0", (code, said))
    reads = [path for method, path in meter.asked if method == "GET" and "presence/line" in path]
    check(reads and not meter.writes(), "none of them writes anything", meter.writes())
    with open(exchange.state_file, "rb") as f:
        check(f.read() == kept, "and what the exchange keeps stays as it was")
    states = {r["state"] for r in person.json("list", "diff")}
    check({"added", "removed", "conflict"} <= states <= {"added", "removed", "changed", "conflict"},
          "a difference of each kind is shown, and only differences", states)
    before = len(meter.writes())
    code, _, said = person.run("--read-only", "list", "push")
    check(code in (2, 4) and len(meter.writes()) == before, "with --read-only nothing can be pushed",
          (code, said))
    code, _, said = person.run("--read-only", "list", "pull", "all")
    check(code == 4 and any(r["state"] == "conflict" for r in person.json("list", "diff")),
          "with --read-only no conflict is given up", (code, said))
    person.run("list", "push")
    writes = meter.writes()
    check([m for m, p in writes if "presence/line" in p] == ["PUT"], "one push is one write", writes)
    person.run("list", "push")
    check(len(meter.writes()) == len(writes), "a push of nothing writes nothing", meter.writes())


def main():
    tap.note(f"callhud: {CALLHUD}")
    stories(*[(story.__name__, lambda s, u: s(Exchange(s.__name__, users=u, is_generous=s is not sparing)),
               story, users)
              for story, users in ((elsewhere, 12), (conflict, 12), (refused, 12), (vanished, 8),
                                   (full, 101), (rights, 8), (sparing, 8), (limited, 8), (quiet, 8))])
    tap.end()


if __name__ == "__main__":
    main()
