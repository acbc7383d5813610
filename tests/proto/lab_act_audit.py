"""The record (issue: acting on calls, Shows 6): 200 kill -9 during supervision lose no record that was
confirmed on screen, and each time `callhud audit verify` finds the chain whole; one flipped byte
anywhere is found. The seed is printed; CALLHUD_SEED repeats it."""
import json
import os
import random
import shutil
import subprocess
import threading
import time

from actenv import IS_LONG, Act, ActLab, LockedTap, together, until
from labenv import CALLHUD

KILLS = 1000 if IS_LONG else 200
FLIPS = 2000 if IS_LONG else 80
LANES = 8

tap = LockedTap()
seed = int(os.environ.get("CALLHUD_SEED", random.SystemRandom().randrange(1, 1000000)))
tap.note(f"CALLHUD_SEED={seed}")
lab = ActLab(agents=4, supervisors=LANES)
phones = lab.phones
tap.note(lab.info["version"])
before_all = lab.picture()
callers = [lab.talk(agent, f"55510{agent}") for agent in lab.agents]
calls = {agent: lab.leg_of(agent) for agent in lab.agents}
base = lab.picture()
count = {"kills": 0, "confirmed": 0}
lock = threading.Lock()


def records_of(profile, start):
    records, end = lab.audit(start)
    return [r for r in records if r.get("profile") == profile], end


def kills(lane):
    supervisor, agent = lab.supervisors[lane], lab.agents[lane % len(lab.agents)]
    dice = random.Random(seed * 100 + lane)
    profile = "s" + supervisor

    def one(n):
        _, start = lab.audit()
        first = dice.choice(["listen", "whisper", "barge"])
        act = Act(lab, profile, first, agent, "--reason", f"kill {lane} {n}")
        if act.confirmed(first, 10) is None:
            tap.ok(False, f"lane {lane}, kill {n}: {first} is confirmed", act.told())
            act.kill()
            return
        if dice.random() < 0.5:
            word = dice.choice([w for w in ("listen", "whisper", "barge") if w != first])
            act.word(word)
            if dice.random() < 0.5:
                act.confirmed(word, 5)
            else:
                time.sleep(dice.random() * 0.05)
        act.kill()
        for t in act.readers:
            t.join(2)
        printed = [(l["extension"], l["call"], l["mode"]) for l in act.lines if l.get("confirmed")]
        records, _ = records_of(profile, start)
        kept = [(r["extension"], r["call"], r["mode"]) for r in records if r["record"] == "confirmed"]
        lost = [p for p in printed if printed.count(p) > kept.count(p)]
        begins = [r for r in records if r["record"] == "begin"]
        reasons = {r.get("reason") for r in begins}
        with lock:
            count["kills"] += 1
            count["confirmed"] += len(printed)
        if lost or not printed or not begins or f"kill {lane} {n}" not in reasons:
            tap.ok(False, f"lane {lane}, kill {n}: what was printed is in the record",
                   f"printed {printed}, lost {lost}\n" + "\n".join(map(json.dumps, records)))
        done = lab.command("audit", "verify", profile=profile)
        if done.returncode != 0:
            tap.ok(False, f"lane {lane}, kill {n}: audit verify finds nothing", done.stdout + done.stderr)

    def work():
        for n in range(KILLS // LANES):
            try:
                one(n)
            except Exception as e:  # noqa: B902
                tap.ok(False, f"lane {lane}, kill {n}: it could be played", repr(e))
                return
    return work


for e in lab.supervisors:
    phones.mode(e, "answer")
began = time.monotonic()
together([kills(lane) for lane in range(LANES)])
tap.note(f"{count['kills']} kills, {count['confirmed']} confirmed modes in {time.monotonic() - began:.1f} s")
tap.ok(count["kills"] == KILLS, f"{KILLS} were killed during supervision", count)
records, _ = lab.audit()
tap.ok(sum(r["record"] == "confirmed" for r in records) >= count["confirmed"] > 0,
       "every confirmed mode has its record", len(records))
tap.ok([r["sequence"] for r in records] == list(range(1, len(records) + 1)),
       "the records are numbered without a gap", [r["sequence"] for r in records][:20])
for e in lab.supervisors:
    lab.command("status", profile="s" + e)
tap.ok(until(lambda: not lab.difference(base), 5),
       "after a start on each profile nothing of the killed ones is left", lab.difference(base))
tap.ok(not lab.ledgers(), "nor a list of things made", lab.ledgers())

# ---- one supervision, told in full ----------------------------------------------------------------
profile = "s" + lab.supervisors[0]
_, start = lab.audit()
act = Act(lab, profile, "listen", lab.agents[0], "--reason", "training, \"first\" week")
act.confirmed("listen")
act.word("whisper")
act.confirmed("whisper")
act.word("stop")
act.wait()
told, _ = lab.audit(start)
kinds = [(r["record"], r["action"], r["mode"]) for r in told]
tap.note(" ".join(f"{r['record']}/{r['action']}/{r['mode']}" for r in told))
tap.ok(kinds[0][:2] == ("begin", "listen"), "a supervision begins with begin", kinds)
tap.ok(("confirmed", "listen", "listen") in kinds, "listen is confirmed", kinds)
tap.ok(any(k[0] == "switch" for k in kinds), "a switch is recorded", kinds)
tap.ok(any(k[0] == "confirmed" and k[2] == "whisper" for k in kinds), "and its confirmation", kinds)
tap.ok(kinds[-1][0] == "end" and told[-1]["result"], "the end is recorded with its cause", told[-1])
tap.ok(all(r["extension"] == lab.agents[0] and r["call"] == calls[lab.agents[0]] and
           r["profile"] == profile for r in told), "who, whom and which call are in each", told)
tap.ok(told[0]["reason"] == "training, \"first\" week", "the reason is kept", told[0])
if told[-1].get("begin") is not None:
    tap.ok(all(r["begin"] in (told[0]["sequence"],) + tuple(
        q["sequence"] for q in told if q["record"] == "switch") for r in told[1:]),
        "each belongs to its begin", told)

# ---- show, and the other actions -------------------------------------------------------------------
_, start = lab.audit()
done = lab.command("dnd", lab.agents[1], "on", profile=profile)
tap.ok(done.returncode == 0, "dnd on: exit 0", done.stderr)
tap.ok(lab.status(profile=profile)[lab.agents[1]]["dnd"] is True, "dnd on: it is")
done = lab.command("dnd", lab.agents[1], "off", profile=profile)
tap.ok(done.returncode == 0, "dnd off: exit 0", done.stderr)
done = lab.command("record", lab.agents[1], "on", profile=profile)
tap.ok(done.returncode == 0, "record on: exit 0", done.stderr)
user = lab.status(profile=profile)[lab.agents[1]]
tap.ok(user["calls"] and user["calls"][0]["recorded"] is True, "record on: another callhud sees it", user)
done = lab.command("record", lab.agents[1], "off", profile="s" + lab.supervisors[1])
tap.ok(done.returncode == 0, "record off by another callhud: exit 0", done.stderr)
user = lab.status(profile=profile)[lab.agents[1]]
tap.ok(user["calls"] and not user["calls"][0]["recorded"], "record off: it is off", user)
done = lab.command("hangup", lab.agents[1], profile=profile)
tap.ok(done.returncode == 0, "hangup: exit 0", done.stderr)
tap.ok(until(lambda: not lab.leg_of(lab.agents[1])), "hangup: the call is over", lab.channels())
told, _ = lab.audit(start)
for action in ("dnd", "record", "hangup"):
    tap.ok({"begin", "confirmed"} <= {r["record"] for r in told if r["action"] == action},
           f"{action} is recorded: begin and confirmed", [r for r in told if r["action"] == action])
done = lab.command("audit", "show", profile=profile)
tap.ok(done.returncode == 0 and "hangup" in done.stdout and "training" in done.stdout,
       "audit show tells it", done.stdout[-2000:] + done.stderr)

# ---- audit = required fails closed -----------------------------------------------------------------
needs = lab.write_config(path=os.path.join(lab.home, "required.ini"),
                         profiles=[("r", lab.supervisors[0])], profile_lines="audit = required")
shut = os.path.join(lab.dir, "shut")
shutil.copytree(os.path.join(lab.home, "state"), os.path.join(shut, "state"))
env = lab.callhud_env(XDG_STATE_HOME=os.path.join(shut, "state"))
record = os.path.join(shut, "state", "callhud", "audit.jsonl")
os.unlink(record)
os.mkdir(record)
before = lab.picture()
act = Act(lab, "r", "listen", lab.agents[0], config=needs, env=env)
code = act.wait(8)
tap.ok(code not in (None, 0) and "audit" in act.error(),
       "audit = required: what cannot be recorded is not started, and why", act.told())
tap.ok(not act.modes() and not lab.leg_of(lab.supervisors[0]), "no phone rang for it", act.told())
act.kill()
os.rmdir(record)
act = Act(lab, "r", "listen", lab.agents[0], config=needs, env=env)
tap.ok(act.confirmed("listen") is not None, "audit = required: recorded, it is done", act.told())
act.word("stop")
tap.ok(act.wait() == 0, "and stops", act.told())

# ---- one flipped byte ------------------------------------------------------------------------------
flips = os.path.join(lab.dir, "flips")
os.makedirs(os.path.join(flips, "callhud"), mode=0o700)
path = os.path.join(flips, "callhud", "audit.jsonl")
with open(os.path.join(lab.state(), "audit.jsonl"), "rb") as f:
    lines = f.readlines()
whole = b"".join(lines[:12])
env = lab.callhud_env(XDG_STATE_HOME=flips)


def verify(data):
    with open(path, "wb") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(data)
    return subprocess.run([CALLHUD, "--config", lab.config, "--profile", profile, "audit", "verify"],
                          env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)


tap.ok(verify(whole).returncode == 0, "the beginning of the record verifies", len(whole))
dice = random.Random(seed)
missed = []
for i in sorted(dice.sample(range(len(whole)), min(FLIPS, len(whole)))):
    changed = bytearray(whole)
    changed[i] ^= 1 << dice.randrange(8)
    if verify(bytes(changed)).returncode != 1:
        missed.append((i, chr(whole[i]), chr(changed[i])))
tap.ok(not missed, f"a flipped bit at {FLIPS} places is found, exit 1", missed)
for name, some in (("a removed record", lines[:3] + lines[4:12]),
                   ("two records exchanged", lines[:3] + [lines[4], lines[3]] + lines[5:12]),
                   ("a record said twice", lines[:4] + lines[3:12]),
                   ("a first record removed", lines[1:12])):
    done = verify(b"".join(some))
    tap.ok(done.returncode == 1, f"{name} is found", done.stdout)
done = verify(b"".join(lines[:8]))
head = json.loads(lines[11])["hash"]
done = subprocess.run([CALLHUD, "--config", lab.config, "--profile", profile, "audit", "verify", "--since",
                       head], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
tap.ok(done.returncode == 1, "a cut tail is found by --since HASH", done.stdout)

for leg in callers:
    phones.drop(leg)
for e in lab.supervisors:
    phones.mode(e, "ring")
tap.ok(until(lambda: not lab.difference(before_all)), "channels and bridges are as before",
       lab.difference(before_all))
tap.end()
