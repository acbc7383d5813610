"""The lab for tests: a real Asterisk with real phones, and callhud run against it.

    from labenv import Lab, Watch, Tap

Everything is bounded in time, and everything started is stopped. Standard library only.
"""
import atexit
import base64
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
import traceback
import urllib.error
import urllib.request
from datetime import datetime, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(HERE, "..", "lab")
CALLHUD = os.environ.get("CALLHUD", os.path.join(HERE, "..", "..", "build", "callhud"))


class Tap:
    """Counts and prints test results, one line each."""

    def __init__(self):
        self.failed = 0
        self.count = 0

    def ok(self, good, name, detail=""):
        self.count += 1
        if not good:
            self.failed += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}", flush=True)
        if detail:
            for line in str(detail).splitlines()[:40]:
                print(f"# {line}", flush=True)
        return good

    def note(self, text):
        print(f"# {text}", flush=True)

    def end(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def out_of_time(_number, _frame):
    """The time of the whole run is over (tap.sh): where each thread stands is told, then what was started is
    stopped."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    told = ["not ok - it ends in time"]
    names = {one.ident: one.name for one in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # pylint: disable=protected-access
        ours = [f for f in traceback.extract_stack(frame) if "/tests/" in os.path.abspath(f.filename)]
        told += [f"# {names.get(ident, ident)}: {os.path.basename(f.filename)}:{f.lineno}: {f.line}" for f in ours]
    os.write(1, ("\n".join(told) + "\n").encode(errors="replace"))
    sys.exit(1)


signal.signal(signal.SIGTERM, out_of_time)


def next_line(stream, limit=20.0):
    """The next line of what a program writes (empty: it has ended); AssertionError: none comes in time."""
    got = []
    reader = threading.Thread(target=lambda: got.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(max(limit, 0))
    if not got:
        raise AssertionError(f"no line in {limit:.0f} s")
    return got[0]


def lines_until(stream, text, limit=20.0):
    """The lines up to that which has the text; AssertionError tells which came instead."""
    seen = []
    deadline = time.monotonic() + limit
    while not seen or text not in seen[-1]:
        try:
            seen.append(next_line(stream, deadline - time.monotonic()))
        except AssertionError:
            seen.append("")
        if not seen[-1]:
            raise AssertionError(f"no line with '{text}' in {limit:.0f} s, but {seen[-9:]}")
    return seen


def run(args, timeout=60, check=True, **more):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout, **more)
    if check and done.returncode != 0:
        raise RuntimeError(f"{args}: exit {done.returncode}: {done.stderr.strip()[-400:]}")
    return done


class Lab:
    """One running lab. Ends with the test."""

    def __init__(self, agents=8, users=None, extra="", ari_conf=None):
        run(["bash", os.path.join(LAB, "install.sh")], timeout=400)
        self.dir = tempfile.mkdtemp(prefix="callhud-lab-", dir="/tmp")
        self.env = dict(os.environ, LAB_RUN=self.dir)
        atexit.register(self.stop)
        run(["bash", os.path.join(LAB, "start.sh"), "--agents", str(agents), "--run", self.dir],
            timeout=120, env=self.env)
        with open(os.path.join(self.dir, "lab.json")) as f:
            self.info = json.load(f)
        self.home = os.path.join(self.dir, "home")
        os.makedirs(self.home, mode=0o700)
        self.users = users
        self.extra = extra
        self.write_config()

    def write_config(self, server=None, profile_lines=""):
        path = os.path.join(self.home, "config.ini")
        ari = self.info["ari"]
        for name, password in (("hud", ari["password"]), ("watch", ari["ro_password"])):
            with open(os.path.join(self.home, name + ".pass"), "w") as f:
                os.fchmod(f.fileno(), 0o600)
                f.write(password + "\n")
        last = self.info["agents"][-1]["ext"]
        with open(path, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            for name, user in (("lab", "hud"), ("readonly", "watch")):
                f.write(f"[profile {name}]\nbackend = asterisk\nserver = {server or ari['url']}\n"
                        f"user = {user}\npassword_file = {self.home}/{user}.pass\n"
                        f"phone = PJSIP/{last}\nmonitor = 101-{last}\n"
                        f"ring_when_monitored_rings = no\npick_up_held_lines = yes\n"
                        f"{profile_lines}\n")
            f.write(self.extra + "\n")
            if self.users:
                f.write("[users]\n" + "\n".join(self.users) + "\n")
        self.config = path

    def callhud_env(self, **more):
        env = dict(os.environ)
        env.update(XDG_CONFIG_HOME=self.home, XDG_STATE_HOME=os.path.join(self.home, "state"),
                   XDG_CACHE_HOME=os.path.join(self.home, "cache"), LC_ALL="C.UTF-8", TZ="UTC")
        env.update(more)
        return env

    def callhud(self, *args, profile="lab", timeout=60, check=True):
        return run([CALLHUD, "--config", self.config, "--profile", profile, *args],
                   timeout=timeout, check=check, env=self.callhud_env())

    def status(self, profile="lab"):
        done = self.callhud("status", "--json", profile=profile)
        return {u["extension"]: u for u in json.loads(done.stdout)}

    def scenario(self, *args, timeout=90, check=True):
        done = run(["bash", os.path.join(LAB, "scenario.sh"), "--run", self.dir, *map(str, args)],
                   timeout=timeout, check=check, env=self.env)
        return done.stdout.strip()

    def cli(self, command):
        return run(["bash", os.path.join(LAB, "lab.sh"), "--run", self.dir, "cli", command],
                   env=self.env).stdout

    def ari(self, method, path, user="hud", body=None):
        """One ARI request as the test itself: (status, parsed or text)."""
        ari = self.info["ari"]
        password = ari["password"] if user == "hud" else ari["ro_password"]
        request = urllib.request.Request(ari["url"] + path, method=method)
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", "Basic " + token)
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, data, timeout=10) as answer:
                text = answer.read().decode()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode(errors="replace")

    def stop(self):
        if self.dir and os.path.isdir(self.dir):
            run(["bash", os.path.join(LAB, "stop.sh"), "--run", self.dir], check=False, env=self.env)
            shutil.rmtree(self.dir, ignore_errors=True)


def epoch_ms(iso):
    when = datetime.strptime(iso, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return when.timestamp() * 1000


class Watch:
    """callhud watch --json: every line with the time at which it arrived."""

    def __init__(self, lab, *args, profile="lab", binary=None):
        self.lines = []   # (arrival in epoch ms, object)
        self.latest = {}  # extension -> object
        self.queue = queue.Queue()
        self.bad = []
        self.process = subprocess.Popen(
            [binary or CALLHUD, "--config", lab.config, "--profile", profile, "watch", "--json",
             *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=lab.callhud_env())
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        atexit.register(self.stop)

    def _read(self):
        for raw in self.process.stdout:
            now = time.time() * 1000
            try:
                line = json.loads(raw.decode("utf-8"))
            except ValueError as e:
                self.bad.append((raw[:200], str(e)))
                continue
            self.lines.append((now, line))
            self.latest[line["extension"]] = line
            self.queue.put((now, line))

    def wait(self, extension, test, timeout=5.0):
        """Waits until the latest line of extension passes; returns (arrival, line) or None."""
        end = time.time() + timeout
        while True:
            line = self.latest.get(extension)
            if line is not None and test(line):
                for arrival, one in reversed(self.lines):
                    if one is line:
                        return arrival, line
            if time.time() > end:
                return None
            time.sleep(0.005)

    def wait_ready(self, users, timeout=15.0):
        end = time.time() + timeout
        while time.time() < end:
            if len(self.latest) >= users and all(not l["stale"] for l in self.latest.values()):
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.02)
        return False

    def lamps(self):
        return {e: l["lamp"] for e, l in self.latest.items()}

    def since(self, index):
        return self.lines[index:]

    def stop(self, signal_number=15):
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        return self.process.returncode


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))] if values else None
