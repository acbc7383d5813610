"""A floor of 2,000 on the built-in exchange, five new calls a second, and faults of every kind at random
(the exchange's own: nothing is mocked). `watch --json` follows it; what it prints as fresh is compared
with what is true all the time, and what it holds at the end, as well as a new `status`, with
GET /exchange/state. CALLHUD_SEED repeats a run's faults, CALLHUD_STORM_SECONDS sets its length (60),
CALLHUD_USERS how many there are."""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from exenv import control, start_exchange, tap  # noqa: E402
from labenv import CALLHUD, percentile  # noqa: E402

SECONDS = int(os.environ.get("CALLHUD_STORM_SECONDS", 60))
USERS = int(os.environ.get("CALLHUD_USERS", 2000))
RATE = os.environ.get("CALLHUD_RATE", "5")
SEED = int(os.environ.get("CALLHUD_SEED", random.SystemRandom().randrange(1, 1000000)))
# A link is lost 30 s after the last sign of life at the latest; the look at the truth is this much apart.
WRONG_MAX_S = 30
LOOK_S = 0.5
SOON_S = 3
# A penalty lasts a minute: a run that is to be over in little more has its one penalty at the beginning (for
# a reading, which a broken frame brings about) and at its end a calm. Limits differ from application to
# application: there it may sign in, and read the account, more often than in the long run.
IS_SHORT = SECONDS < 300
FIRST = ["malformed-frame", "http-429"] if IS_SHORT else []  # backwards
CALM_S = 15 if IS_SHORT else 0
SETTLE_S = 120 if IS_SHORT else 300
FAULTS = {  # kind: what is ordered
    "drop-socket": lambda d: {},
    "refuse": lambda d: {"count": d.randrange(1, 3)},
    "stall": lambda d: {"ms": d.randrange(500, 6000)},
    "slow": lambda d: {"count": d.randrange(1, 4), "ms": d.randrange(300, 3000)},
    "http-429": lambda d: {"count": 1},
    "http-500": lambda d: {"count": d.randrange(1, 3)},
    "expire-token": lambda d: {},
    "lapse-subscription": lambda d: {},
    "malformed-frame": lambda d: {"count": 1},
    "skip-events": lambda d: {"count": d.randrange(1, 4)},
    "duplicate-events": lambda d: {"count": d.randrange(1, 6)},
    "reorder-events": lambda d: {"count": d.randrange(2, 6), "ms": 400},
}

dice = random.Random(SEED)
tap.note(f"CALLHUD_SEED={SEED}")
folder = tempfile.mkdtemp(prefix="callhud-storm-", dir="/tmp")


def write_config():
    path = os.path.join(folder, "config.ini")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"[profile storm]\nbackend = ringcentral\nserver = http://127.0.0.1:{port['port']}\n"
                f"client_id = {port['client_id']}\nmonitor = all\n")
    return path, dict(os.environ, CALLHUD_STORM_CLIENT_SECRET=port["client_secret"],
                      CALLHUD_STORM_JWT=port["jwt"], XDG_STATE_HOME=os.path.join(folder, "state"),
                      XDG_CACHE_HOME=os.path.join(folder, "cache"), LC_ALL="C.UTF-8", TZ="UTC")


def lamp(user):
    """The table of lamps, for one who shares all."""
    states = {c["state"] for c in user["calls"]}
    return ("ringing" if "ringing" in states else "hold" if "held" in states else
            "parked" if "parked" in states else
            "on_call" if states & {"connected", "dialling"} else
            "offline" if user["presence"] == "offline" else "dnd" if user["dnd"] else
            "away" if user["userStatus"] != "Available" else "available")


def calls(user):
    return sorted((c["state"], c["direction"]) for c in user["calls"] or [])


class Follower:
    """What `watch` has printed last of each user."""

    def __init__(self, config, env):
        self.lines = 0
        self.users = {}
        self.lock = threading.Lock()
        self.log = os.path.join(folder, "log")
        self.process = subprocess.Popen([CALLHUD, "watch", "--json", "--config", config, "--log", self.log],
                                        env=env, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            user = json.loads(line)
            with self.lock:
                self.lines += 1
                self.users[user["extension"]] = user

    def fresh(self):
        with self.lock:
            return {e: u["lamp"] for e, u in self.users.items() if not u["stale"]}


class Judge:
    """Since when a lamp that is shown as fresh has been wrong."""

    def __init__(self):
        self.wrong = {}
        self.longest = 0.0
        self.worst = ""
        self.lasted = []

    def oldest(self):
        """For how long the one has been wrong that is so longest."""
        return max((time.monotonic() - began for began, _ in self.wrong.values()), default=0)

    def look(self, follower, truth):
        now, fresh = time.monotonic(), follower.fresh()
        for extension, true in truth.items():
            if fresh.get(extension, true) == true:
                began = self.wrong.pop(extension, None)
                if began is not None:
                    self.lasted.append(now - began[0])
                continue
            began = self.wrong.setdefault(extension, (now, fresh[extension]))
            if began[1] != fresh[extension]:  # another lamp: it was so when it was read (polling: every 15 s)
                self.lasted.append(now - began[0])
                began = self.wrong[extension] = (now, fresh[extension])
            if now - began[0] > self.longest:
                self.longest = now - began[0]
                self.worst = f"{time.strftime('%H:%M:%S', time.gmtime())} {extension}: shown {fresh[extension]}, is {true}"


def truth_now():
    return {u["extension"]: lamp(u) for u in control(port, "GET", "/state")["users"]
            if u["extension"] != port["supervisor"]}


def settled(config, env):
    """Users whose calls were the same before and after a new `status`, which must show them."""
    before = {u["extension"]: u for u in control(port, "GET", "/state")["users"]}
    try:
        told = subprocess.run([CALLHUD, "status", "--json", "--config", config, "--log-level", "debug",
                               "--log", os.path.join(folder, "log-status")], env=env, timeout=60,
                              stdout=subprocess.PIPE, check=False)
    except subprocess.TimeoutExpired:
        return None, "no answer in 60 s"
    after = {u["extension"]: u for u in control(port, "GET", "/state")["users"]}
    if told.returncode != 0:
        return None, told.returncode
    status = {u["extension"]: u for u in json.loads(told.stdout)}
    wrong, same = [], 0
    for extension, user in before.items():
        if extension == port["supervisor"] or calls(user) != calls(after[extension]):
            continue
        got = status.get(extension)
        same += 1
        if not got or got["stale"] or got["lamp"] != lamp(user) or calls(got) != calls(user):
            wrong.append(f"{extension}: {got and (got['lamp'], got['stale'], calls(got))}, "
                         f"is {lamp(user), calls(user)}")
    return wrong, same


exchange, port = start_exchange(os.path.join(folder, "port.json"), "--users", USERS, "--rate", RATE, "--seed", SEED)
try:
    config, env = write_config()
    if IS_SHORT:
        control(port, "PATCH", "/limits", {"auth": 20, "heavy": 30})
    follower = Follower(config, env)
    deadline = time.monotonic() + 20
    while len(follower.fresh()) <= USERS and time.monotonic() < deadline:
        time.sleep(0.05)
    tap.ok(len(follower.fresh()) == USERS + 1, f"{USERS} users and their supervisor are live",
           len(follower.fresh()))

    judge, ordered = Judge(), {}
    end = time.monotonic() + SECONDS
    kinds, said, looks = [], [], []
    next_fault = time.monotonic() + 1
    while time.monotonic() < end:
        judge.look(follower, truth_now())
        looks.append(len(follower.fresh()) > USERS / 2)
        if next_fault <= time.monotonic() < end - CALM_S:
            # every kind comes before any comes again
            if not kinds:
                left = [k for k in sorted(FAULTS) if k not in (FIRST if not ordered else FIRST[1:])]
                kinds = dice.sample(left, len(left)) + (FIRST if not ordered else [])
            kind = kinds.pop()
            order = {"kind": kind, **FAULTS[kind](dice)}
            control(port, "POST", "/faults", order)
            said.append(f"{time.strftime('%H:%M:%S', time.gmtime())} {order}")
            ordered[kind] = ordered.get(kind, 0) + 1
            next_fault = time.monotonic() + dice.uniform(1, 4.5 if IS_SHORT else 15)
            next_fault = 0 if IS_SHORT and kind == "http-429" else next_fault
        time.sleep(LOOK_S)
    tap.note(f"faults: {ordered}")
    tap.ok(len(ordered) == len(FAULTS), "every kind of fault was there", ordered)

    # Nothing new is ordered; what is still armed is used up. The link mends itself.
    end = time.monotonic() + SETTLE_S
    is_mended = False
    while not is_mended and time.monotonic() < end:
        truth = truth_now()
        judge.look(follower, truth)
        fresh = follower.fresh()
        wrong = {e: (fresh.get(e), t) for e, t in truth.items() if fresh.get(e) != t}
        # some change in the moment of looking: each of them is told soon
        is_mended = len(wrong) <= USERS / 200 and judge.oldest() < SOON_S and not any(
            fresh.get(e) is None for e in wrong)
        time.sleep(LOOK_S)
    tap.note(f"figure settled: {time.monotonic() - end + SETTLE_S:.0f} s after the storm")
    tap.ok(is_mended, "in the end what was followed is what is true", sorted(wrong.items())[:20])
    tap.ok(judge.longest <= WRONG_MAX_S, "no fresh lamp was wrong for longer than the link's rule allows",
           f"{judge.longest:.1f} s, {judge.worst}")
    tap.note(f"figure fresh: {100 * sum(looks) // len(looks)} % of the storm")
    if judge.lasted:
        tap.note(f"figure wrong lamps: {len(judge.lasted)}, of their times p50 "
                 f"{percentile(judge.lasted, 50):.1f} s, p99 {percentile(judge.lasted, 99):.1f} s, "
                 f"longest {judge.longest:.1f} s")
    for _ in range(5):  # between the two looks a call may come and go: many, when the service makes it wait
        wrong, same = settled(config, env)
        if wrong == [] and same > USERS * 0.9:
            break
        time.sleep(5)
    tap.ok(wrong == [] and same > USERS * 0.9, "a new status equals GET /exchange/state", (wrong, same))
    done = control(port, "GET", "/faults")
    tap.ok(done["requests_in_penalty"] == 0, "no request was made during a penalty", done)
    follower.process.terminate()
    tap.ok(follower.process.wait(10) == 143, "watch ends when it is told to", follower.process.returncode)
    with open(follower.log, encoding="utf-8") as opened:
        log = opened.read()
    stats = [line for line in log.splitlines() if "stats events=" in line]
    tap.note("\n# ".join(stats[-1:]))
    if tap.failed:
        tap.note("\n# ".join(said + log.splitlines()[-60:]))
        with open(os.path.join(folder, "log-status"), encoding="utf-8") as opened:
            tap.note("status:\n# " + "\n# ".join(opened.read().splitlines()[-60:]))
    exchange.terminate()
    tap.ok(exchange.wait(10) == 143, "the exchange is sound", exchange.returncode)
finally:
    exchange.kill()
    shutil.rmtree(folder, ignore_errors=True)
tap.end()
