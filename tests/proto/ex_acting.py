#!/usr/bin/env python3
"""Acting on calls of the built-in exchange with the commands, seen from the exchange: who supervises
whom, what our phone does, what is left after a kill, what doctor says. Each story has an exchange of
its own (the service lets one sign in a few times a minute), and they run side by side."""
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from labenv import CALLHUD, Tap  # noqa: E402

OUTSIDE = "+17778732492"
LIMIT_S = 30
tap = Tap()
results = queue.Queue()
folders = tempfile.mkdtemp(prefix="callhud-acting-", dir="/tmp")


class Floor:
    """An exchange, a profile on it, and one who looks at both."""

    def __init__(self, name, switches=""):
        self.folder = os.path.join(folders, name)
        os.mkdir(self.folder)
        port_file = os.path.join(self.folder, "port.json")
        self.exchange = subprocess.Popen(
            [CALLHUD, "exchange", "--users", "8", "--rate", "0", "--port-file", port_file]
            + (["--switch", switches] if switches else []), stdout=subprocess.DEVNULL)
        self.wait(lambda: os.path.exists(port_file), "the exchange starts")
        with open(port_file, encoding="utf-8") as f:
            self.port = json.load(f)
        self.config = os.path.join(self.folder, "config.ini")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"[profile x]\nbackend = ringcentral\nserver = http://127.0.0.1:{self.port['port']}\n"
                    f"client_id = {self.port['client_id']}\nmonitor = all\nring_timeout = 5\n")
        self.env = dict(os.environ, CALLHUD_X_CLIENT_SECRET=self.port["client_secret"],
                        CALLHUD_X_JWT=self.port["jwt"], LC_ALL="C.UTF-8", TZ="UTC",
                        XDG_STATE_HOME=os.path.join(self.folder, "state"),
                        XDG_CACHE_HOME=os.path.join(self.folder, "cache"))

    def close(self):
        self.exchange.send_signal(signal.SIGTERM)
        self.exchange.wait(10)

    @staticmethod
    def wait(is_so, what):
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            value = is_so()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"not in time: {what}")

    def control(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port['port']}/exchange{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.port["control_token"],
                     "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def state(self):
        return self.control("GET", "/state")

    def call(self, extension, *then):
        call = self.control("POST", "/calls", {"from": OUTSIDE, "to": extension})["id"]
        self.wait(lambda: self.states(extension), f"a call rings at {extension}")
        for step in then:
            self.control("POST", f"/calls/{call}/{step}")
        return call

    def states(self, extension):
        return [c["state"] for u in self.state()["users"] if u["extension"] == extension for c in u["calls"]]

    def modes(self):
        return [(s["extension"], s["mode"]) for s in self.state()["supervisions"] if s["confirmed"]]

    def device(self, step, body=None):
        self.control("POST", f"/devices/{self.port['device']}/{step}", body)

    def start(self, *arguments):
        return subprocess.Popen([CALLHUD, "--config", self.config, *arguments], env=self.env,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True)

    def run(self, *arguments, limit=LIMIT_S):
        process = self.start(*arguments)
        out, _ = process.communicate(timeout=limit)
        return process.returncode, out

    def is_within_limits(self):
        """callhud was never refused for asking too much, nor asked while it was to wait."""
        log = os.path.join(self.folder, "state", "callhud", "callhud.log")
        with open(log, encoding="utf-8", errors="replace") as lines:
            refused = [line for line in lines if " 429 (" in line]
        return not refused and self.control("GET", "/faults")["requests_in_penalty"] == 0

    def lift(self):
        self.wait(lambda: set(self.states("900")) & {"ringing", "dialling"}, "our phone rings")
        self.device("answer")

    def key(self, digits):
        self.wait(lambda: "connected" in self.states("900"), "our phone is lifted")
        self.device("dial", {"digits": digits})

    def made(self):
        folder = os.path.join(self.folder, "state", "callhud")
        return [n for n in os.listdir(folder) if n.startswith("made-")] if os.path.isdir(folder) else []


def say(words, process):
    process.stdin.write(words + "\n")
    process.stdin.flush()


def check(is_so, what, seen=""):
    results.put((bool(is_so), what, seen))


def listening(f):
    call = f.call("102", "answer")
    process = f.start("listen", "102", "--json")
    f.lift()
    f.wait(lambda: f.modes() == [("102", "listen")], "listening")
    code, out = f.run("listen", "102")
    check(code == 4 and "supervises this call of 102 already" in out and f.modes() == [("102", "listen")],
          "who supervises the call already is said to another callhud", out)
    say("barge", process)
    f.wait(lambda: not f.modes(), "the listening leg is ended first")
    f.lift()
    f.key("102#")
    f.wait(lambda: f.modes() == [("102", "barge")], "barged in")
    f.control("POST", f"/calls/{call}/hangup")
    out, _ = process.communicate(timeout=LIMIT_S)
    modes = [json.loads(line)["mode"] for line in out.splitlines() if line.startswith("{")]
    check(modes == ["listen", "barge"] and process.returncode == 0,
          "listen, then barge with the phone: each mode is told when the exchange has it", out)
    f.wait(lambda: not f.states("900"), "our phone is free")
    check(not f.made(), "the end of the call frees our phone, and nothing is left on the list")


def killed(f):
    f.call("103", "answer")
    process = f.start("listen", "103")
    f.lift()
    f.wait(lambda: f.modes() == [("103", "listen")], "listening")
    process.kill()
    process.wait()
    time.sleep(0.5)
    is_on = f.modes() == [("103", "listen")]
    process = f.start("watch")
    f.wait(lambda: not f.modes(), "the next run ends what the killed one left")
    process.send_signal(signal.SIGINT)
    process.wait(LIMIT_S)
    check(is_on and f.states("103") == ["connected"] and not f.made(),
          "what a killed listener left is ended by the next run, and the call goes on", f.states("103"))
    process = f.start("listen", "103")
    f.lift()
    f.wait(lambda: f.modes() == [("103", "listen")], "listening again")
    process.send_signal(signal.SIGHUP)
    process.wait(LIMIT_S)
    check(not f.modes() and not f.states("900"), "SIGHUP ends the listening at once", f.modes())


def taking(f):
    f.call("104")
    code, out = f.run("pickup", "104")
    check(code == 0 and f.states("900") == ["connected"] and not f.states("104"),
          "a ringing call is picked up, and stays on our phone", out)
    f.device("hangup")
    f.wait(lambda: not f.states("900"), "hung up")
    f.call("105", "answer")
    process = f.start("takeover", "105")
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
    watching = f.start("watch")
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
    process = f.start("--log-level", "debug", "listen", "103")
    f.lift()
    f.wait(lambda: f.modes() == [("103", "listen")], "listening")
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
    watching = [f.start("--log-level", "debug", "watch", "--json") for _ in range(5)]
    seen = [{} for _ in watching]

    def read(process, users):
        for line in process.stdout:
            try:
                user = json.loads(line)
                users[user["extension"]] = (user["lamp"], user["stale"])
            except ValueError:
                users["?"] = line

    readers = [threading.Thread(target=read, args=pair, daemon=True) for pair in zip(watching, seen)]
    begun = time.monotonic()
    for reader in readers:
        reader.start()
    f.wait(lambda: all(u.get("101") == ("on_call", False) for u in seen), "five of them show the floor")
    took = time.monotonic() - begun
    check(took < 12, "five watch at once show the floor at once, also those that get no websocket", took)
    f.call("102")
    f.wait(lambda: all(u.get("102") == ("ringing", False) for u in seen), "five of them follow it")
    check(not any("?" in u for u in seen), "and go on", seen)
    for process in watching:
        process.send_signal(signal.SIGINT)
    for reader, process in zip(readers, watching):
        process.wait(LIMIT_S)
        reader.join()
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
        kept, f.env[variable] = f.env[variable], ""
        with open(f.config, encoding="utf-8") as config:
            before = config.read()
        with open(f.config, "w", encoding="utf-8") as config:
            config.write(f"{before}{name}_file = /nonexistent\n")
        code, out = f.run("doctor", "--json")
        bad = [line["check"] for line in json.loads(out) if line["result"] == "FAIL"]
        check(code == 1 and bad == [name], f"a fault of {name} is told as one of it", out)
        with open(f.config, "w", encoding="utf-8") as config:
            config.write(before)
        f.env[variable] = kept


def story(name, tell, switches=""):
    floor = None
    try:
        floor = Floor(name, switches)
        tell(floor)
    except Exception as failure:  # pylint: disable=broad-except
        check(False, f"{name}: {failure}")
    finally:
        if floor:
            floor.close()


stories = [threading.Thread(target=story, args=arguments) for arguments in (
    ("in_a_row", in_a_row), ("many_watch", many_watch),
    ("listening", listening), ("killed", killed), ("taking", taking), ("doctor", doctor),
    ("refused", refused, "pickup-held=off,callout-star=off"))]
for one in stories:
    one.start()
for one in stories:
    one.join()
while not results.empty():
    is_ok, what, seen = results.get()
    tap.ok(is_ok, what, "" if is_ok else seen)
shutil.rmtree(folders, ignore_errors=True)
tap.end()
