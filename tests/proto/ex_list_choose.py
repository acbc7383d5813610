#!/usr/bin/env python3
"""Conflicts settled by commands alone, moves to keys that are none, and what an administrator does to the
list and the settings of somebody else. On the built-in exchange, judged by GET /exchange/state."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from exenv import Exchange, Person, check, stories, tap  # noqa: E402

RESERVED = 2  # keys that the exchange keeps for itself


def both_sides(exchange, name, local, elsewhere, start=("101", "102", "103", "104")):
    """A person whose list was edited here and elsewhere; nobody has looked at it since."""
    exchange.edit(lambda before: list(start))
    person = Person(exchange, name=name)
    person.run("list", "show")
    for words in local:
        code, _, said = person.run("list", *words)
        check(code == 0, f"list {' '.join(words)}", said)
    exchange.edit(lambda before: list(elsewhere))
    return person


def settled(person, words, here, stored=None, what=""):
    """The words settle the one conflict, and a push then stores what is here."""
    exchange = person.exchange
    code, out, said = person.run("list", *words)
    check(code == 0 and "conflict" not in said, f"list {' '.join(words)} {what}", (code, out, said))
    check(person.here() == here, "so it is here", (person.here(), here))
    code, _, said = person.run("list", "push")
    check(code == 0 and exchange.stored() == (stored or here) and person.json("list", "diff") == [],
          "and stored by a push", (code, said, exchange.stored()))


def replaced(exchange):
    """Another user on the same key here and elsewhere."""
    local, elsewhere = [("set", "4", "109"), ("add", "108")], ["101", "111", "103", "104"]
    kept = ["101", "111", "103", "104", "108"]
    person = both_sides(exchange, "said", local, elsewhere)
    code, _, said = person.run("list", "push")
    check(code == 4 and said.count("\n") == 1 and "key 4" in said and "109" in said and "111" in said and
          "list set 4" in said and "list pull 4" in said,
          "a push ends with 4 and one line: which key, both sides, what to do", (code, said))
    check(exchange.stored() == kept, "the others are saved, the one in conflict is as it was stored",
          exchange.stored())
    check(person.run("list", "push")[0] == 4 and exchange.stored() == kept, "again the same")
    code, _, said = person.run("list", "pull")
    check(code == 0 and "key 4" in said and
          [(r["key"], r["extension"], r["stored"]) for r in person.json("list", "diff")] == [(4, "109", "111")],
          "a pull leaves it to be chosen, list diff shows both sides", (code, said, person.run("list", "diff")))
    code, _, said = person.run("list", "pull", "5")
    check(code == 4 and "not in conflict" in said, "only a line in conflict takes what is stored", (code, said))

    mine, theirs = ["101", "109", "103", "104", "108"], ["101", "111", "103", "104", "108"]
    settled(person, ("set", "4", "109"), mine, what="keeps what is here")
    for name, words, here in (("theirs", ("set", "4", "111"), theirs), ("third", ("set", "4", "107"),
                              ["101", "107", "103", "104", "108"]),
                              ("pulled", ("pull", "4"), theirs), ("all", ("pull", "all"), theirs),
                              ("removed", ("remove", "4"), ["101", "103", "104", "108"]),
                              ("unstored", ("remove", "111"), mine),
                              ("both", ("add", "111"), mine + ["111"]),
                              ("moved", ("move", "4", "3"), ["109", "101", "103", "104", "108"])):
        settled(both_sides(exchange, name, local, elsewhere), words, here)


def removed(exchange):
    """Removed on one side, changed on the other; several at once."""
    there = ["101", "111", "103", "104"]
    for name, words, here in (("kept-off", ("remove", "111"), ["101", "103", "104"]),
                              ("back", ("add", "111"), there), ("pulled", ("pull", "111"), there)):
        person = both_sides(exchange, name, [("remove", "102")], there)
        code, _, said = person.run("list", "push")
        check(code == 4 and "111" in said and "list remove 111" in said and "list pull 111" in said,
              "a line without a key here is named by who is stored on it", (code, said))
        check(exchange.stored() == there, "and stays as it is stored", exchange.stored())
        settled(person, words, here)
    gone = ["101", "103", "104"]
    for name, words, here in (("gone-kept", ("set", "4", "109"), ["101", "109", "103", "104"]),
                              ("gone-off", ("remove", "4"), gone), ("gone-pulled", ("pull", "4"), gone)):
        person = both_sides(exchange, name, [("set", "4", "109")], gone)
        code, _, said = person.run("list", "push")
        check(code == 4 and "109 here, nobody stored" in said and "list set 4" in said and "list pull 4" in said,
              "a line that is not stored is named by its key", (code, said))
        settled(person, words, here)
    person = both_sides(exchange, "two", [("set", "3", "105"), ("set", "6", "106")],
                        ["107", "102", "103", "108"])
    code, _, said = person.run("list", "push")
    check(code == 4 and said.count("\n") == 1 and "2 lines" in said and "(3 6)" in said, "several are named",
          (code, said))
    code, _, said = person.run("list", "set", "3", "105")
    check(code == 0 and "key 6 is in conflict" in said and "key 3 is in conflict" not in said,
          "one settled, the other is left", (code, said))
    settled(person, ("pull", "6"), ["105", "102", "103", "108"])


def moves(exchange):
    """To a key that is none, and to where it is."""
    exchange.edit(lambda before: ["101", "102", "103"])
    person = Person(exchange)
    for key, words in (("40", "the list has 5 keys: choose 3 to 5"), ("6", "choose 3 to 5"),
                       ("1", "reserved")):
        code, _, said = person.run("list", "move", "3", key)
        check(code == 4 and words in said, f"list move 3 {key} is refused", (code, said))
    code, _, said = person.run("list", "move", "4", "4")
    check(code == 0 and "key 4 is there already" in said, "list move 4 4 says so", (code, said))
    check(person.json("list", "diff") == [], "and nothing was changed")
    code, _, said = person.run("list", "move", "3", "5")
    check(code == 0 and person.here() == ["102", "103", "101"], "list move 3 5", (code, said, person.here()))
    check(re.match(r"callhud: 101 \w.* is on key 5, was on key 3; kept here", said), "says who was moved, and from where",
          said)
    for key, ends, words in (("40", 2, "ends at key 5: choose 3 to 6"), ("7", 2, "3 to 6"), ("1", 4, "reserved")):
        code, _, said = person.run("list", "add", "104", "--at", key)
        check(code == ends and words in said and said.count("\n") == 1, f"list add 104 --at {key} is refused",
              (code, said))
    code, _, said = person.run("list", "add", "104", "--at", "6")
    check(code == 0 and person.here() == ["102", "103", "101", "104"], "list add 104 --at 6", (code, said))
    check(re.match(r"callhud: 104 \w.* is on key 6; kept here", said), "says who has come onto which key", said)
    code, _, said = person.run("list", "set", "6", "106")
    check(code == 0 and re.match(r"callhud: 106 \w.* is on key 6 instead of 104 \w.*; kept here", said),
          "list set says who has come for whom", (code, said))
    code, _, said = person.run("list", "remove", "6")
    check(code == 0 and re.match(r"callhud: 106 \w.* is taken off key 6; kept here", said) and said.count("\n") == 1,
          "list remove says who was on the key", (code, said))
    nowhere = Person(exchange, name="nowhere", server="http://127.0.0.1:9")
    code, _, said = nowhere.run("list", "remove", "104")
    check(code == 3 and "never read: no connection" in said and said.count("\n") == 1,
          "list remove of a list that cannot be read names the cause", (code, said))


def others(exchange):
    """An administrator, and one who is none, on the desk of 103."""
    exchange.edit(lambda before: ["101", "102"], "103")
    admin, agent = Person(exchange), Person(exchange, "101")
    user = ("--user", "103")
    for words in (("show",), ("add", "104"), ("set", "3", "105"), ("move", "3", "4"), ("remove", "102"), ("diff",),
                  ("push",)):
        code, _, said = admin.run("list", *words, *user)
        check(code == 0, f"an administrator: list {' '.join(words)} --user 103", (code, said))
    check(exchange.stored("103") == ["105", "104"], "is stored there", exchange.stored("103"))
    exchange.edit(lambda before: ["106", *before], "103")
    code, out, said = admin.run("list", "pull", *user)
    check(code == 0 and "5 keys" in out, "list pull --user 103", (code, out, said))
    code, _, said = admin.run("presence", "set", "call_details=none", "share_presence=off", *user)
    shown = exchange.user("103")
    check(code == 0 and (shown["sharesPresence"], shown["callerIdVisibility"]) == (False, "None"),
          "settings that hide themselves are set, and told by what the service answers", (code, said, shown))
    code, _, said = admin.run("presence", "set", "call_details=all", *user)
    check(code == 4 and "share_presence=on" in said and said.count("\n") == 1,
          "what is hidden cannot be set alone: said, with what to do", (code, said))
    code, _, said = admin.run("presence", "set", "call_details=all", "share_presence=on", *user)
    shown = exchange.user("103")
    check(code == 0 and (shown["sharesPresence"], shown["callerIdVisibility"]) == (True, "All"),
          "together with it it can", (code, said, shown))

    before = exchange.stored("103")
    for words in (("set", "3", "107"), ("move", "3", "4"), ("export",)):
        code, _, said = agent.run("list", *words, *user)
        check(code == 4 and said.count("\n") == 1 and "refused: an administrator of the account may" in said,
              f"one who is none: list {' '.join(words)} --user 103 is refused", (code, said))
    code, _, said = agent.run("presence", "set", "call_details=none", *user)
    check(code == 4 and said.count("\n") == 1 and "an administrator of the account may" in said,
          "and so is a setting", (code, said))
    check(exchange.stored("103") == before and exchange.user("103")["callerIdVisibility"] == "All",
          "nothing of it is stored")
    code, out, said = agent.run("presence", "show", *user)
    check(code == 0 and "an administrator of the account may see and change extension 103's settings" in out
          and "/restapi" not in out + said, "what may not be seen says who may, and not what was asked",
          (code, out, said))
    files = sorted(os.listdir(os.path.dirname(agent.list_file)))
    check(not any(f.startswith("list-x@103") for f in files), "and nothing is kept of a list that may not be sent",
          files)
    for words in (("list", "show"), ("list", "add", "104"), ("list", "push"), ("presence", "show"),
                  ("presence", "set", "call_details=none")):
        code, _, said = admin.run(*words, "--user", "999")
        check(code == 4 and said.count("\n") == 1 and "no extension 999" in said,
              f"{' '.join(words)} --user 999: there is none", (code, said))
    code, _, said = admin.run("list", "add", "104", "--user", "9" * 300)
    check(code == 4 and said.count("\n") == 1, "nor is there anybody of 300 digits", (code, said))
    files = sorted(os.listdir(os.path.dirname(admin.list_file)))
    check(not any("999" in f for f in files), "of those there are not nothing is kept, no lock either", files)
    code, _, said = agent.run("presence", "set", "answerable_by=101")
    check(code == 1 and said.count("\n") == 1, "a refusal is said once", (code, said))


def main():
    stories(*[(story.__name__, lambda s: s(Exchange(s.__name__)), story)
              for story in (replaced, removed, moves, others)])
    tap.end()


if __name__ == "__main__":
    main()
