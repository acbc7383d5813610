"""Opening and closing on a busy floor: the server neither freezes nor keeps what was subscribed (a
subscription of all device states, at the moment one changes, can freeze ARI for good)."""
import http.client
import base64
import os
import signal
import subprocess
import threading
import time

from labenv import CALLHUD, Lab, Tap, Watch

AGENTS = 6
RUNS = 300

tap = Tap()


def check(is_good, name, detail=""):
    tap.ok(is_good, name, "" if is_good else detail)


lab = Lab(agents=AGENTS)
tap.note(lab.info["version"])
ari = lab.info["ari"]
token = base64.b64encode(f"{ari['user']}:{ari['password']}".encode()).decode()
is_over = threading.Event()
flips = 0


def flip():
    """Device states that change every few milliseconds, other ones and those of DND."""
    global flips
    server = http.client.HTTPConnection("127.0.0.1", ari["port"], timeout=5)
    while not is_over.is_set():
        flips += 1
        state = "INUSE" if flips // 3 % 2 else "NOT_INUSE"
        try:
            if flips % 10:
                server.request("PUT", f"/ari/deviceStates/Stasis%3Ax{flips % 3}?deviceState={state}",
                               headers={"Authorization": "Basic " + token})
            else:
                server.request("POST", f"/ari/asterisk/variable?variable=DEVICE_STATE(Custom:DND101)"
                               f"&value={state}", headers={"Authorization": "Basic " + token})
            server.getresponse().read()
        except OSError:
            return  # frozen: the tests below say so
        time.sleep(0.003)


def warned():
    """Lines in the server's log about applications that nobody has."""
    with open(os.path.join(lab.dir, "pbx", "log", "full"), errors="replace") as log:
        return [line for line in log if "not registered" in line or "nactive Stasis" in line]


def dnd_flips():
    for is_on in ("on", "off"):
        lab.scenario("dnd", "101", is_on)
    time.sleep(0.2)


def gone(within=3.0):
    """No application is there any more, soon after its socket has ended."""
    end = time.time() + within
    while lab.ari("GET", "/applications") != (200, []) and time.time() < end:
        time.sleep(0.02)
    return lab.ari("GET", "/applications") == (200, [])


def ledger():
    folder = os.path.join(lab.home, "state", "callhud")
    lines = []
    for name in os.listdir(folder):
        if name.startswith("made-"):
            with open(os.path.join(folder, name)) as f:
                lines += [l.strip() for l in f if l.startswith("+applications/")]
    return lines


# ---- many short commands ---------------------------------------------------------------------------

failed = []


def runs():
    for _ in range(RUNS // 2):
        if failed:
            return
        try:
            done = subprocess.run([CALLHUD, "--config", lab.config, "--profile", "lab", "status"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20,
                                  env=lab.callhud_env())
        except subprocess.TimeoutExpired:
            failed.append("no answer")
            return
        if done.returncode or done.stdout.count(b"\n") < AGENTS:
            failed.append(done)


flipper = threading.Thread(target=flip, daemon=True)
flipper.start()
begin = time.time()
pair = [threading.Thread(target=runs, daemon=True) for _ in range(2)]
for one in pair:
    one.start()
for one in pair:
    one.join()
took = time.time() - begin
check(not failed, f"{RUNS} times status, two at a time, {flips} changes of device states meanwhile",
      failed[:1])
tap.note(f"{took:.1f} s")

# ---- watches: hear, leave, are killed ---------------------------------------------------------------

watch = Watch(lab)
check(watch.wait_ready(AGENTS), "watch starts while device states change")
with open(f"/proc/{watch.process.pid}/maps", encoding="utf-8") as f:
    check("libcurl" not in f.read(), "all over the websocket: what HTTP needs is not even loaded", watch.process.pid)
is_over.set()
flipper.join()
lab.scenario("dnd", "102", "on")
check(watch.wait("102", lambda l: l["dnd"]), "its DND lamps are live", watch.latest.get("102"))
lab.scenario("dnd", "102", "off")
apps = lab.ari("GET", "/applications")[1]
devices = apps[0]["device_names"] if len(apps) == 1 else []
check(sorted(devices) == [f"Custom:DND{101 + n}" for n in range(AGENTS)] + [f"Stasis:blf-{100 + AGENTS}"],
      "it hears its users' DND devices, news of its list, and no other ones", apps)
check(len(ledger()) == 1, "and has written that down", ledger())
watch.process.terminate()
watch.process.wait(10)
check(gone() and ledger() == [], "what ends leaves nothing", (lab.ari("GET", "/applications"), ledger()))
dnd_flips()
check(warned() == [], "and the server misses nobody", warned()[-3:])

watch = Watch(lab)
check(watch.wait_ready(AGENTS), "another watch")
os.kill(watch.process.pid, signal.SIGKILL)
watch.process.wait(10)
check(gone() and len(ledger()) == 1, "killed: its note stays")
dnd_flips()
before = len(warned())
check(before > 0, "and so does its subscription, at the server")
check(lab.callhud("status").returncode == 0 and ledger() == [], "the next start cleans up", ledger())
dnd_flips()
check(gone() and len(warned()) == before, "and the server misses nobody any more", warned()[before:])

# ---- a lost connection, under the same name ---------------------------------------------------------

watch = Watch(lab)
check(watch.wait_ready(AGENTS), "a watch for a server that goes away")
name = ledger()
lab.scenario("pbx", "stop")
lab.scenario("pbx", "start", timeout=60)
check(watch.wait_ready(AGENTS, 20), "it comes back", watch.latest)
lab.scenario("dnd", "103", "on")
check(watch.wait("103", lambda l: l["dnd"]), "and hears DND again")
lab.scenario("dnd", "103", "off")
apps = lab.ari("GET", "/applications")[1]
check([f"+applications/{a['name']}" for a in apps] == name == ledger(), "under the same name",
      (apps, name, ledger()))
watch.process.terminate()
watch.process.wait(10)
dnd_flips()
check(gone() and ledger() == [] and warned()[before:] == [], "and leaves nothing",
      (ledger(), warned()[before:][-3:]))

# ---- a user who may only read -------------------------------------------------------------------------

watch = Watch(lab, profile="readonly")
check(watch.wait_ready(AGENTS), "a user who may only read is shown everything")
lab.scenario("dnd", "104", "on")
check(watch.wait("104", lambda l: l["dnd"]), "and hears DND")
watch.process.terminate()
watch.process.wait(10)
check(gone() and ledger() == [], "and leaves nothing")
tap.end()
