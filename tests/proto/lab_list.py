"""The stored list on the real Asterisk: push writes it, another callhud shows the change by itself, a
restart of the PBX keeps it, and a kill -9 or a lost link between any two steps of a change loses nothing."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

from labenv import CALLHUD, Lab, Tap, Watch

tap = Tap()
OBJECT = "/asterisk/config/dynamic/res_pjsip/resource_list/hud-104"


class Proxy:
    """Between callhud and the PBX: sees each request, also those inside the websocket, and may do something
    before one goes on (before) or after it has gone on (after)."""

    def __init__(self, port):
        self.pbx = port
        self.wanted = None  # (regular expression for "METHOD uri", "before" or "after", what to do)
        self.seen = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.pbx))
            for s in (near, far):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._back, args=(far, near), daemon=True).start()
            threading.Thread(target=self._forth, args=(near, far), daemon=True).start()

    @staticmethod
    def _shut(*sockets):
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _back(self, far, near):
        try:
            while data := far.recv(65536):
                near.sendall(data)
        except OSError:
            pass
        self._shut(near, far)

    def _meet(self, what, near, far, data):
        """Sends data on, with what is wanted before or after. False: the link is lost."""
        self.seen.append(what)
        wanted = self.wanted
        if wanted and re.match(wanted[0], what):
            self.wanted = None
            if wanted[1] == "after":
                far.sendall(data)
                time.sleep(0.05)  # it is done
            if wanted[2]() == "lose":
                return False
            if wanted[1] == "after":
                return True
        far.sendall(data)
        return True

    def _forth(self, near, far):
        data, is_ws = b"", False
        try:
            while True:
                more = near.recv(65536)
                if not more:
                    break
                data += more
                while True:
                    size, what = self._frame(data) if is_ws else self._head(data)
                    if not size:
                        break
                    piece, data = data[:size], data[size:]
                    is_ws = is_ws or b"upgrade: websocket" in piece.lower()
                    if not self._meet(what, near, far, piece):
                        self._shut(near, far)
                        return
        except OSError:
            pass
        self._shut(near, far)

    @staticmethod
    def _head(data):
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0, ""
        head = data[:end].decode("latin-1")
        length = re.search(r"(?im)^content-length:\s*(\d+)", head)
        size = end + 4 + (int(length.group(1)) if length else 0)
        method, path = head.split(" ")[:2]
        return (size, f"{method} {path.replace('/ari/', '', 1)}") if len(data) >= size else (0, "")

    @staticmethod
    def _frame(data):
        if len(data) < 2:
            return 0, ""
        length, at = data[1] & 127, 2
        if length == 126:
            length, at = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, at = int.from_bytes(data[2:10], "big"), 10
        if len(data) < at + 4 + length:
            return 0, ""
        mask, body = data[at:at + 4], data[at + 4:at + 4 + length]
        what = "frame"
        if data[0] & 15 == 1:
            text = bytes(b ^ mask[i % 4] for i, b in enumerate(body))
            request = json.loads(text)
            what = f"{request['method']} {request['uri']}"
        return at + 4 + length, what


def stored(suffix=""):
    status, body = lab.ari("GET", OBJECT + suffix)
    if status != 200:
        return None
    return next(f["value"] for f in body if f["attribute"] == "list_item")


def left():
    """What a change may leave at the server."""
    return [b["id"] for b in lab.ari("GET", "/bridges")[1]] + ([stored("-next")] if stored("-next") else [])


def command(*args, profile="lab", state="state", check=True):
    done = subprocess.run([CALLHUD, "--config", lab.config, "--profile", profile, *args], text=True,
                          capture_output=True, timeout=60,
                          env=lab.callhud_env(XDG_STATE_HOME=os.path.join(lab.home, state)))
    if check and done.returncode:
        raise RuntimeError(f"{args}: exit {done.returncode}: {done.stderr}")
    return done


def start_push(profile="lab", state="state"):
    return subprocess.Popen([CALLHUD, "--config", lab.config, "--profile", profile, "list", "push"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            env=lab.callhud_env(XDG_STATE_HOME=os.path.join(lab.home, state)))


def rows(**more):
    return [(r["key"], r["extension"], r["state"])
            for r in json.loads(command("list", "show", "--json", **more).stdout)]


def put(*extensions):
    """The list as a test's starting point, by other means."""
    for suffix in ("", "-next"):
        lab.ari("DELETE", OBJECT + suffix)
    if extensions:
        lab.ari("PUT", OBJECT, body={"fields": [{"attribute": "event", "value": "presence"},
                                                {"attribute": "list_item", "value": ",".join(extensions)}]})


def until(test, seconds=5.0):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


# ---- written, seen by others, kept ------------------------------------------------------------------

def pushed():
    for extension in ("103", "101", "102"):
        command("list", "add", extension)
    tap.ok(stored() is None, "an edit waits here until it is pushed")
    command("list", "push")
    tap.ok(stored() == "103,101,102" and not left(), "push writes the list", f"{stored()} {left()}")


def seen_elsewhere():
    watch = Watch(lab, profile="floor")
    if not tap.ok(watch.wait_ready(3) and sorted(watch.latest) == ["101", "102", "103"],
                  "monitor = list: another callhud watches those of the stored list", watch.latest.keys()):
        return
    command("list", "set", "1", "104")
    command("list", "move", "3", "1")
    start = time.time() * 1000
    command("list", "push")
    came = watch.wait("104", lambda line: not line["stale"], 5)
    tap.ok(stored() == "102,104,101" and not left(), "push replaces it", f"{stored()} {left()}")
    tap.ok(came is not None, "and the other callhud shows the change by itself")
    tap.note(f"{(came[0] if came else time.time() * 1000) - start:.0f} ms after the push was asked for")
    watch.stop()
    tap.ok(command("status", "--json", profile="floor").stdout.count('"extension"') == 3,
           "so does one that is started then")
    tap.ok(until(lambda: not lab.ari("GET", "/applications")[1]), "nothing stays subscribed at the server",
           lab.ari("GET", "/applications")[1])


def merged():
    """Two homes on two machines: what was changed there and here comes together."""
    command("list", "pull", state="other")
    command("list", "remove", "101", state="other")
    command("list", "push", state="other")
    tap.ok(stored() == "102,104", "another machine's push", stored())
    command("list", "add", "103")
    done = command("list", "push", check=False)
    tap.ok(stored() == "102,104,103" and done.returncode == 0, "and ours afterwards: both changes are kept",
           f"{stored()} {done.stderr}")


def restarted(sorcery):
    """The PBX, with this sorcery.conf, which it reads at its start alone; what was in it before."""
    path = os.path.join(lab.dir, "pbx", "etc", "sorcery.conf")
    with open(path) as f:
        before = f.read()
    lab.scenario("pbx", "stop")
    with open(path, "w") as f:
        f.write(sorcery)
    lab.scenario("pbx", "start")
    return before


def storeless():
    """Its new configuration forgets the lines that let lists be stored: that is said, and no line is lost here."""
    good = restarted("[res_pjsip]\n" + "".join(f"{t} = config,pjsip.conf,criteria=type={t}\n"
                                               for t in ("endpoint", "auth", "aor")))
    why = ("Asterisk stores no lists", "callhud doctor --example asterisk", "sorcery.conf")
    here = [(1, "102", "same"), (2, "104", "same"), (3, "103", "same")]
    done = command("list", "diff")
    said = rows()
    tap.ok(all(w in done.stderr for w in why) and done.stderr.count("\n") == 1 and said == here,
           "a PBX that stores no lists any more: said, and the list stays here", f"{done.stderr} {said}")
    command("list", "add", "101")
    ends = [(command("list", verb, check=False), verb) for verb in ("pull", "push")]
    tap.ok(all(end.returncode == 4 and all(w in end.stderr for w in why) for end, _ in ends) and
           rows() == here + [(4, "101", "added")], "pull and push end with 4 and say so; the edit is kept",
           "\n".join(f"{verb}: {end.returncode} {end.stderr}" for end, verb in ends))
    checks = {c["check"]: (c["result"], c["text"]) for c in json.loads(command("doctor", "--json").stdout)}
    tap.ok(checks["list"][0] == "warn" and all(w in checks["list"][1] for w in why), "so does doctor", checks["list"])
    tap.ok(not left() and lab.ari("GET", OBJECT + "-try")[0] == 404, "nothing is left there", left())
    restarted(good)
    tap.ok(rows() == here + [(4, "101", "added")], "when it stores them again, both are as they were", rows())
    command("list", "remove", "101")


def kept():
    """It was started anew twice by now."""
    tap.ok(stored() == "102,104,103", "a restart of the PBX keeps it", stored())
    tap.ok([r[:2] for r in rows(state="third")] == [(1, "102"), (2, "104"), (3, "103")],
           "and callhud reads it from there", rows(state="third"))


def crashed():
    """The PBX dies as soon as it has the list, and not yet on its disk: AstDB comes there within a second."""
    old, new = stored(), "103,102,104"
    command("list", "move", "3", "1")
    push = start_push()
    tap.ok(until(lambda: stored() == new and stored("-next") is None), "a list is written", stored())
    lab.scenario("pbx", "kill")
    code = push.wait(30)
    lab.scenario("pbx", "start")
    tap.note(f"the push ended with {code}; afterwards there is {stored()}, beside it {stored('-next')}")
    tap.ok(code != 0 and stored() in (old, new), "killed a moment later: it was not told to be saved", code)
    command("list", "push")
    tap.ok(stored() == new and not left(), "and the edits are there for the next push", f"{stored()} {left()}")


def refused():
    before = stored()
    command("list", "add", "101", profile="readonly", state="reader")
    done = command("list", "push", profile="readonly", state="reader", check=False)
    tap.ok(done.returncode == 4 and "read_only = no" in done.stderr and stored() == before,
           "a read-only user of ARI: denied, with what to do", f"{done.returncode} {done.stderr}")
    tap.ok(rows(profile="readonly", state="reader")[-1] == (4, "101", "added"), "and the edit is kept here")


# ---- killed, cut off ---------------------------------------------------------------------------------

# After a step is before the next one, as far as the server knows.
STEPS = [("POST bridges/callhud-list-104", "after"), ("PUT .*hud-104-next", "after"), ("DELETE .*hud-104$", "after"),
         ("PUT .*hud-104$", "after"), ("DELETE bridges/", "before")]
LOST = [("PUT .*hud-104-next", "after"), ("DELETE .*hud-104$", "after"), ("PUT .*hud-104$", "after")]


def push_through(proxy, where, how, number):
    """A push of another order that meets its fate at one step; returns (old, new)."""
    state = f"fate{number}"
    old, new = "101,102,103", "103,101"
    put("101", "102", "103")
    command("list", "pull", profile="via", state=state)
    command("list", "move", "3", "1", profile="via", state=state)
    command("list", "remove", "102", profile="via", state=state)
    process = start_push(profile="via", state=state)

    def kill():
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        return "lose"

    proxy.wanted = (*where, kill if how == "kill" else lambda: "lose")
    process.wait(60)
    met = proxy.wanted is None
    proxy.wanted = None
    return state, old, new, met


def fates():
    proxy = Proxy(lab.info["ari"]["port"])
    lab.write_config(profile_lines="")
    with open(lab.config, "a") as f:
        f.write(f"\n[profile via]\nbackend = asterisk\nserver = http://127.0.0.1:{proxy.port}/ari\nuser = hud\n"
                f"password_file = {lab.home}/hud.pass\nphone = PJSIP/104\nmonitor = 101-104\n")
    bad, finished, number = [], 0, 0
    for how, steps in (("kill", STEPS), ("lose", LOST)):
        for where in steps:
            number += 1
            name = f"{how} {where[1]} {where[0]}"
            state, old, new, met = push_through(proxy, where, how, number)
            between = (stored(), stored("-next"))
            if not met:
                bad.append(f"{name}: never met")
            if between[0] not in (old, new) and not (between[0] is None and between[1] in (old, new)):
                bad.append(f"{name}: lost: {between}")
            seen = ",".join(r[1] for r in rows(profile="via", state=state + "-other"))
            if seen not in (old, new):
                bad.append(f"{name}: another callhud reads {seen}")
            command("list", "push", profile="via", state=state)  # the next run of the same person
            if stored() != new or left():
                bad.append(f"{name}: then {stored()}, left {left()}")
            finished += stored() == new and not left()
    tap.ok(not bad, f"{number} times killed or cut off at a step of a change: nothing is lost, and the next run "
                    "stores what was wanted and leaves nothing", "\n".join(bad))
    tap.note(f"{finished} of {number} finished")
    made = [name for _, _, names in os.walk(lab.home) for name in names if name.startswith("made-")]
    tap.ok(not made, "no ledger is left", made)


lab = Lab(agents=4, extra="[profile floor]\nbackend = asterisk\nserver = @\nuser = hud\npassword_file = @\n"
                          "phone = PJSIP/104\nmonitor = list\n")
lab.extra = lab.extra.replace("server = @", "server = " + lab.info["ari"]["url"]).replace(
    "password_file = @", f"password_file = {lab.home}/hud.pass")
lab.write_config()
pushed()
seen_elsewhere()
merged()
storeless()
kept()
crashed()
refused()
fates()
tap.end()
