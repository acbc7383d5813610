#!/usr/bin/env python3
"""What the service's documents leave open, the exchange does one way or the other: each of its switches in
each of its positions, with the real callhud on it. Three exchanges side by side, each for the switches
that go together; GET /exchange/state says what is right."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from exenv import Exchange, Follower, OUTSIDE, Person, Relay, check, next_line, stories, tap, wait  # noqa: E402

BOTH = (("on", True), ("off", False))
turned = {}  # switch: the positions in which something was checked


class Spoiler(Relay):
    """Spoils the tokens for the websocket, as many as it is told to."""

    WORD = b'"ws_access_token":'

    def __init__(self, exchange):
        self.left = self.done = 0
        super().__init__(exchange)

    def to_callhud(self, data, connection):
        """The same length: the first letters of the token are others."""
        found = self.left and re.search(self.WORD + rb'\s*"(.{4})', data)
        if not found:
            return data
        self.left -= 1
        self.done += 1
        return data[:found.start(1)] + b"xxxx" + data[found.end(1):]


def turn(exchange, switch, position, is_on):
    exchange.control("PATCH", "/switches", {switch: is_on})
    assert exchange.control("GET", "/switches")[switch] is is_on
    turned.setdefault(switch, set()).add(position)


def lamp(user):
    states = {c["state"] for c in user["calls"]}
    return ("ringing" if "ringing" in states else "hold" if "held" in states else
            "on_call" if states else "dnd" if user["dnd"] else "available")


def differences(exchange, users):
    """Of those whom callhud shows, whose lamp or calls are not what is true."""
    true = {u["extension"]: u for u in exchange.state()["users"]}
    return [f"{e}: {u['lamp']} {u['calls']}, is {lamp(true[e])} {true[e]['calls']}"
            for e, u in users.items() if e in true and
            (u["stale"] or u["lamp"] != lamp(true[e]) or len(u["calls"] or []) != len(true[e]["calls"]))]


def is_true(exchange, person, follower, what):
    """A new status and what is followed both say what is so."""
    told = {u["extension"]: u for u in person.json("status")}
    check(told and not differences(exchange, told), f"{what}: status", differences(exchange, told))
    try:
        follower.wait(lambda u: not differences(exchange, dict(u)), what, 8)
        wrong = []
    except AssertionError:
        wrong = differences(exchange, dict(follower.users))
    check(not wrong, f"{what}: what is followed", wrong)


def seen(follower, extension, lamps):
    """The lamps that were told of a user, without repetitions, hold these in this order."""
    told = [u["lamp"] for u in follower.lines if u["extension"] == extension]
    rest = iter(told)
    return all(one in rest for one in lamps), told


def whole_call(exchange, follower, extension, what):
    """A call from ring to end: each of its states is told as an event."""
    begun = len(follower.lines)
    call = exchange.call(extension)
    for step, state in (("", "ringing"), ("answer", "on_call"), ("hold", "hold"), ("unhold", "on_call")):
        if step:
            exchange.control("POST", f"/calls/{call}/{step}")
        try:
            follower.wait(lambda u, s=state: u[extension]["lamp"] == s, state, 5)
        except AssertionError:
            check(False, f"{what}: {state} is told", follower.lines[begun:])
    exchange.hang_up(call)
    try:
        follower.wait(lambda u: u[extension]["lamp"] == "available", "the end", 5)
    except AssertionError:
        check(False, f"{what}: the end is told", follower.lines[begun:])


def live(exchange, person, arguments=()):
    follower = Follower(person, *arguments)
    follower.wait(lambda u: u and not any(x["stale"] for x in u.values()) and
                  len(u) >= len(person.json("status")), "the watch is live")
    wait(lambda: "snapshot done" in person.log(), "the snapshot")
    return follower


# ---- events and websockets ------------------------------------------------------------------------------


def events(exchange):
    spoiler = Spoiler(exchange)
    person = Person(exchange, server=spoiler.url, monitor="all")
    follower = live(exchange, person)
    for position, is_on in BOTH:
        turn(exchange, "ids-as-numbers", position, is_on)
        whole_call(exchange, follower, "101", f"ids-as-numbers {position}")
        is_true(exchange, person, follower, f"ids-as-numbers {position}")
        told = (follower.users["101"]["lamp"], follower.process.poll())
        check(told == ("available", None), f"ids-as-numbers {position}: a whole call is told", told)
    for position, is_on in BOTH:
        masked(exchange, person, follower, position, is_on)
    for position, is_on in BOTH:
        lost(exchange, person, follower, "replay-at-once", position, is_on)
    for position, is_on in BOTH:
        lost(exchange, person, follower, "wstoken-once", position, is_on)
    for position, is_on in BOTH:
        refused(exchange, spoiler, position, is_on)
    follower.stop()
    check(not follower.bad, "every line was an object", follower.bad)


def refused(exchange, spoiler, position, is_on):
    """The first websocket of a run has a bad token: the next one a good one."""
    turn(exchange, "bad-token-http", position, is_on)
    before = spoiler.done
    spoiler.left = 1
    person = Person(exchange, name=f"refused-{position}", server=spoiler.url, monitor="all")
    follower = live(exchange, person)
    check(spoiler.done == before + 1, f"bad-token-http {position}: a bad token was there", spoiler.done)
    whole_call(exchange, follower, "106", f"bad-token-http {position}")
    is_true(exchange, person, follower, f"bad-token-http {position}")
    follower.stop()


def masked(exchange, person, follower, position, is_on):
    """Whose details are not shared: the lamp is right, and no part of the number is shown, nor stars."""
    turn(exchange, "mask-absent", position, is_on)
    exchange.control("PATCH", "/users/102", {"callerIdVisibility": "None"})
    viewer = Person(exchange, extension="103", name=f"viewer-{position}", monitor="all")
    call = exchange.call("102", "answer")
    told = {u["extension"]: u for u in viewer.json("status")}
    one = told["102"]
    check(one["lamp"] == "on_call" and len(one["calls"]) == 1 and OUTSIDE not in str(one) and
          one["calls"][0]["number"] is None and one["calls"][0]["name"] is None,
          f"mask-absent {position}: a call whose details are not shared has a lamp, and nothing of them", one)
    is_true(exchange, person, follower, f"mask-absent {position}")
    exchange.hang_up(call)
    exchange.control("PATCH", "/users/102", {"callerIdVisibility": "All"})
    wait(lambda: not exchange.states("102"), "hung up")


def lost(exchange, person, follower, switch, position, is_on):
    """The websocket is lost, and meanwhile a call comes, another one ends."""
    turn(exchange, switch, position, is_on)
    ending = exchange.call("104", "answer")
    follower.wait(lambda u: u["104"]["lamp"] == "on_call", "a call", 8)
    begun = len(follower.lines)
    exchange.fault("drop-socket")
    coming = exchange.call("105", "answer", "hold")
    exchange.hang_up(ending)
    try:
        follower.wait(lambda u: any(x["stale"] for x in follower.lines[begun:]) and
                      not any(x["stale"] for x in u.values()), "live again", 15)
        is_back = True
    except AssertionError:
        is_back = False
    check(is_back, f"{switch} {position}: the websocket is opened again",
          person.log().splitlines()[-12:])
    is_true(exchange, person, follower, f"{switch} {position}")
    exchange.hang_up(coming)
    try:
        follower.wait(lambda u: u["105"]["lamp"] == "available", "an event", 5)
        is_told = True
    except AssertionError:
        is_told = False
    check(is_told, f"{switch} {position}: and events come", person.log().splitlines()[-12:])


# ---- acting ---------------------------------------------------------------------------------------------


def acting(exchange):
    person = Person(exchange, monitor="all")
    exchange.control("PATCH", f"/devices/{exchange.port['device']}", {"autoAnswer": True})
    exchange.rest("PUT", "/extension/~/presence", {"ringOnMonitoredCall": False, "pickUpCallsOnHold": True})
    for position, is_on in BOTH:
        turn(exchange, "control-any", position, is_on)
        exchange.call("101", "answer")
        code, _, said = person.run("hangup", "101")
        if is_on:
            check(code == 0 and not exchange.states("101"), "control-any on: hang up", (code, said))
        else:
            check(code in (1, 4) and exchange.states("101") == ["connected"] and said.count("\n") == 1,
                  "control-any off: hang up is refused, said in one line, and the call goes on", (code, said))
    for position, is_on in BOTH:
        turn(exchange, "pickup-held", position, is_on)
        exchange.call("102", "answer", "hold")
        code, _, said = person.run("pickup", "102")
        if is_on:
            check(code == 0 and exchange.states("900") == ["connected"] and not exchange.states("102"),
                  "pickup-held on: a held line is picked up", (code, said))
            exchange.device("hangup")
            wait(lambda: not exchange.states("900"), "hung up")
        else:
            check(code == 4 and "press the lit key of 102" in said and exchange.states("102") == ["held"],
                  "pickup-held off: which key to press is said, and the line stays on hold", (code, said))
    locks(exchange, person)
    for position, is_on in BOTH:
        turn(exchange, "supervise-outbound", position, is_on)
        supervised(exchange, person, "listen", f"supervise-outbound {position}")
    for position, is_on in BOTH:
        turn(exchange, "callout-star", position, is_on)
        if is_on:
            supervised(exchange, person, "barge", "callout-star on", "104#")
            continue
        exchange.call("104", "answer")
        code, _, said = person.run("barge", "104")
        check(code in (1, 4) and "dial *82" in said and "104#" in said and not exchange.states("900"),
              "callout-star off: what to dial by hand is said", (code, said))


def locks(exchange, person):
    """Both settings are on. Four ways: what the profile thinks of the account, and what it does."""
    free = Person(exchange, name="free", monitor="all", lines="ring_locks_hold = no")
    exchange.control("PATCH", "/switches", {"pickup-held": True})
    exchange.rest("PUT", "/extension/~/presence", {"ringOnMonitoredCall": True, "pickUpCallsOnHold": True})
    exchange.call("103", "answer", "hold")
    for position, is_on in BOTH:
        turn(exchange, "ring-locks-hold", position, is_on)
        line = person.json("status", "103")[0]
        code, _, said = person.run("pickup", "103")
        check(code == 4 and not line["pickup"]["ok"] and "cannot be taken over" in said and
              exchange.states("103") == ["held"],
              f"ring-locks-hold {position}: a profile that believes it refuses, and says why", (code, said))
        code, _, said = free.run("pickup", "103")
        if is_on:
            check(code in (1, 4) and exchange.states("103") == ["held"] and said.count("\n") == 1,
                  "ring-locks-hold on: a profile that does not is refused by the service", (code, said))
        else:
            check(code == 0 and exchange.states("900") == ["connected"] and not exchange.states("103"),
                  "ring-locks-hold off: and picks up where that is so", (code, said))
            exchange.device("hangup")
    wait(lambda: not exchange.states("900"), "hung up")


def supervised(exchange, person, word, what, digits=""):
    """Begun, confirmed by the exchange, ended by a word; the call goes on, nothing is left."""
    extension = "104"
    call = exchange.call(extension, "answer")
    process = person.start(word, extension, "--json", stdin=-1)
    if digits:
        exchange.key(digits)
    try:
        wait(lambda: exchange.modes() == [(extension, word)], "confirmed", 10)
        said = next_line(process.stdout)
        who = person.json("status", extension)[0]["calls"][0]["supervised_by"]
        check(f'"{word}"' in said and [w["extension"] for w in who] == ["900"],
              f"{what}: {word} is confirmed as the exchange has it, and shown to others", (said, who))
    except AssertionError:
        check(False, f"{what}: {word} is confirmed", exchange.state()["supervisions"])
    process.stdin.write("stop\n")
    process.stdin.flush()
    out, said = process.communicate(timeout=20)
    wait(lambda: not exchange.states("900"), "our phone is free")
    check(process.returncode == 0 and exchange.states(extension) == ["connected"] and
          not exchange.state()["supervisions"], f"{what}: it ends when told to, and the call goes on",
          (process.returncode, out, said))
    exchange.hang_up(call)


# ---- the list and the limits ----------------------------------------------------------------------------


def requests(exchange):
    person = Person(exchange)
    for position, is_on in BOTH:
        turn(exchange, "reserved-required", position, is_on)
        before = exchange.lines()
        for words, there in ((("remove", "105"), False), (("add", "105"), True)):
            code, _, said = person.run("list", *words)
            pushed = person.run("list", "push")
            after = exchange.lines()
            check(code == 0 and pushed[0] == 0 and ("105" in exchange.stored()) == there and
                  [r for r in after if r.get("notEditableOnHud")] ==
                  [r for r in before if r.get("notEditableOnHud")],
                  f"reserved-required {position}: list {words[0]} is stored, the reserved lines as they were",
                  (code, said, pushed))
    limits = {"light": 60, "medium": 40, "heavy": 10, "auth": 100, "window": 5}
    exchange.control("PATCH", "/limits", limits)
    exchange.call("101", "answer")
    exchange.call("102")
    for position, is_on in BOTH:
        turn(exchange, "batch-counts-each", position, is_on)
        time.sleep(limits["window"])
        for _ in range(2):  # the second one may have to wait for the first one's window
            told = {u["extension"]: u for u in person.json("status")}
            check(len(told) == 40 and not differences(exchange, told),
                  f"batch-counts-each {position}: status of 40 lines", (len(told), differences(exchange, told)))
        penalty = exchange.control("GET", "/faults")["requests_in_penalty"]
        check(penalty == 0, f"batch-counts-each {position}: no request during a penalty", penalty)


def main():
    stories(("events", lambda: events(Exchange("events", users=6))),
            ("acting", lambda: acting(Exchange("acting", users=6))),
            ("requests", lambda: requests(Exchange("requests", users=40))))
    there = Exchange("all", users=1).control("GET", "/switches")
    missing = [s for s in there if turned.get(s) != {"on", "off"}]
    tap.ok(not missing, f"each of the {len(there)} switches was in both positions", missing)
    tap.end()


if __name__ == "__main__":
    main()
