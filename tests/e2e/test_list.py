"""A day with the HUD list on the built-in exchange, in tmux: searched, changed, looked at, saved with
its warning, changed elsewhere, in conflict; the presence settings from the key to the lamp. Pictures
are left in captures/ of the build."""
import atexit
import base64
import json
import os
import subprocess
import time
import urllib.parse
import urllib.request

from termenv import BUILD, CALLHUD, Home, Tap, Tmux, expect, wait_until

CAPTURES = os.path.join(BUILD, "captures")
tap = Tap()
os.makedirs(CAPTURES, exist_ok=True)


class Floor:
    """An exchange and a profile on it. The service answers so many requests a minute and no more:
    each part of the day has one of its own."""

    def __init__(self):
        self.home = Home("http://127.0.0.1:1/ari")
        port_file = os.path.join(self.home.dir, "port.json")
        self.exchange = subprocess.Popen([CALLHUD, "exchange", "--users", "24", "--rate", "0",
                                          "--seed", "7", "--port-file", port_file],
                                         stdout=subprocess.DEVNULL)
        atexit.register(self.exchange.kill)
        if not wait_until(lambda: os.path.exists(port_file) and os.path.getsize(port_file) > 0, 10):
            raise RuntimeError("the exchange does not start")
        with open(port_file, encoding="utf-8") as f:
            self.port = json.load(f)
        with open(self.home.config, "w", encoding="utf-8") as f:
            f.write("[profile work]\nbackend = ringcentral\n"
                    f"server = http://127.0.0.1:{self.port['port']}\n"
                    f"client_id = {self.port['client_id']}\n"
                    f"client_secret_file = {self.secret('secret', self.port['client_secret'])}\n"
                    f"jwt_file = {self.secret('jwt', self.port['jwt'])}\n")

    def secret(self, name, text):
        path = os.path.join(self.home.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(text)
        return path

    def control(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port['port']}/exchange{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.port["control_token"],
                     "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def stored(self):
        state = self.control("GET", "/state")
        return [line["extension"] for line in state["appearances"][self.port["supervisor"]]]

    def stop(self):
        self.exchange.terminate()
        self.exchange.wait(5)


class Elsewhere:
    """The same list as the portal has it: requests of the service, without callhud."""

    def __init__(self, floor):
        port = floor.port
        self.server = f"http://127.0.0.1:{port['port']}"
        basic = base64.b64encode(f"{port['client_id']}:{port['client_secret']}".encode()).decode()
        body = urllib.parse.urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                                       "assertion": port["jwt"]}).encode()
        self.token = self.ask("POST", "/restapi/oauth/token", body, "Basic " + basic,
                              "application/x-www-form-urlencoded")["access_token"]

    def ask(self, method, path, body=None, authorization=None, kind="application/json"):
        request = urllib.request.Request(
            self.server + path, method=method, data=body,
            headers={"Authorization": authorization or "Bearer " + self.token, "Content-Type": kind})
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def change(self, change):
        """change gets the records, without the reserved ones, as (id, extension number)."""
        path = "/restapi/v1.0/account/~/extension/~/presence/line"
        records = self.ask("GET", path)["records"]
        kept = [r for r in records if r.get("notEditableOnHud")]
        rest = change([(r["extension"]["id"], r["extension"]["extensionNumber"])
                       for r in records if not r.get("notEditableOnHud")])
        ids = [r["extension"]["id"] for r in kept] + [one for one, _ in rest]
        body = [{"id": str(i + 1), "extension": {"id": one}} for i, one in enumerate(ids)]
        self.ask("PUT", path, json.dumps(body).encode())


class Desk:
    def __init__(self, floor, rows, cols, *options):
        self.floor = floor
        self.tmux = Tmux(rows, cols, f"{CALLHUD} --config {floor.home.config} {' '.join(options)}; "
                         "echo ended $?; sleep 60", floor.home.env())
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
    department = desk.floor.control("GET", "/state")["users"][0]["department"]
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
    elsewhere = Elsewhere(desk.floor)
    elsewhere.change(lambda lines: [line for line in lines if line[1] != "106"])
    desk.expect(lambda s: "23 of 100" in s and " 106 " not in s and "0 unsaved" in s,
                "what is removed elsewhere goes here by itself", 10)
    desk.at("102")
    desk.tmux.keys("Enter")
    desk.expect("INSTEAD OF 102", "a change here")
    desk.at("104")
    desk.tmux.keys("Enter")
    desk.expect(lambda s: "changed here" in desk.row("102", s), "changed here")
    elsewhere.change(lambda lines: [line for line in lines if line[1] != "102"])
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
    made = desk.floor.control("POST", "/calls", {"from": "+17778732492", "to": "101"})["id"]
    desk.floor.control("POST", f"/calls/{made}/answer")
    desk.floor.control("POST", f"/calls/{made}/hold")
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
    desk.floor.control("POST", f"/calls/{made}/hangup")


def leaves(desk):
    for _ in range(3):
        desk.tmux.keys("Escape")
    desk.type("q")
    desk.expect("ended 0", "q ends it")
    desk.tmux.stop()


floor = Floor()
day = Desk(floor, 24, 80)
edits(day)
looks(day)
saves(day)
is_changed_elsewhere(day)
leaves(day)
floor.stop()

floor = Floor()
day = Desk(floor, 24, 80)
settings(day)
leaves(day)
floor.stop()

floor = Floor()
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
floor.stop()
tap.end()
