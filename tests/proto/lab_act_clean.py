"""Nothing is left behind (issue: acting on calls, Shows 2): channels and bridges in Asterisk are as
before after every kind of end of a supervision, kill -9 and the next start included; and what belongs
to another callhud that runs is left alone. A phone that is not lifted, busy or offline ends an action
with the reason, and the caller stays where they were."""
import os
import random
import signal
import sys
import time

from actenv import (AGENT, CALLER, HEARD_DB, IS_LONG, SUPERVISOR, UNHEARD_DB, Act, ActLab, LockedTap,
                    together, until)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from termenv import Pty  # noqa: E402

tap = LockedTap()
seed = int(os.environ.get("CALLHUD_SEED", random.SystemRandom().randrange(1, 1000000)))
tap.note(f"CALLHUD_SEED={seed}")
lab = ActLab(agents=7, supervisors=7, lines="ring_timeout = 5\n")
phones = lab.phones
tap.note(lab.info["version"])
before_all = lab.picture()
numbers = iter(range(5550001, 5559999))


class Scene:
    """One call of one agent, one supervisor; a picture of what was there before."""

    def __init__(self, agent, supervisor, name, mode="answer", is_held=False):
        self.agent, self.supervisor, self.name = agent, supervisor, name
        self.profile = "s" + supervisor
        self.number = str(next(numbers))
        phones.mode(supervisor, mode)
        self.caller = lab.talk(agent, self.number)
        if is_held:
            lab.hold(agent)
        self.call = lab.leg_of(agent)
        self.bridge = self.bridge_now()
        self.made = set()

    def ok(self, good, words, detail=""):
        return tap.ok(good, f"{self.name}: {words}", detail)

    def bridge_now(self):
        """The bridge of agent and caller, with its members."""
        return [(i, m) for i, m in lab.bridges().items() if self.call in m]

    def mine(self):
        """What there is for our phone: its channels, the bridges they are in and who else is in those,
        and whatever snoops on the agent."""
        channels, bridges = lab.channels(), lab.bridges()
        own = {i for i, c in channels.items() if c["name"].startswith(f"PJSIP/{self.supervisor}-")}
        for i, members in bridges.items():
            if own & set(members):
                own |= {i} | set(members)
        own |= {i for i, c in channels.items() if c["name"].startswith(f"Snoop/{self.call}-")}
        return own

    def supervise(self, mode="listen", **more):
        act = Act(lab, self.profile, mode, self.agent, **more)
        line = act.confirmed(mode)
        self.ok(line is not None, f"{mode} is confirmed", act.told())
        self.made = self.mine()
        self.ok(len(self.made) >= 3, "there is something to remove", self.made)
        return act

    def clean(self, is_call_there=True):
        """As before, soon."""
        def left():
            picture = lab.picture()
            return sorted((self.mine() | self.made) & (picture[0] | set(picture[1])))
        self.ok(until(lambda: not left(), 4), "nothing is left",
                [f"{i} {lab.channels().get(i, {}).get('name', 'bridge')}" for i in left()])
        if is_call_there:
            self.ok(self.bridge_now() == self.bridge, "the call is as it was",
                    f"{self.bridge} -> {self.bridge_now()}")

    def exits(self, act, code, *words):
        got = act.wait()
        good = got == code and all(w in act.error() for w in words)
        self.ok(good, f"exit {code}" + ("" if not words else f" and the reason ({' '.join(words)})"),
                act.told())
        if code == 4:
            self.ok(len(act.reason()) == 1, "the reason is one line", act.error())

    def end(self):
        phones.drop(self.caller)
        phones.hangup(self.agent)
        phones.hangup(self.supervisor)
        until(lambda: not lab.leg_of(self.agent) and not lab.leg_of(self.supervisor))


# ---- ends of a supervision -----------------------------------------------------------------------

def stop_word(s):
    act = s.supervise("whisper")
    act.word("stop")
    s.exits(act, 0)
    s.clean()


def caller_hangs_up(s):
    act = s.supervise("barge")
    phones.drop(s.caller)
    s.exits(act, 0)
    s.clean(is_call_there=False)


def agent_hangs_up(s):
    act = s.supervise()
    phones.hangup(s.agent)
    s.exits(act, 0)
    s.clean(is_call_there=False)


def supervisor_hangs_up(s):
    act = s.supervise()
    phones.hangup(s.supervisor)
    code = act.wait()
    s.ok(code is not None, "it ends", act.told())
    tap.note(f"the supervisor hangs up: {act.told()}")
    s.clean()


def by_signal(number, code):
    def scene(s):
        act = s.supervise("barge" if number == signal.SIGTERM else "listen")
        act.signal(number)
        s.exits(act, code)
        s.clean()
    return scene


def switch_and_hang_up(s):
    """The call ends while a switch is under way: callhud ends well, whatever comes first."""
    dice = random.Random(seed)
    ended = []
    for n in range(200 if IS_LONG else 36):
        caller = s.caller if n == 0 else lab.talk(s.agent, str(next(numbers)))
        act = Act(lab, s.profile, "barge", s.agent)
        act.confirmed("barge")
        act.word(dice.choice(["listen", "whisper"]))
        time.sleep(dice.random() * 0.02)
        if dice.random() < 0.5:
            phones.drop(caller)
        else:
            phones.hangup(s.agent)
        ended.append(act.wait())
        phones.drop(caller)
        until(lambda: not lab.leg_of(s.agent) and not lab.leg_of(s.supervisor))
    s.ok(set(ended) == {0}, f"{len(ended)} times, exit 0", ended)
    s.clean(is_call_there=False)


# ---- the terminal vanishes -----------------------------------------------------------------------

def default_hangup():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def terminal_env():
    env = lab.callhud_env(TERM="xterm-256color")
    env.pop("NO_COLOR", None)
    return env


def typed_listen(s):
    """`listen` on a terminal, its keys, and the terminal closed."""
    pty = Pty(["--config", lab.config, "--profile", s.profile, "listen", s.agent], env=terminal_env(),
              preexec=default_hangup)
    s.ok(until(lambda: b"listen" in pty.bytes, 6), "listen is told on the terminal", bytes(pty.bytes))
    size = len(pty.bytes)
    pty.type("w")
    s.ok(until(lambda: b"whisper" in pty.bytes[size:], 4), "the key w whispers", bytes(pty.bytes))
    s.made = s.mine()
    s.ok(len(s.made) >= 3, "there is something to remove", s.made)
    pty.closed = True  # the reader is in a read, which keeps the terminal open: one more line lets it go
    pty.type("l")
    time.sleep(0.3)
    s.made |= s.mine()
    pty.close_master()
    s.ok(pty.wait_exit(5) is not None, "it ends with its terminal")
    s.ok(pty.process.returncode == 129, "exit 129", pty.process.returncode)
    s.clean()
    pty.stop()


def console_vanishes(s):
    pty = Pty(["--config", lab.config, "--profile", s.profile], env=terminal_env(),
              preexec=default_hangup, answers=True)
    s.ok(pty.wait(lambda t: " live " in t.rows[0] + " " and s.agent in t, 8) is not None,
         "the console is live", pty.screen().text)
    pty.type(s.agent)
    time.sleep(0.3)
    pty.type("L")
    s.ok(pty.wait(lambda t: "nobody hears you" in t, 6) is not None, "it listens", pty.screen().text)
    s.made = s.mine()
    s.ok(len(s.made) >= 3, "there is something to remove", s.made)
    pty.close_master()
    s.ok(pty.wait_exit(6) is not None, "it ends with its terminal")
    s.clean()
    pty.stop()


# ---- kill -9 and the next start ------------------------------------------------------------------

def killed(s):
    act = s.supervise("whisper")
    act.kill()
    time.sleep(0.3)
    s.ok(bool(s.made & s.mine()), "what a killed callhud made stays until the next start", s.mine())
    done = lab.command("--read-only", "status", profile=s.profile)
    s.ok(done.returncode == 0, "status --read-only ends well", done.stderr)
    time.sleep(0.3)
    s.ok(bool(s.made & s.mine()), "--read-only cleans nothing", s.mine())
    done = lab.command("status", profile="s" + other_supervisor[s.supervisor])
    time.sleep(0.2)
    s.ok(bool(s.made & s.mine()), "nor does a start on another profile", s.mine())
    done = lab.command("status", profile=s.profile)
    s.ok(done.returncode == 0, "status ends well", done.stderr)
    s.clean()


def killed_ringing(s):
    """Killed while the phone rings to pick up a held line."""
    act = Act(lab, s.profile, "pickup", s.agent)
    phones.leg(s.supervisor, "Ring")
    s.made = s.mine()
    act.kill()
    time.sleep(0.1)
    if any(state == "Ring" for _, _, state in phones.legs(s.supervisor)):
        phones.rest("POST", f"/channels/{phones.leg(s.supervisor, 'Ring')}/answer")
    time.sleep(0.3)
    s.ok(s.bridge_now() == s.bridge and lab.is_held(s.agent),
         "lifted after its callhud was killed, the phone takes nobody's call", s.bridge_now())
    done = lab.command("status", profile=s.profile)
    s.ok(done.returncode == 0, "status ends well", done.stderr)
    s.clean()


def interrupted_ringing(s):
    act = Act(lab, s.profile, "listen", s.agent)
    phones.leg(s.supervisor, "Ring")
    s.made = s.mine()
    act.signal(signal.SIGINT)
    s.exits(act, 130)
    s.clean()
    s.ok(until(lambda: not phones.legs(s.supervisor)), "the phone is silent",
         phones.legs(s.supervisor))


def read_only(s):
    for args in (["listen", s.agent], ["pickup", s.agent], ["hangup", s.agent], ["dnd", s.agent, "on"],
                 ["record", s.agent, "on"], ["takeover", s.agent]):
        done = lab.command("--read-only", *args, profile=s.profile)
        s.ok(done.returncode == 4 and "read-only" in done.stderr, f"{args[0]}: exit 4, and why",
             f"{done.returncode} {done.stderr}")
    s.ok(s.bridge_now() == s.bridge and not lab.leg_of(s.supervisor), "nothing happens")


# ---- the phone -----------------------------------------------------------------------------------

def unanswered(s):
    start = time.monotonic()
    act = Act(lab, s.profile, "pickup", s.agent)
    phones.leg(s.supervisor, "Ring")
    s.made = s.mine()
    s.exits(act, 4, s.supervisor)
    took = time.monotonic() - start
    s.ok(4 <= took <= 7.5, "after ring_timeout = 5 seconds", took)
    s.clean()
    s.ok(lab.is_held(s.agent), "the caller is still on hold with the agent")
    phones.unhold(s.agent)
    levels = phones.hear({"caller": s.caller, "agent": s.agent})
    s.ok(levels["caller"][AGENT] > HEARD_DB and levels["agent"][CALLER] > HEARD_DB,
         "who can be resumed", levels)


def unanswered_listen(s):
    act = Act(lab, s.profile, "listen", s.agent)
    phones.leg(s.supervisor, "Ring")
    s.exits(act, 4, s.supervisor)
    s.clean()


def busy(s):
    for verb in ("pickup", "listen"):
        act = Act(lab, s.profile, verb, s.agent)
        s.exits(act, 4, s.supervisor, "busy")
        s.clean()
    s.ok(lab.is_held(s.agent), "the caller is still on hold with the agent")


def refused(s):
    act = Act(lab, s.profile, "listen", s.agent)
    leg = phones.leg(s.supervisor, "Ring")
    phones.rest.must("DELETE", f"/channels/{leg}", reason="busy")
    s.exits(act, 4, s.supervisor)
    s.clean()


def offline(s):
    lab.scenario("unregister", s.supervisor)
    for verb in ("pickup", "takeover"):
        act = Act(lab, s.profile, verb, s.agent)
        s.exits(act, 4, s.supervisor)
        s.clean()
    s.ok(lab.is_held(s.agent), "the caller is still on hold with the agent")
    lab.scenario("register", s.supervisor)


def play(agent, supervisor, *scenes):
    def work():
        for title, scene, more in scenes:
            s = None
            try:
                s = Scene(agent, supervisor, title, **more)
                scene(s)
            except Exception as e:  # noqa: B902
                tap.ok(False, f"{title}: it could be played", repr(e))
            finally:
                if s:
                    s.end()
                phones.mode(supervisor, "ring")
    return work


RING, HELD = {"mode": "ring"}, {"mode": "ring", "is_held": True}
a, s = lab.agents, lab.supervisors
other_supervisor = {one: s[i - 1] for i, one in enumerate(s)}
tap.note(f"agents {a}, supervisors {s}")
together([
    play(a[0], s[0],
         ("stop", stop_word, {}),
         ("caller hangs up", caller_hangs_up, {}),
         ("agent hangs up", agent_hangs_up, {}),
         ("supervisor hangs up", supervisor_hangs_up, {})),
    play(a[1], s[1],
         ("SIGINT", by_signal(signal.SIGINT, 130), {}),
         ("SIGTERM", by_signal(signal.SIGTERM, 143), {}),
         ("SIGHUP", by_signal(signal.SIGHUP, 129), {}),
         ("SIGINT while it rings", interrupted_ringing, RING)),
    play(a[6], s[6], ("switch and hang-up at once", switch_and_hang_up, {})),
    play(a[2], s[2],
         ("terminal of listen closed", typed_listen, {}),
         ("terminal of the console closed", console_vanishes, {})),
    play(a[3], s[3],
         ("unanswered pick up", unanswered, HELD),
         ("unanswered listen", unanswered_listen, RING)),
    play(a[4], s[4],
         ("busy", busy, {"mode": "busy", "is_held": True}),
         ("refused", refused, RING),
         ("offline", offline, HELD),
         ("read-only", read_only, {})),
    play(a[5], s[5],
         ("kill -9", killed, {}),
         ("kill -9 while it rings", killed_ringing, HELD)),
])
tap.ok(until(lambda: not lab.difference(before_all)), "all in all, channels and bridges are as before",
       lab.difference(before_all))

# ---- somebody else is at the other end -----------------------------------------------------------
change = Scene(a[0], s[0], "partner changes")
try:
    act = change.supervise()
    number = str(next(numbers))
    other = phones.dial(a[1], number)
    phones.answer(number)
    until(lambda: lab.partners(lab.leg_of(a[1]) or ""))
    names = {i: c["name"] for i, c in lab.channels().items()}
    lab.ami("Action: Bridge", f"Channel1: {names[change.call]}",
            f"Channel2: {names[lab.carrier_leg(number)]}")
    tap.ok(until(lambda: lab.is_bridged(change.call, lab.carrier_leg(number))),
           "partner changes: the agent talks to another")
    code = act.wait()
    tap.ok(code is not None, "partner changes: the supervision ends", act.told())
    tap.ok(act.error() != "" or any(l.get("confirmed") is not True for l in act.lines),
           "partner changes: and it is said", act.told())
    tap.note(f"partner changes: {act.told()}")
    change.clean(is_call_there=False)
except RuntimeError as e:
    tap.ok(False, "partner changes: it could be played", e)
change.end()
phones.hangup(a[1])
phones.drop(other)

# ---- two supervise on one profile, one is killed, a third starts ---------------------------------
config = {}
for phone in s[:3]:
    config[phone] = lab.write_config(path=os.path.join(lab.home, f"one-{phone}.ini"),
                                     profiles=[("one", phone)])
    phones.mode(phone, "answer")
caller = lab.talk(a[0], "5554321")
call = lab.leg_of(a[0])
base = lab.picture()


def supervise(phone, mode):
    act = Act(lab, "one", mode, a[0], config=config[phone])
    tap.ok(act.confirmed(mode) is not None, f"two callhuds: {phone} {mode}", act.told())
    return act


def hears_call(phone, name):
    level = phones.hear({"it": phone})["it"]
    tap.ok(level[CALLER] > HEARD_DB and level[AGENT] > HEARD_DB, name, level)


try:
    first = supervise(s[0], "listen")
    one = lab.picture()
    second = supervise(s[1], "listen")
    both = lab.picture()
    hears_call(s[0], "two callhuds: the first hears the call")
    hears_call(s[1], "two callhuds: the second hears the call")
    first.kill()
    done = lab.command("status", profile="one", config=config[s[2]])
    tap.ok(done.returncode == 0, "two callhuds: a third starts", done.stderr)
    made_first = (one[0] - base[0]) | (set(one[1]) - set(base[1]))
    made_second = (both[0] - one[0]) | (set(both[1]) - set(one[1]))

    def there(things):
        now = lab.picture()
        return sorted(things & (now[0] | set(now[1])))

    tap.ok(len(made_first) >= 3 and len(made_second) >= 3, "two callhuds: both made something",
           f"{made_first} {made_second}")
    tap.ok(until(lambda: not there(made_first)), "two callhuds: the dead one's things are gone",
           there(made_first))
    tap.ok(there(made_second) == sorted(made_second), "two callhuds: the other's are all there",
           f"{there(made_second)} of {sorted(made_second)}")
    hears_call(s[1], "two callhuds: the other still hears its call")
    phones.tone(s[1], SUPERVISOR)
    second.word("barge")
    tap.ok(second.confirmed("barge") is not None, "two callhuds: and can still switch", second.told())
    level = phones.hear({"caller": caller})["caller"]
    tap.ok(level[SUPERVISOR] > HEARD_DB, "two callhuds: to be heard", level)
    third = supervise(s[2], "whisper")
    second.word("stop")
    tap.ok(second.wait() == 0, "two callhuds: the second stops", second.told())
    level = phones.hear({"caller": caller, "third": s[2]})
    tap.ok(level["third"][CALLER] > HEARD_DB and level["caller"][SUPERVISOR] < UNHEARD_DB,
           "two callhuds: the third goes on", level)
    third.word("stop")
    tap.ok(third.wait() == 0, "two callhuds: the third stops", third.told())
except RuntimeError as e:
    tap.ok(False, "two callhuds: it could be played", e)
tap.ok(until(lambda: not lab.difference(base)), "two callhuds: all is as before", lab.difference(base))
phones.drop(caller)
tap.ok(until(lambda: not lab.difference(before_all)), "at the end nothing is left",
       lab.difference(before_all))
tap.ok(not lab.ledgers(), "no list of things made is left", lab.ledgers())
done = lab.command("audit", "verify", profile="s" + s[0])
tap.ok(done.returncode == 0, "audit verify finds nothing", done.stdout + done.stderr)
tap.end()
