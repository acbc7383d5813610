"""Random sequences of what people do with their phones and what two supervisors do with callhud, with
faults of the PBX between (issue: acting on calls, Shows 4): no caller is lost by callhud, no channel or
bridge is left, and the record is complete and verifies. The seed is printed; CALLHUD_SEED repeats it."""
import json
import os
import random
import signal
import socket
import threading
import time

from actenv import AGENT, CALLER, IS_LONG, Act, ActLab, LockedTap, together, until

LANES = 8  # each: an agent, a colleague, two supervisors
SETTLE_SECONDS = 4
# How many sequences, and what befalls the PBX meanwhile.
BATCHES = [(68, None), (84, "pause"), (48, "kill")]
if IS_LONG:
    BATCHES = [(300, None), (300, "pause")] + [(120, "kill")] * 6 + [(150, "long pause")] * 2

tap = LockedTap()
seed = int(os.environ.get("CALLHUD_SEED", random.SystemRandom().randrange(1, 1000000)))
tap.note(f"CALLHUD_SEED={seed}")
lab = ActLab(agents=2 * LANES, supervisors=2 * LANES, lines="ring_timeout = 6\n")
phones = lab.phones
tap.note(lab.info["version"])
before_all = lab.picture()
pbx_up = threading.Event()
pbx_up.set()
kills = 0  # of the PBX, so far
ended_badly = []


def blind_transfer(channel, to):
    ami = lab.info["ami"]
    with socket.create_connection((ami["host"], ami["port"]), 3) as s:
        s.sendall((f"Action: Login\r\nUsername: {ami['user']}\r\nSecret: {ami['password']}\r\n"
                   f"Events: off\r\n\r\nAction: BlindTransfer\r\nChannel: {channel}\r\n"
                   f"Context: internal\r\nExten: {to}\r\n\r\n").encode())
        s.settimeout(3)
        data = b""
        while data.count(b"\r\n\r\n") < 2:
            some = s.recv(4096)
            if not some:
                break
            data += some


class Lane:
    def __init__(self, n):
        self.n = n
        self.agent, self.colleague = lab.agents[n], lab.agents[LANES + n]
        self.supervisors = lab.supervisors[2 * n:2 * n + 2]
        self.calls = 0
        self.acts = {}       # supervisor -> a supervision that goes on
        self.callers = {}    # number -> the caller's leg
        self.bridged = set()  # numbers that have talked to somebody
        self.excused = set()  # numbers that a person may have let go
        self.recorded = False
        self.history = []
        self.sequences = 0
        self.epoch = 0  # kills of the PBX before this sequence

    # ---- what is true ----

    def say(self, what):
        self.history.append(f"{time.monotonic() - began:6.2f} {what}")

    def partners(self, number):
        leg = lab.carrier_leg(number)
        return lab.partners(leg) if leg else []

    def look(self):
        """Notes who talks; says who is lost."""
        for number in list(self.callers):
            if number not in self.bridged and self.partners(number):
                self.bridged.add(number)
        for number in self.bridged - self.excused:
            if not until(lambda: self.partners(number), SETTLE_SECONDS, 0.05):
                if self.epoch != kills or not pbx_up.is_set():
                    raise ConnectionError("the PBX was killed")
                tap.ok(False, f"lane {self.n}: caller {number} is not lost",
                       f"seed {seed}\n" + "\n".join(self.history[-25:]) +
                       f"\nchannels: {[c['name'] for c in lab.channels().values()]}")
                self.excused.add(number)

    def excuse(self):
        """A person lets go of calls: whoever talks may be the one."""
        self.excused |= set(self.callers)

    # ---- people ----

    def place(self, dice):
        self.calls += 1
        number = f"5{self.n:02d}{self.calls:04d}"
        if dice.random() < 0.3:
            self.say(f"dial {number}")
            phones.dial(self.agent, number)
            self.callers[number] = phones.answer(number, 2)
            self.speak(number)
            return
        self.say(f"call {number}")
        self.callers[number] = phones.call(number, "Acme Ltd", self.agent)
        phones.leg(self.agent, "Ring", 2)
        if dice.random() < 0.75:
            self.say("answer")
            phones.answer(self.agent, 2)
            until(lambda: self.partners(number), 1)
            self.speak(number)

    def speak(self, number):
        """Sound both ways, as telephones send it (see ActLab.talk)."""
        phones.tone(self.callers[number], CALLER)
        phones.tone(self.agent, AGENT)

    def person(self, dice):
        what = dice.choice(["hold", "hold", "hold", "unhold", "answer", "second", "transfer", "hangup",
                            "drop"])
        self.say(what)
        if what == "hold":
            phones.rest("POST", f"/channels/{phones.leg(self.agent, 'Up', 0.1)}/hold")
        elif what == "unhold":
            phones.rest("DELETE", f"/channels/{phones.leg(self.agent, 'Up', 0.1)}/hold")
        elif what == "answer":
            phones.answer(self.agent, 0.1)
        elif what == "second" and len(self.callers) < 3:
            self.place(dice)
        elif what == "transfer":
            channel = lab.leg_of(self.agent, "Up")
            if channel:
                self.excuse()
                blind_transfer(lab.channels()[channel]["name"], self.colleague)
        elif what == "hangup":
            self.excuse()
            phones.hangup(self.agent)
        elif what == "drop" and self.callers:
            number = dice.choice(sorted(self.callers))
            self.excused.add(number)
            phones.drop(self.callers[number])

    # ---- callhud ----

    def over(self, act, what):
        code = act.wait(15)
        self.say(f"{what}: exit {code} {act.error()[:120]}")
        # Killed by the signal it was sent, on its way out, is what a shell calls 130, 143.
        if code not in (0, 1, 3, 4, 130, 143, -signal.SIGINT, -signal.SIGTERM):
            with tap.lock:
                ended_badly.append(f"lane {self.n}: {what}: {act.told()}")
            act.kill()
        return code

    def supervise(self, dice):
        supervisor = dice.choice(self.supervisors)
        act = self.acts.get(supervisor)
        if act and act.process.poll() is not None:
            self.over(self.acts.pop(supervisor), f"{supervisor} ends by itself")
            act = None
        if act is None:
            mode = dice.choice(["listen", "whisper", "barge"])
            self.say(f"{supervisor} {mode}")
            self.acts[supervisor] = act = Act(lab, "s" + supervisor, mode, self.agent)
            if dice.random() < 0.7:
                got = act.confirmed(mode, 2)
                self.say(f"{supervisor} {mode}: {'confirmed' if got else act.told()}")
            return
        word = dice.choice(["listen", "whisper", "barge", "whisper", "barge", "takeover", "stop"])
        self.say(f"{supervisor} word {word}")
        act.word(word)
        if word in ("takeover", "stop"):
            self.over(self.acts.pop(supervisor), f"{supervisor} {word}")

    def command(self, dice):
        what = dice.choice(["pickup", "pickup", "pickup", "both", "takeover", "dnd", "record", "lift",
                            "interrupt", "hangup"])
        one, two = dice.sample(self.supervisors, 2)
        self.say(f"{what} by {one}")
        if what in ("pickup", "takeover"):
            self.over(Act(lab, "s" + one, what, self.agent), f"{one} {what}")
        elif what == "both":
            acts = [Act(lab, "s" + s, "pickup", self.agent) for s in (one, two)]
            codes = [self.over(act, "one of both") for act in acts]
            if codes.count(0) == 2 and len(self.callers) < 2:
                tap.ok(False, f"lane {self.n}: one line is picked up once",
                       f"seed {seed}\n" + "\n".join(self.history[-25:]))
        elif what in ("lift", "interrupt"):
            phones.mode(one, "ring")
            act = Act(lab, "s" + one, dice.choice(["pickup", "takeover", "barge"]), self.agent)
            try:
                phones.leg(one, "Ring", 0.5)
                time.sleep(dice.random() * 0.1)
                if dice.random() < 0.5:
                    self.person(dice)
                if what == "lift":
                    phones.answer(one, 0.2)
                    time.sleep(dice.random() * 0.2)
            except RuntimeError:
                pass
            if act.process.poll() is None and what == "interrupt" or "barge" in act.args:
                act.signal(signal.SIGINT)
            phones.mode(one, "answer")
            self.over(act, f"{one} {act.args[0]}, {what}")
        elif what == "dnd":
            self.over(Act(lab, "s" + one, "dnd", self.colleague_dnd, dice.choice(["on", "off"])), "dnd")
        elif what == "record":
            self.recorded = True
            self.over(Act(lab, "s" + one, "record", self.agent, dice.choice(["on", "on", "off"])),
                      "record")
        elif what == "hangup":
            self.excuse()
            self.over(Act(lab, "s" + one, "hangup", self.agent), "hangup")

    @property
    def colleague_dnd(self):
        return self.supervisors[1]  # whose calls come by originate and do not mind

    # ---- sequences ----

    def clear(self):
        """Everybody hangs up."""
        self.excuse()
        for leg in self.callers.values():
            phones.drop(leg)
        for ext in (self.agent, self.colleague, *self.supervisors):
            phones.hangup(ext)
        until(lambda: not any(lab.leg_of(e) for e in (self.agent, self.colleague, *self.supervisors)), 2)
        self.callers, self.bridged, self.excused = {}, set(), set()

    def stop(self):
        for supervisor, act in list(self.acts.items()):
            act.word("stop")
            if act.wait(10) is None:
                act.signal(signal.SIGTERM)
            self.over(act, f"{supervisor} stopped")
        self.acts = {}

    def sequence(self, number):
        dice = random.Random(f"{seed}/{self.n}/{number}")
        self.history.append(f"-- sequence {number}")
        alive = [n for n in self.callers if n not in self.excused and phones.is_there(self.callers[n])]
        if not alive or dice.random() < 0.4:
            self.clear()
            self.place(dice)
        self.look()
        for _ in range(dice.randrange(2, 5)):
            step = dice.choice([self.person, self.supervise, self.supervise, self.command])
            try:
                step(dice)
            except RuntimeError as e:
                self.say(str(e)[:100])
            self.look()
            time.sleep(dice.random() * 0.03)
        if dice.random() < 0.6:
            self.stop()
            self.look()

    def run(self, numbers):
        for number in numbers:
            self.epoch = kills
            try:
                self.sequence(number)
            except Exception as e:  # noqa: B902
                if self.epoch == kills and pbx_up.is_set() and not isinstance(e, RuntimeError):
                    tap.ok(False, f"lane {self.n}: sequence {number} could be played",
                           repr(e) + "\n" + "\n".join(self.history[-15:]))
                self.history.append(repr(e)[:100])
            if not pbx_up.wait(40):
                raise RuntimeError("the PBX did not come back")
            if self.epoch != kills:
                self.callers, self.bridged, self.excused = {}, set(), set()
                self.stop()
            self.sequences += 1


lanes = [Lane(n) for n in range(LANES)]


def fault(kind, stop):
    global kills
    dice = random.Random(f"{seed}/faults/{kind}")
    while kind in ("pause", "long pause") and not stop.wait(0.5 + dice.random()):
        lab.scenario("pbx", "pause")
        time.sleep(dice.random() * (8 if kind == "long pause" else 0.8))
        lab.scenario("pbx", "resume")
    if kind == "kill" and not stop.wait(1 + dice.random()):
        pbx_up.clear()
        kills += 1
        lab.scenario("pbx", "kill")
        lab.scenario("pbx", "start")
        for c in phones.rest.must("GET", "/channels"):
            phones.drop(c["id"])
        together([lambda e=e: lab.scenario("register", e, check=False)
                  for e in lab.agents + lab.supervisors])
        pbx_up.set()


def recordings(channels):
    """The snoops that record: they stay as long as their calls."""
    return {i for i, c in channels.items() if c["name"].startswith("Snoop/")}


def told(ids):
    """What they are, and what callhud's log says about them."""
    channels, bridges = lab.channels(), lab.bridges()
    lines = [f"{i}: {channels[i]['name'] if i in channels else bridges.get(i)}, in "
             f"{[b for b, m in bridges.items() if i in m]}, asked for alone: "
             f"{lab.pbx('GET', '/channels/' + i)[0]}" for i in ids]
    try:
        with open(os.path.join(lab.state(), "callhud.log")) as f:
            lines += [l.rstrip() for l in f if any(i[:16] in l for i in ids)][:20]
    except OSError:
        pass
    return "\n".join(lines)


for e in lab.supervisors:
    phones.mode(e, "answer")
for lane in lanes:
    phones.mode(lane.colleague, "answer")
began = time.monotonic()
first = 0
for count, kind in BATCHES:
    end = threading.Event()
    faults = threading.Thread(target=fault, args=(kind, end), daemon=True)
    faults.start()
    jobs = []
    for n, lane in enumerate(lanes):
        mine = range(first + count * n // LANES, first + count * (n + 1) // LANES)
        jobs.append(lambda lane=lane, mine=mine: lane.run(mine))
    together(jobs)
    first += count
    end.set()
    faults.join()
    together([lane.stop for lane in lanes])
    name = f"{count} sequences" + (f" with {kind}" if kind else "")
    if kind == "kill":
        for e in lab.supervisors:
            lab.command("status", profile="s" + e)

    def left():
        """What callhud made and nobody uses: not the snoops that record, not the phone of a supervisor
        who has the call now."""
        channels = lab.channels()
        is_recorded = any(lane.recorded for lane in lanes)
        return [i for i in lab.leftovers() if not (is_recorded and i in recordings(channels)) and
                not (i in channels and channels[i]["name"].startswith("PJSIP/") and lab.partners(i))]
    tap.ok(until(lambda: not left(), 4), f"{name}: no channel or bridge of callhud is left", told(left()))
    together([lane.clear for lane in lanes])
    tap.ok(until(lambda: not lab.difference(before_all), 4), f"{name}: with the calls all is gone",
           lab.difference(before_all))
played = sum(lane.sequences for lane in lanes)
tap.note(f"{played} sequences in {time.monotonic() - began:.1f} s")
tap.ok(played == sum(c for c, _ in BATCHES), f"{played} sequences were played")
tap.ok(not ended_badly, "every command ended in time, with an exit code of its own",
       "\n".join(ended_badly))
tap.ok(not lab.ledgers(), "no list of things made is left", lab.ledgers())

# ---- the record ----------------------------------------------------------------------------------
done = lab.command("audit", "verify", profile="s" + lab.supervisors[0])
tap.ok(done.returncode == 0, "audit verify finds nothing", done.stdout + done.stderr)
records, _ = lab.audit()
groups = {r["sequence"]: [] for r in records if r["record"] == "begin"}
orphans = [r for r in records if r["record"] != "begin" and r["begin"] not in groups]
for r in records:
    if r["record"] != "begin" and r["begin"] in groups:
        groups[r["begin"]].append(r)
by_number = {r["sequence"]: r for r in records}
open_ended = []
trace = os.environ.get("CALLHUD_TRACE")  # a file: everything that was done, with its times
if trace:
    with open(trace, "w") as f:
        for lane in lanes:
            f.write("\n".join(f"{lane.n} {line}" for line in lane.history) + "\n")
for number, group in groups.items():
    kinds = [r["record"] for r in group]
    if not {"confirmed", "failed", "end"} & set(kinds):
        open_ended.append((by_number[number], "nothing after its begin"))
    elif any(r["record"] == "confirmed" and r["mode"] in ("listen", "whisper", "barge")
             for r in group) and "end" not in kinds:
        open_ended.append((by_number[number], "confirmed, without an end"))
tally = {}
for r in records:
    tally[f"{r['action']}/{r['record']}"] = tally.get(f"{r['action']}/{r['record']}", 0) + 1
tap.note(" ".join(f"{k}:{v}" for k, v in sorted(tally.items())))
tap.ok(not orphans, "every record belongs to a begin", "\n".join(map(json.dumps, orphans[:5])))
tap.ok(not open_ended, "every begin is confirmed or failed, every confirmed mode has an end",
       "\n".join(f"{why}: {r['action']} by {r['profile']} at {r['time']} of {r['extension']}: " +
                 ", ".join(f"{q['record']} {q['mode'] or ''} {q['result'] or ''} {q['time'][11:]}"
                           for q in groups[r["sequence"]]) for r, why in open_ended[:8]))
confirmed = {r["action"] for r in records if r["record"] == "confirmed"}
tap.ok({"listen", "whisper", "barge", "pickup", "takeover", "hangup", "dnd", "record"} <= confirmed,
       "each kind of action was confirmed at least once", sorted(confirmed))
tap.end()
