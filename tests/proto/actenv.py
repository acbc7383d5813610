"""What the tests of acting on calls share: the phones as Python (a scenario.sh verb costs a shell, two
curls and a jq), the PBX as Asterisk sees it, tones measured at the phones, and callhud's commands with
their words on stdin.

    from actenv import ActLab, Act, Tap, together, until

Everything is bounded in time. Standard library only.
"""
import atexit
import base64
import glob
import http.client
import json
import math
import os
import queue
import re
import subprocess
import sys
import threading
import time
import urllib.parse

from labenv import CALLHUD, LAB, Lab, Tap, next_line, run  # noqa: F401

sys.path.insert(0, LAB)
import labtool  # noqa: E402

IS_LONG = os.environ.get("CALLHUD_LONG_ACTS", "") == "1"
CALLER, AGENT, SUPERVISOR, MUSIC = 500, 900, 1500, 1209
HEARD_DB, UNHEARD_DB = -20, -50


def until(test, timeout=3.0, step=0.03):
    """What test() says once that is true, or its last word."""
    end = time.monotonic() + timeout
    while True:
        got = test()
        if got or time.monotonic() > end:
            return got
        time.sleep(step)


def together(jobs):
    """Runs functions at once, each to its end; what they return, in order. The first fault is raised."""
    results = [None] * len(jobs)
    faults = []

    def one(i):
        try:
            results[i] = jobs[i]()
        except BaseException as e:  # noqa: B902
            faults.append(e)

    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(len(jobs))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if faults:
        raise faults[0]
    return results


class LockedTap(Tap):
    """A Tap for several threads."""

    def __init__(self):
        super().__init__()
        self.lock = threading.RLock()

    def ok(self, good, name, detail=""):
        with self.lock:
            return super().ok(good, name, "" if good else detail)

    def note(self, text):
        with self.lock:
            super().note(text)


class Rest:
    """Requests to one ARI, on a connection for each thread."""

    def __init__(self, info):
        url = urllib.parse.urlparse(info["url"])
        self.host, self.port, self.path = url.hostname, url.port, url.path
        token = base64.b64encode(f"{info['user']}:{info['password']}".encode()).decode()
        self.headers = {"Authorization": "Basic " + token}
        self.local = threading.local()

    def __call__(self, method, path, body=None, timeout=10, **query):
        """(status, what was answered)."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        headers = dict(self.headers)
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        for attempt in (1, 2):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
                self.local.connection = connection
            try:
                connection.request(method, self.path + path, data, headers)
                answer = connection.getresponse()
                text = answer.read().decode(errors="replace")
                break
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if attempt == 2:
                    raise
        try:
            return answer.status, json.loads(text) if text else None
        except ValueError:
            return answer.status, text

    def must(self, method, path, body=None, **query):
        status, answer = self(method, path, body, **query)
        if status >= 300:
            raise RuntimeError(f"{method} {path} {query}: {status} {answer}")
        return answer


class Phones:
    """People with telephones."""

    def __init__(self, lab):
        self.lab = lab
        self.rest = Rest(lab.info["phones"])
        self.tone_lock = threading.Lock()
        self.count = 0

    def legs(self, ext=None):
        """(id, extension or number, state) of a phone's legs; of all."""
        found = []
        for c in self.rest.must("GET", "/channels"):
            if not c["name"].startswith("PJSIP/"):
                continue
            own = re.match(r"PJSIP/p([0-9]+)-", c["name"])
            x = own.group(1) if own else c["dialplan"]["exten"]
            if ext is None or x == str(ext):
                found.append((c["id"], x, c["state"]))
        return found

    def leg(self, ext, state=None, timeout=5.0):
        """One leg of the phone, waited for."""
        def look():
            good = [i for i, _, s in self.legs(ext) if state in (None, s)]
            return good[-1] if good else None
        if "." in str(ext):
            return ext
        got = until(look, timeout)
        if not got:
            raise RuntimeError(f"phone {ext} has no {state or ''} leg: {self.legs(ext)}")
        return got

    def originate(self, endpoint, caller, ext):
        return self.rest.must("POST", "/channels", endpoint=endpoint, callerId=caller, app="phone",
                              appArgs=f"out,{ext}", timeout=120)["id"]

    def call(self, number, name, ext):
        """Somebody outside calls; the caller's leg."""
        return self.originate(f"PJSIP/{ext}@net", f'"{name}" <{number}>', ext)

    def dial(self, ext, to):
        return self.originate(f"PJSIP/{to}@p{ext}", f"{ext} <{ext}>", to)

    def answer(self, ext, timeout=5.0):
        """Lifts the ringing phone; its leg."""
        i = self.leg(ext, "Ring", timeout)
        if not until(lambda: self.rest("POST", f"/channels/{i}/answer")[0] != 409):  # 409: not ours yet
            raise RuntimeError(f"phone {ext} cannot be lifted")
        self.until_state(i, "Up")
        return i

    def until_state(self, leg, state, timeout=5.0):
        if not until(lambda: any(i == leg and s == state for i, _, s in self.legs()), timeout):
            raise RuntimeError(f"leg {leg} is not {state}: {self.legs()}")

    def talk(self, ext, number="5551234", name="Acme Ltd", through=None):
        """A caller, talking to ext; the caller's leg."""
        leg = self.call(number, name, through or ext)
        self.answer(ext)
        self.until_state(leg, "Up")
        return leg

    def hold(self, ext):
        self.rest.must("POST", f"/channels/{self.leg(ext, 'Up')}/hold")

    def unhold(self, ext):
        self.rest.must("DELETE", f"/channels/{self.leg(ext, 'Up')}/hold")

    def drop(self, leg):
        return self.rest("DELETE", f"/channels/{leg}")[0]

    def hangup(self, ext):
        for i, _, _ in self.legs(ext):
            self.drop(i)

    def dtmf(self, ext, digits):
        self.rest.must("POST", f"/channels/{self.leg(ext, 'Up')}/dtmf", dtmf=digits, between=150)

    def mode(self, ext, mode):
        """ring, busy or answer."""
        self.rest.must("POST", "/asterisk/variable", variable=f"PHONE_MODE_{ext}", value=mode)

    def is_there(self, leg):
        return self.rest("GET", f"/channels/{leg}")[0] == 200

    def tone(self, ext, hz):
        """The phone speaks a sine, into a bridge (see scenario.sh tone); if it does already, it goes on."""
        i = self.leg(ext)
        path = os.path.join(self.lab.dir, "phones", "data", f"tone-{hz}")
        with self.tone_lock:
            if not os.path.exists(path + ".sln"):
                labtool.tone(path + ".new", hz, 120)
                os.rename(path + ".new", path + ".sln")
        if self.rest("POST", f"/bridges/talk-{i}", type="mixing,dtmf_events")[0] == 409:
            return
        if not until(lambda: self.rest("POST", f"/bridges/talk-{i}/addChannel", channel=i)[0] < 300):
            raise RuntimeError(f"{ext} cannot speak")  # 422 until it is ours
        self.rest.must("POST", f"/bridges/talk-{i}/play/tone-{i}", media="sound:" + path)

    def hear(self, legs, seconds=0.6):
        """Level of the four tones at each of the legs {name: extension or leg}: {name: {hz: dBFS}}."""
        self.count += 1
        jobs = {}
        for name, ext in legs.items():
            leg = self.leg(ext)
            file = f"heard-{threading.get_ident()}-{self.count}-{name}"
            snoop = self.rest.must("POST", f"/channels/{leg}/snoop", spy="in", app="phone")["id"]
            if not until(lambda: self.rest("POST", f"/channels/{snoop}/record", name=file, format="wav",
                                           ifExists="overwrite")[0] < 300):  # 409 until it is ours
                raise RuntimeError(f"{name}, leg {leg}, cannot be recorded")
            jobs[name] = (snoop, file)
        time.sleep(seconds)
        for snoop, _ in jobs.values():
            self.drop(snoop)
        result = {}
        for name, (_, file) in jobs.items():
            path = os.path.join(self.lab.dir, "phones", "spool", "recording", file + ".wav")
            until(lambda: self.rest("GET", f"/recordings/live/{urllib.parse.quote(file)}")[0] == 404, 2)
            result[name] = levels(path)
            os.unlink(path)
        return result


def levels(path, tones=(CALLER, AGENT, SUPERVISOR, MUSIC)):
    """dBFS of each tone in a recording: the best quarter of blocks of 100 ms, under a Hann window."""
    samples = labtool.samples(path)
    block = 800
    window = [0.5 - 0.5 * math.cos(2 * math.pi * i / block) for i in range(block)]
    found = {hz: [] for hz in tones}
    for s in range(0, len(samples) - block + 1, block):
        some = [a * b for a, b in zip(samples[s:s + block], window)]
        for hz in tones:
            w = 2 * math.cos(2 * math.pi * hz / 8000)
            p = q = 0.0
            for x in some:
                p, q = x + w * p - q, p
            found[hz].append(math.sqrt(max(p * p + q * q - w * p * q, 0)) * 4 / block / 32768)
    result = {}
    for hz, all_levels in found.items():
        best = sorted(all_levels)[int(len(all_levels) * 0.75):]
        level = sum(best) / len(best) if best else 0
        result[hz] = round(20 * math.log10(level), 1) if level > 1e-5 else -100.0
    return result


class ActLab(Lab):
    """A lab whose last phones are supervisors', each with a profile of its own: s105 for phone 105."""

    def __init__(self, agents, supervisors, lines="", users=None):
        self.supervisors = []
        self.count = supervisors
        self.lines = lines
        super().__init__(agents=agents + supervisors, users=users)
        self.phones = Phones(self)
        self.pbx = Rest(self.info["ari"])

    def write_config(self, server=None, profile_lines="", path=None, profiles=None):
        ari = self.info["ari"]
        password = os.path.join(self.home, "hud.pass")
        with open(password, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(ari["password"] + "\n")
        last = self.info["agents"][-1]["ext"]
        self.supervisors = [a["ext"] for a in self.info["agents"]][-self.count:]
        self.agents = [a["ext"] for a in self.info["agents"]][:-self.count]
        path = path or os.path.join(self.home, "config.ini")
        with open(path, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            for name, phone in (profiles or [("s" + s, s) for s in self.supervisors]):
                f.write(f"[profile {name}]\nbackend = asterisk\nserver = {server or ari['url']}\n"
                        f"user = hud\npassword_file = {password}\nphone = PJSIP/{phone}\n"
                        f"monitor = 101-{last}\nring_when_monitored_rings = no\n"
                        f"pick_up_held_lines = yes\n{self.lines}\n{profile_lines}\n")
            if self.users:
                f.write("[users]\n" + "\n".join(self.users) + "\n")
        self.config = os.path.join(self.home, "config.ini")
        return path

    def command(self, *args, profile, config=None, timeout=30):
        """A command, to its end, whatever that is."""
        return run([CALLHUD, "--config", config or self.config, "--profile", profile, *args],
                   timeout=timeout, check=False, env=self.callhud_env())

    # ---- what the PBX says ----

    def channels(self):
        return {c["id"]: c for c in self.pbx.must("GET", "/channels")}

    def bridges(self):
        return {b["id"]: sorted(b["channels"]) for b in self.pbx.must("GET", "/bridges")}

    def picture(self):
        """Channels and bridges: what must be as before. Empty bridges count."""
        return set(self.channels()), self.bridges()

    def difference(self, before, now=None):
        """What is there now and was not before, and the other way round, in words."""
        names = self.channels()
        now_channels, now_bridges = now or self.picture()
        words = [f"channel left: {i} {names[i]['name'] if i in names else ''}"
                 for i in sorted(now_channels - before[0])]
        words += [f"channel gone: {i}" for i in sorted(before[0] - now_channels)]
        words += [f"bridge left: {i} {m}" for i, m in now_bridges.items() if i not in before[1]]
        words += [f"bridge gone: {i} {m}" for i, m in before[1].items() if i not in now_bridges]
        words += [f"bridge changed: {i} {before[1][i]} -> {m}" for i, m in now_bridges.items()
                  if i in before[1] and before[1][i] != m]
        return "\n".join(words)

    def leftovers(self):
        """Channels and bridges with ids that callhud chose."""
        return sorted(i for i in list(self.channels()) + list(self.bridges())
                      if i.startswith("callhud-"))

    def leg_of(self, ext, state=None):
        """The extension's channel at the PBX (id), or None."""
        for i, c in self.channels().items():
            if c["name"].startswith(f"PJSIP/{ext}-") and state in (None, c["state"]):
                return i
        return None

    def carrier_leg(self, number):
        """The outside party's channel, by its number."""
        for i, c in self.channels().items():
            if c["name"].startswith("PJSIP/carrier-") and \
                    number in (c["caller"]["number"], c["dialplan"]["exten"], c["connected"]["number"]):
                return i
        return None

    def is_bridged(self, one, other):
        return bool(one and other) and any({one, other} <= set(m) for m in self.bridges().values())

    def partners(self, channel):
        """Who is in a bridge with the channel, through the halves of Local channels: names."""
        names = {i: c["name"] for i, c in self.channels().items()}
        bridges = list(self.bridges().values())
        seen, edge = {channel}, [channel]
        while edge:
            at = edge.pop()
            near = set()
            for members in bridges:
                if at in members:
                    near |= set(members)
            name = names.get(at, "")
            if name.startswith("Local/"):
                half = name[:-1] + ("1" if name.endswith("2") else "2")
                near |= {i for i, n in names.items() if n == half}
            edge += near - seen
            seen |= near
        return sorted(names.get(i, "") for i in seen - {channel} if not names.get(i, "").startswith("Local/"))

    def is_held(self, ext):
        leg = self.leg_of(ext, "Up")
        if not leg:
            return False
        status, value = self.pbx("GET", f"/channels/{leg}/variable", variable="CHANNEL(rtp,hold)")
        return status == 200 and value["value"] == "1"

    def talk(self, ext, number="5551234", name="Acme Ltd", through=None):
        """A call with sound both ways, as telephones send it: Asterisk removes a snoop only when the
        next frame of its target comes by, so with silent phones a deleted snoop stays in its lists."""
        leg = self.phones.talk(ext, number, name, through)
        self.phones.tone(leg, CALLER)
        self.phones.tone(ext, AGENT)
        if not until(lambda: self.partners(self.carrier_leg(number) or "")):
            raise RuntimeError(f"{ext} and {number} are not bridged")
        return leg

    def hold(self, ext):
        self.phones.hold(ext)
        if not until(lambda: self.is_held(ext)):
            raise RuntimeError(f"{ext} does not hold")

    def ami(self, *lines):
        return run(["bash", os.path.join(LAB, "lab.sh"), "--run", self.dir, "ami", *lines],
                   env=self.env).stdout

    # ---- callhud's files ----

    def state(self):
        return os.path.join(self.home, "state", "callhud")

    def audit(self, start=0):
        """(records from byte start on, where they end)."""
        try:
            with open(os.path.join(self.state(), "audit.jsonl"), "rb") as f:
                f.seek(start)
                data = f.read()
        except FileNotFoundError:
            return [], start
        whole = data[:data.rfind(b"\n") + 1]
        return [json.loads(l) for l in whole.splitlines()], start + len(whole)

    def ledgers(self):
        return glob.glob(os.path.join(self.state(), "made-*"))


class Act:
    """A command that acts, running: words go in, lines come out."""

    def __init__(self, lab, profile, *args, json_lines=True, config=None, env=None, binary=None):
        command = [binary or CALLHUD, "--config", config or lab.config, "--profile", profile, *args]
        if json_lines:
            command.append("--json")
        self.args = args
        self.lines = []
        self.bad = []
        self.queue = queue.Queue()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=env or lab.callhud_env())
        self.errors = b""
        self.readers = [threading.Thread(target=self._read, daemon=True),
                        threading.Thread(target=self._read_errors, daemon=True)]
        for t in self.readers:
            t.start()
        atexit.register(self.kill)

    def _read(self):
        for raw in self.process.stdout:
            try:
                line = json.loads(raw.decode())
            except ValueError:
                self.bad.append(raw)
                continue
            self.lines.append(line)
            self.queue.put(line)

    def _read_errors(self):
        for raw in self.process.stderr:
            self.errors += raw

    def word(self, word):
        try:
            self.process.stdin.write(word.encode() + b"\n")
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # it has ended: what is asked of it next tells

    def modes(self):
        return [l.get("mode") for l in list(self.lines) if l.get("confirmed") is True]

    def confirmed(self, mode, timeout=5.0):
        """The next line says that this mode is confirmed."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.queue.get(timeout=max(0.01, min(0.1, end - time.monotonic())))
                if line.get("confirmed") is True:
                    return line if line.get("mode") == mode else None
            except queue.Empty:
                if self.process.poll() is not None and self.queue.empty():
                    return None
            if time.monotonic() > end:
                return None

    def wait(self, timeout=8.0):
        """The exit code, or None while it runs."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        for t in self.readers:
            t.join(2)
        return code

    def error(self):
        return self.errors.decode(errors="replace").strip()

    def reason(self):
        """The lines of stderr but what is said on the way: that the phone rings."""
        return [l for l in self.error().splitlines() if "rings: lift it" not in l]

    def told(self):
        """For the detail of a failed test."""
        return f"exit {self.process.poll()}, lines {self.lines} {self.bad}, stderr: {self.error()}"

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)
