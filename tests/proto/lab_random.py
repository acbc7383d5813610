"""Random phone actions on a real Asterisk (calls, holds, transfers, conferences, parking, pick-up, DND,
registration); after each burst the lamps that `watch` followed live equal a fresh status, and both equal
what the PBX itself says. CALLHUD_SEED repeats a run; it is printed. At most 60 s of actions."""
import json
import os
import random
import subprocess
import time
import urllib.parse

from labenv import LAB, Lab, Tap, Watch, run

ACTION_SECONDS = 60
BURST = 8        # actions between two comparisons
# A transfer that waits for digits holds the call for some seconds without the phone knowing.
SETTLE_SECONDS = 20

tap = Tap()
seed = int(os.environ.get("CALLHUD_SEED", random.SystemRandom().randrange(1, 1000000)))
tap.note(f"CALLHUD_SEED={seed}")
dice = random.Random(seed)
lab = Lab(agents=6)
tap.note(lab.info["version"])
agents = [a["ext"] for a in lab.info["agents"]]


def ami(*lines):
    return run(["bash", os.path.join(LAB, "lab.sh"), "--run", lab.dir, "ami", *lines], env=lab.env).stdout


# ---- what the PBX says --------------------------------------------------------------------------

def parkers():
    """Extensions that parked a call which still waits, by AMI's ParkedCalls."""
    found = set()
    for block in ami("Action: ParkedCalls").split("\n\n"):
        fields = dict(l.split(": ", 1) for l in block.splitlines() if ": " in l)
        dial = fields.get("ParkerDialString", "")
        if fields.get("Event") == "ParkedCall" and dial.startswith("PJSIP/"):
            found.add(dial[len("PJSIP/"):])
    return found


def is_held(channel, mates):
    """Held by its phone, and somebody is there to be held."""
    status, value = lab.ari("GET", f"/channels/{channel['id']}/variable?variable=" +
                            urllib.parse.quote("CHANNEL(rtp,hold)"))
    return status == 200 and value["value"] == "1" and mates != 1


def truth():
    channels = lab.ari("GET", "/channels")[1]
    bridges = [b for b in lab.ari("GET", "/bridges")[1] if b["bridge_class"] == "basic"]
    mates = {i: len(b["channels"]) for b in bridges for i in b["channels"]}
    online = {e["resource"]: e["state"] for e in lab.ari("GET", "/endpoints/PJSIP")[1]}
    parked = parkers()
    lamps = {}
    for agent in agents:
        own = [c for c in channels if c["name"].rsplit("-", 1)[0] == f"PJSIP/{agent}"]
        dnd = lab.ari("GET", f"/deviceStates/Custom%3ADND{agent}")[1]["state"]
        lamps[agent] = (
            "ringing" if any(c["state"] == "Ringing" for c in own) else
            "hold" if any(c["state"] == "Up" and is_held(c, mates.get(c["id"])) for c in own) else
            "parked" if agent in parked else
            "on_call" if any(c["state"] in ("Up", "Ring") for c in own) else
            "offline" if online[agent] != "online" else
            "dnd" if dnd == "BUSY" else "available")
    return lamps


# ---- what people do -----------------------------------------------------------------------------

def legs(agent):
    return [l.split("\t") for l in lab.scenario("legs", agent, check=False).splitlines()]


def park(agent):
    channels = {c["id"]: c for c in lab.ari("GET", "/channels")[1]}
    for bridge in lab.ari("GET", "/bridges")[1]:
        pair = [channels[i] for i in bridge["channels"] if i in channels]
        mine = [c for c in pair if c["name"].startswith(f"PJSIP/{agent}-")]
        other = [c for c in pair if c not in mine]
        if bridge["bridge_class"] == "basic" and mine and len(other) == 1:
            ami("Action: Park", f"Channel: {other[0]['name']}", f"TimeoutChannel: {mine[0]['name']}",
                f"Timeout: {dice.choice((3000, 60000))}", "Parkinglot: default")
            return


def act():
    agent, other = dice.sample(agents, 2)
    states = [l[2] for l in legs(agent)]
    if "Ring" in states:
        what = dice.choice(["answer", "answer", "answer", "reject", "group-pickup"])
    elif "Up" in states:
        what = dice.choice(["hold", "unhold", "hangup", "blind", "attended", "park", "park", "second",
                            "record"])
    else:
        what = dice.choice(["call", "call", "call", "dial", "conference", "queue", "unpark", "dnd on",
                            "dnd off", "unregister", "register", "spy", "self"])
    tap.note(f"{agent} {what} {other}")
    plain = {"answer", "reject", "hold", "unhold", "hangup", "unregister", "register"}
    if what in plain:
        lab.scenario(what, agent, check=False)
    elif what == "group-pickup":
        lab.scenario("dial", other, "*8", check=False)
    elif what in ("blind", "attended"):
        lab.scenario("dtmf", agent, ("#1" if what == "blind" else "*2") + other, check=False)
        time.sleep(3.2)  # the feature waits for more digits
    elif what == "park":
        park(agent)
    elif what in ("second", "call"):
        lab.scenario("call", 5551000 + dice.randrange(900), "Caller", agent, check=False)
    elif what == "record":
        names = [c["name"] for c in lab.ari("GET", "/channels")[1]
                 if c["name"].startswith(f"PJSIP/{agent}-")]
        if names:
            ami("Action: MixMonitor", f"Channel: {names[0]}", "File: random.wav")
    elif what.startswith("dnd"):
        lab.scenario("dnd", agent, what.split()[1], check=False)
    else:
        number = {"dial": other, "self": agent, "conference": "800", "queue": "600", "spy": "*221" + other,
                  "unpark": str(701 + dice.randrange(3))}[what]
        lab.scenario("dial", agent, number, check=False)


# ---- the comparison -----------------------------------------------------------------------------

def calls(user):
    return sorted((c["id"], c["state"], c["direction"], c["number"], c["name"], c["recorded"],
                   sorted(s["extension"] or "" for s in c["supervised_by"])) for c in user["calls"])


def compare(watch, name):
    """Things go on by themselves (parking times out, features wait for digits): so it must agree once
    within some seconds, all three at the same look."""
    end = time.time() + SETTLE_SECONDS
    while True:
        before = truth()
        fresh = lab.status()
        live = dict(watch.latest)
        after = truth()
        seen = {e: l["lamp"] for e, l in live.items()}
        told = {e: u["lamp"] for e, u in fresh.items()}
        is_still = before == after
        is_same = is_still and seen == before and told == before and all(
            calls(live[e]) == calls(fresh[e]) for e in agents)
        if is_same or time.time() > end:
            break
        time.sleep(0.3)
    wrong = {e: {"pbx": before[e], "status": told[e], "watch": seen.get(e), "status calls": calls(fresh[e]),
                 "watch calls": calls(live[e])}
             for e in agents
             if not (before[e] == told[e] == seen.get(e)) or calls(live[e]) != calls(fresh[e])}
    tap.ok(is_same, name, "\n".join(f"{e}: {json.dumps(w)}" for e, w in wrong.items()))
    return is_same


watch = Watch(lab)
tap.ok(watch.wait_ready(len(agents)), "watch is ready")
end = time.time() + ACTION_SECONDS
rounds = 0
while time.time() < end:
    for _ in range(BURST):
        if time.time() < end:
            try:
                act()
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                tap.note(str(e)[:200])
    rounds += 1
    compare(watch, f"after burst {rounds} all three agree")
lab.scenario("clear", check=False)
compare(watch, "after everybody has hung up all three agree")
tap.ok(not any(l["stale"] for l in watch.latest.values()), "nothing is stale at the end")
tap.ok(not watch.bad, "every line is valid JSON", watch.bad)
tap.ok(watch.stop() == 143, "SIGTERM ends watch with 143")
tap.end()
