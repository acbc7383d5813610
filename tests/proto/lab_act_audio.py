"""Who hears whom, by tones measured at each phone (issue: acting on calls, Shows 1): the caller says
500 Hz, the agent 900, the supervisor 1500, music on hold is 1209. Listen, whisper, barge, every live
switch, take over, and a picked-up line, for a call that came in, one that the agent dialled, and calls
that came through queues (members as phones, and behind Local channels)."""
import time

from actenv import (AGENT, CALLER, HEARD_DB, MUSIC, SUPERVISOR, UNHEARD_DB, Act, ActLab, LockedTap,
                    together, until)

# What each side is to hear of the others.
TABLE = {
    "listen": {"caller": {AGENT}, "agent": {CALLER}, "supervisor": {CALLER, AGENT}},
    "whisper": {"caller": {AGENT}, "agent": {CALLER, SUPERVISOR}, "supervisor": {CALLER, AGENT}},
    "barge": {"caller": {AGENT, SUPERVISOR}, "agent": {CALLER, SUPERVISOR},
              "supervisor": {CALLER, AGENT}},
    "alone": {"caller": {SUPERVISOR}, "supervisor": {CALLER}},
    "not": {"caller": {AGENT}, "agent": {CALLER}},
    "held": {"caller": {MUSIC}},
}
OWN = {"caller": CALLER, "agent": AGENT, "supervisor": SUPERVISOR}

tap = LockedTap()
lab = ActLab(agents=5, supervisors=4)
phones = lab.phones
tap.note(lab.info["version"])
before_all = lab.picture()


def hears(name, row, legs):
    """Measured: everybody of the row hears whom they are to hear, and nobody else."""
    levels = phones.hear({who: legs[who] for who in TABLE[row]})
    wrong = []
    for who, wanted in TABLE[row].items():
        for hz in {CALLER, AGENT, SUPERVISOR, MUSIC} - {OWN[who]}:
            level = levels[who][hz]
            if hz in wanted and level < HEARD_DB:
                wrong.append(f"{who} does not hear {hz}: {level}")
            if hz not in wanted and level > UNHEARD_DB:
                wrong.append(f"{who} hears {hz}: {level}")
    tap.ok(not wrong, name, "\n".join(wrong) + f"\n{levels}")


class Line:
    """One kind of call, one agent, one supervisor."""

    def __init__(self, kind, agent, supervisor, number, through=None):
        self.kind, self.agent, self.supervisor = kind, agent, supervisor
        self.number, self.through = number, through
        self.profile = "s" + supervisor
        self.n = 0

    def name(self, words):
        return f"{self.kind}: {words}"

    def place(self):
        """A new call to the agent; the caller's leg."""
        self.n += 1
        self.now = f"{self.number}{self.n}"
        return phones.call(self.now, "Acme Ltd", self.through or self.agent)

    def legs(self):
        return {"caller": self.caller, "agent": self.agent, "supervisor": self.supervisor}

    def talk(self):
        if self.kind == "dialled":
            self.n += 1
            self.now = f"{self.number}{self.n}"
            phones.dial(self.agent, self.now)
            self.caller = phones.answer(self.now)
        else:
            self.caller = self.place()
            phones.answer(self.agent)
        phones.tone(self.caller, CALLER)
        phones.tone(self.agent, AGENT)
        if not until(lambda: lab.partners(self.caller_channel())):
            raise RuntimeError(f"{self.kind}: no call")

    def caller_channel(self):
        return lab.carrier_leg(self.now) or ""

    def start(self, action):
        act = Act(lab, self.profile, action, self.agent)
        phones.answer(self.supervisor)
        phones.tone(self.supervisor, SUPERVISOR)
        return act

    def end(self):
        """Everybody hangs up."""
        phones.drop(self.caller)
        phones.hangup(self.agent)
        phones.hangup(self.supervisor)

    def mode(self, act, mode, how):
        line = act.confirmed(mode)
        if tap.ok(line is not None, self.name(f"{how} is confirmed"), act.told()):
            tap.ok(set(line) == {"v", "time", "extension", "call", "mode", "confirmed"} and
                   line["v"] == 1 and line["extension"] == self.agent and
                   line["call"] == lab.leg_of(self.agent),
                   self.name(f"{how}: the line names user, call and mode"), line)
        hears(self.name(f"{how}: who hears whom"), mode, self.legs())

    def supervise(self):
        self.talk()
        act = self.start("listen")
        self.mode(act, "listen", "listen")
        for word in ("whisper", "barge", "listen", "barge", "whisper", "listen"):
            act.word(word)
            if word in act.modes()[:-1] and self.kind not in ("incoming",):
                tap.ok(act.confirmed(word) is not None, self.name(f"{word} again is confirmed"), act.told())
            else:
                self.mode(act, word, f"switched to {word}")
        act.word("takeover")
        tap.ok(act.confirmed("takeover") is not None, self.name("takeover is confirmed"), act.told())
        tap.ok(act.wait() == 0, self.name("take over: exit 0"), act.told())
        tap.ok(until(lambda: not lab.leg_of(self.agent)), self.name("take over: the agent is out"),
               lab.channels())
        hears(self.name("take over: caller and supervisor hear each other"), "alone", self.legs())
        self.end()

    def stop(self):
        self.talk()
        act = self.start("barge")
        self.mode(act, "barge", "started with barge")
        act.word("stop")
        tap.ok(act.wait() == 0, self.name("stop: exit 0"), act.told())
        tap.ok(until(lambda: not phones.legs(self.supervisor)),
               self.name("stop: the supervisor's phone is on the hook"), phones.legs(self.supervisor))
        hears(self.name("stop: the two talk as before"), "not", self.legs())
        act = self.start("whisper")
        self.mode(act, "whisper", "started with whisper")
        act.process.stdin.close()
        time.sleep(0.3)
        tap.ok(act.wait(0.01) is None, self.name("end of input changes nothing"), act.told())
        phones.hangup(self.agent)
        tap.ok(act.wait() == 0, self.name("the agent hangs up: exit 0"), act.told())
        self.end()
        self.talk()
        act = self.start("takeover")
        tap.ok(act.wait() == 0, self.name("taken over at once: exit 0"), act.told())
        hears(self.name("taken over at once: caller and supervisor hear each other"), "alone", self.legs())
        self.end()

    def pick_up_held(self):
        self.talk()
        lab.hold(self.agent)
        hears(self.name("held: the caller hears music"), "held", self.legs())
        act = self.start("pickup")
        tap.ok(act.wait() == 0, self.name("picked up while held: exit 0"), act.told())
        hears(self.name("picked up while held: both hear each other, music gone"), "alone", self.legs())
        tap.ok(until(lambda: not lab.leg_of(self.agent)),
               self.name("picked up while held: the agent is free"), lab.channels())
        self.end()

    def pick_up_ringing(self):
        self.caller = self.place()
        phones.leg(self.agent, "Ring")
        act = self.start("pickup")
        tap.ok(act.wait() == 0, self.name("picked up while ringing: exit 0"), act.told())
        phones.tone(self.caller, CALLER)
        hears(self.name("picked up while ringing: both hear each other"), "alone", self.legs())
        tap.ok(until(lambda: not phones.legs(self.agent)),
               self.name("picked up while ringing: the agent's phone is silent"), phones.legs(self.agent))
        self.end()


def all_of(line, *parts):
    def work():
        for part in parts:
            try:
                part()
            except (RuntimeError, OSError) as e:
                tap.ok(False, line.name(f"{part.__name__}: it could be done"), e)
                line.end() if hasattr(line, "caller") else None
            until(lambda: not phones.legs(line.agent) and not phones.legs(line.supervisor))
    return work


incoming = Line("incoming", "103", "106", "555110")
dialled = Line("dialled", "105", "107", "555220")
queue = Line("queue", "102", "108", "555330", through="600")
local = Line("queue of Local channels", "104", "109", "555440", through="601")
together([
    all_of(incoming, incoming.supervise, incoming.pick_up_held, incoming.pick_up_ringing),
    all_of(dialled, dialled.supervise, dialled.stop, dialled.pick_up_held),
    all_of(queue, queue.supervise, queue.pick_up_held, queue.pick_up_ringing),
    all_of(local, local.supervise, local.pick_up_held, local.pick_up_ringing),
])
tap.ok(until(lambda: not lab.difference(before_all)), "channels and bridges are as before",
       lab.difference(before_all))
done = lab.command("audit", "verify", profile="s106")
tap.ok(done.returncode == 0, "audit verify finds nothing", done.stdout + done.stderr)
tap.end()
