#!/usr/bin/env python3
"""Acting on calls of the built-in exchange with the commands, seen from the exchange: who supervises
whom, what our phone does, what is left after a kill, what doctor says. Each story has an exchange of
its own (the service lets one sign in a few times a minute), and they run side by side."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from exenv import LIMIT_S, Exchange, Follower, Person, check, stories, tap, wait  # noqa: E402


class Floor(Exchange):
    """With one who acts on it, and the service's own limits."""

    def __init__(self, name, switches=""):
        super().__init__(name, users=8, switches=switches, is_generous=False)
        self.person = Person(self, monitor="all")

    def begin(self, *arguments):
        """A process of theirs; what it says on the way is among what it prints."""
        return self.person.start(*arguments, stdin=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *arguments, limit=LIMIT_S):
        process = self.begin(*arguments)
        out, _ = process.communicate(timeout=limit)
        return process.returncode, out

    def is_within_limits(self):
        """callhud was never refused for asking too much, nor asked while it was to wait."""
        return " 429 (" not in self.person.log() and \
            self.control("GET", "/faults")["requests_in_penalty"] == 0

    def made(self):
        folder = os.path.join(self.person.state, "callhud")
        return [n for n in os.listdir(folder) if n.startswith("made-")] if os.path.isdir(folder) else []


def say(words, process):
    process.stdin.write(words + "\n")
    process.stdin.flush()


def listening(f):
    call = f.call("102", "answer")
    process = f.begin("listen", "102", "--json")
    f.lift()
    wait(lambda: f.modes() == [("102", "listen")], "listening")
    code, out = f.run("listen", "102")
    check(code == 4 and "supervises this call of 102 already" in out and f.modes() == [("102", "listen")],
          "who supervises the call already is said to another callhud", out)
    say("barge", process)
    wait(lambda: not f.modes(), "the listening leg is ended first")
    f.lift()
    f.key("102#")
    wait(lambda: f.modes() == [("102", "barge")], "barged in")
    f.hang_up(call)
    out, _ = process.communicate(timeout=LIMIT_S)
    modes = [json.loads(line)["mode"] for line in out.splitlines() if line.startswith("{")]
    check(modes == ["listen", "barge"] and process.returncode == 0,
          "listen, then barge with the phone: each mode is told when the exchange has it", out)
    wait(lambda: not f.states("900"), "our phone is free")
    check(not f.made(), "the end of the call frees our phone, and nothing is left on the list")


def killed(f):
    f.call("103", "answer")
    process = f.begin("listen", "103")
    f.lift()
    wait(lambda: f.modes() == [("103", "listen")], "listening")
    process.kill()
    process.wait()
    time.sleep(0.5)
    is_on = f.modes() == [("103", "listen")]
    process = f.begin("watch")
    wait(lambda: not f.modes(), "the next run ends what the killed one left")
    process.send_signal(signal.SIGINT)
    process.wait(LIMIT_S)
    check(is_on and f.states("103") == ["connected"] and not f.made(),
          "what a killed listener left is ended by the next run, and the call goes on", f.states("103"))
    process = f.begin("listen", "103")
    f.lift()
    wait(lambda: f.modes() == [("103", "listen")], "listening again")
    process.send_signal(signal.SIGHUP)
    process.wait(LIMIT_S)
    check(not f.modes() and not f.states("900"), "SIGHUP ends the listening at once", f.modes())


def taking(f):
    f.call("104")
    code, out = f.run("pickup", "104")
    check(code == 0 and f.states("900") == ["connected"] and not f.states("104"),
          "a ringing call is picked up, and stays on our phone", out)
    f.device("hangup")
    wait(lambda: not f.states("900"), "hung up")
    f.call("105", "answer")
    process = f.begin("takeover", "105")
    f.lift()
    f.key("105#")
    out, _ = process.communicate(timeout=LIMIT_S)
    check(process.returncode == 0 and f.states("900") == ["connected"] and not f.states("105"),
          "a call is taken over with *83, and stays on our phone", out)
    code, out = f.run("hangup", "900")
    check(code == 0 and not f.states("900"), "hang up is confirmed", out)


def refused(f):
    f.call("102", "answer")
    f.call("103", "answer", "hold")
    code, out = f.run("barge", "102")
    check(code == 1 and "dial *82 on it, then key 102#" in out,
          "where the service does not call the star code: what to dial by hand", out)
    code, out = f.run("pickup", "103")
    check(code == 4 and "press the lit key of 103 on your phone Desk" in out,
          "where the service lets nobody pick up a held line: which key to press", out)
    code, out = f.run("listen", "102")
    check(code == 4 and "was not lifted within 5 s" in out and not f.states("900"),
          "a phone that nobody lifts stops ringing in time, and that is said", out)
    check(f.states("102") == ["connected"] and f.states("103") == ["held"] and not f.made(),
          "nothing of it touches the calls")


def in_a_row(f):
    """The service allows five sign-ins a minute, and each websocket takes one; some fifty requests."""
    watching = f.begin("watch")
    f.call("101", "answer")
    f.call("102")
    f.call("103", "answer")
    fates = []

    def do(*arguments):
        fates.append((arguments, *f.run("--log-level", "debug", *arguments, limit=100)))

    do("dnd", "105", "on")
    do("hangup", "101")
    do("listen", "999")
    do("pickup", "102")
    is_ours = f.states("900") == ["connected"] and not f.states("102")
    f.device("hangup")
    process = f.begin("--log-level", "debug", "listen", "103")
    f.lift()
    wait(lambda: f.modes() == [("103", "listen")], "listening")
    say("stop", process)
    out, _ = process.communicate(timeout=LIMIT_S)
    fates.append((("listen", "103"), process.returncode, out))
    do("record", "103", "on")
    do("record", "103", "off")
    do("hangup", "103")
    for n in range(3):
        do("dnd", "106", "off" if n % 2 else "on")
    codes = [code for _, code, _ in fates]
    check(codes == [0, 0, 4] + [0] * 8 and is_ours,
          "eleven actions in a row succeed, or are refused for their own reason", fates)
    is_so = {u["extension"]: u["dnd"] for u in f.state()["users"]}
    check(not f.states("101") and not f.states("103") and is_so["105"] and is_so["106"] and not f.made(),
          "and they were done", is_so)
    waits = [out for _, _, out in fates if "waiting for the users: " in out and "the service allows no more" in out]
    check(waits, "what is waited for is said", fates)
    watching.send_signal(signal.SIGINT)
    watching.wait(LIMIT_S)
    check(f.is_within_limits(), "no request was refused by the limits")


def many_watch(f):
    f.call("101", "answer")
    begun = time.monotonic()
    watching = [Follower(f.person, "--log-level", "debug") for _ in range(5)]

    def show(extension, lamp):
        told = [w.users.get(extension, {"lamp": None}) for w in watching]
        return all(u["lamp"] == lamp and not u["stale"] for u in told)

    wait(lambda: show("101", "on_call"), "five of them show the floor")
    took = time.monotonic() - begun
    check(took < 12, "five watch at once show the floor at once, also those that get no websocket", took)
    f.call("102")
    wait(lambda: show("102", "ringing"), "five of them follow it")
    check([w.stop() for w in watching] == [143] * 5 and
          not any(w.bad or w.process.stderr.read() for w in watching), "and go on, with nothing to complain of",
          [w.bad for w in watching])
    check(f.is_within_limits(), "and stay within the limits")


def doctor(f):
    code, out = f.run("doctor", "--json")
    lines = {line["check"]: line for line in json.loads(out)}
    wanted = ["sign-in", "clock", "scopes", "events", "features", "users", "phone", "rights", "groups",
              "actions"]
    bad = [f"{name}: {lines.get(name)}" for name in wanted if lines.get(name, {}).get("result") != "ok"]
    check(code == 0 and not bad, "doctor finds nothing wrong with the exchange", bad)
    check("assisted" in lines and "you key the extension and #" in lines["assisted"]["text"],
          "and tells what our phone has to be used for", lines.get("assisted"))
    code, out = f.run("dnd", "104", "on")
    check(code == 0 and [u["dnd"] for u in f.state()["users"] if u["extension"] == "104"] == [True],
          "do not disturb of another user, confirmed by the exchange", out)
    _, audit = f.run("audit", "show", "--json")
    check('"dnd"' in audit and f.run("audit", "verify")[0] == 0, "and it is in the record", audit)
    for name in ("client_secret", "jwt"):
        variable = f"CALLHUD_X_{name.upper()}"
        kept, f.person.env[variable] = f.person.env[variable], ""
        with open(f.person.config, encoding="utf-8") as config:
            before = config.read()
        with open(f.person.config, "w", encoding="utf-8") as config:
            config.write(f"{before}{name}_file = /nonexistent\n")
        code, out = f.run("doctor", "--json")
        bad = [line["check"] for line in json.loads(out) if line["result"] == "FAIL"]
        check(code == 1 and bad == [name], f"a fault of {name} is told as one of it", out)
        with open(f.person.config, "w", encoding="utf-8") as config:
            config.write(before)
        f.person.env[variable] = kept


def begin(told, switches=""):
    def tell():
        floor = Floor(told.__name__, switches)
        try:
            told(floor)
        finally:
            floor.close()
    return told.__name__, tell


stories(*map(begin, (in_a_row, many_watch, listening, killed, taking, doctor)),
        begin(refused, "pickup-held=off,callout-star=off"))
tap.end()
