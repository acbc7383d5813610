#!/usr/bin/env python3
"""Nothing is left behind on RingCentral: our phone and the call that it supervised are as before after
every kind of end: signals and kill -9 in each phase, the exchange killed in each phase of an act, a phone
that nobody lifts, a call that ends while the mode is switched. What a killed run left is ended by the next
start of any command on that profile, and that alone. Each story has an exchange of its own."""
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from exenv import Exchange, Person, check, next_line, stories, tap, wait  # noqa: E402
from termenv import Pty  # noqa: E402

seed = int(os.environ.get("CALLHUD_SEED", random.SystemRandom().randrange(1, 1000000)))
tap.note(f"CALLHUD_SEED={seed}")
OWN = "900"


class Floor(Exchange):
    """With calls, our phone and people who act."""

    def __init__(self, name):
        super().__init__(name, users=8)
        self.person = Person(self, monitor="all")

    def supervise(self, person, mode, extension):
        """A process that supervises, confirmed."""
        process = person.start(mode, extension, stdin=subprocess.PIPE)
        self.lift()
        if mode != "listen":
            self.key(extension + "#")
        wait(lambda: self.modes() == [(extension, mode)], f"{mode} is on")
        return process

    def is_free(self):
        return not self.states(OWN) and not self.state()["supervisions"]


def made(person):
    """What the ledgers of the profile name."""
    folder = os.path.join(person.state, "callhud")
    names = [n for n in os.listdir(folder) if n.startswith("made-")] if os.path.isdir(folder) else []
    things = []
    for name in names:
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                lines = f.read().splitlines()[1:]
        except FileNotFoundError:
            continue
        things += [l[1:] for l in lines if l[0] == "+" and "-" + l[1:] not in lines]
    return things


def ended(process, limit=15):
    """(exit code, what it said)"""
    try:
        out, said = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        return "it hangs", "".join(process.communicate())
    return process.returncode, out + said


def is_clean(f, extension, state="connected"):
    try:
        wait(lambda: f.is_free() and not made(f.person), "clean", 5)
    except AssertionError:
        pass
    left = (f.states(OWN), f.state()["supervisions"], made(f.person), f.states(extension))
    return left == ([], [], [], [state] if state else []), left


# ---- kill -9 and the next start ----------------------------------------------------------------------

def killed(f):
    f.call("101", "answer")
    other = Person(f, name="other")
    with open(other.config, encoding="utf-8") as config:
        text = config.read().replace("[profile x]", "[profile y]")
    with open(other.config, "w", encoding="utf-8") as config:
        config.write(text)
    other.env.update(XDG_STATE_HOME=f.person.state, CALLHUD_Y_JWT=other.env["CALLHUD_X_JWT"],
                     CALLHUD_Y_CLIENT_SECRET=other.env["CALLHUD_X_CLIENT_SECRET"])
    for mode in ("listen", "barge"):
        process = f.supervise(f.person, mode, "101")
        process.kill()
        process.wait()
        time.sleep(0.3)
        check(f.modes() == [("101", mode)] and made(f.person), f"{mode}, killed: it goes on",
              (f.modes(), made(f.person)))
        codes = [f.person.run("--read-only", "status")[0], other.run("--profile", "y", "status")[0]]
        time.sleep(0.3)
        check(codes == [0, 0] and f.modes() == [("101", mode)],
              "--read-only removes nothing, nor does another profile", (codes, f.modes()))
        done = f.person.run("status")
        is_so, left = is_clean(f, "101")
        check(is_so and done[0] == 0, f"{mode}, killed: the next status ends it, and the call goes on",
              (done, left))


def killed_before(f):
    """In each phase before it is on."""
    f.call("101", "answer")
    for mode in ("listen", "whisper", "takeover"):
        process = f.person.start(mode, "101", stdin=subprocess.PIPE)
        wait(f.rings, "our phone rings")
        process.kill()
        process.wait()
        check(made(f.person), f"{mode}, killed while the phone rings: it is on the list", made(f.person))
        done = f.person.run("list", "show") if mode == "whisper" else f.person.run("status")
        is_so, left = is_clean(f, "101")
        check(is_so and done[0] == 0, f"{mode}, killed while the phone rings: the next start frees it",
              (done, left))
    process = f.person.start("takeover", "101", stdin=subprocess.PIPE)
    f.lift()
    wait(lambda: f.states(OWN) == ["connected"], "lifted")
    process.kill()
    process.wait()
    done = f.person.run("status")
    is_so, left = is_clean(f, "101")
    check(is_so and done[0] == 0, "takeover, killed while keys are waited for", (done, left))


def killed_asking(f):
    """After the request, before its answer: nobody was told which leg it is."""
    f.call("101", "answer")
    for mode in ("listen", "whisper"):
        process = f.person.start(mode, "101", stdin=subprocess.PIPE)
        wait(lambda: made(f.person), "it is on the list")
        process.kill()
        process.wait()
        time.sleep(0.5)
        done = f.person.run("status")
        is_so, left = is_clean(f, "101")
        check(is_so and done[0] == 0, f"{mode}, killed while it is asked for", (done, left))


def killed_console(f):
    f.call("101", "answer")
    env = dict(f.person.env)
    pty = Pty(["--config", f.person.config], env=env, answers=True)
    try:
        check(pty.wait(lambda t: "101" in t and " live " in t.rows[0] + " ", 15) is not None,
              "the console is live", pty.screen().text)
        pty.type("101")
        time.sleep(0.3)
        pty.type("L")
        f.lift()
        check(pty.wait(lambda t: "nobody hears you" in t, 8) is not None, "the console listens",
              pty.screen().text)
        pty.process.kill()
        pty.process.wait()
        check(f.modes() == [("101", "listen")], "killed, it goes on", f.modes())
        done = f.person.run("status")
        is_so, left = is_clean(f, "101")
        check(is_so and done[0] == 0, "and the next status ends it", (done, left))
    finally:
        pty.stop()


# ---- signals -----------------------------------------------------------------------------------------

def signals(f):
    f.call("101", "answer")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        name = signal.Signals(number).name
        process = f.person.start("listen", "101", stdin=subprocess.PIPE)
        wait(lambda: made(f.person), "it is on the list")
        process.send_signal(number)
        got = ended(process)
        is_so, left = is_clean(f, "101")
        check(is_so and got[0] == 128 + number, f"{name} while it is asked for", (got, left))
        process = f.person.start("whisper", "101", stdin=subprocess.PIPE)
        wait(f.rings, "our phone rings")
        process.send_signal(number)
        got = ended(process)
        is_so, left = is_clean(f, "101")
        check(is_so and got[0] == 128 + number, f"{name} while the phone rings", (got, left))
        process = f.supervise(f.person, "whisper" if number == signal.SIGHUP else "listen", "101")
        process.send_signal(number)
        got = ended(process)
        is_so, left = is_clean(f, "101")
        check(is_so and got[0] == 128 + number, f"{name} while it is on", (got, left))


# ---- the exchange dies -------------------------------------------------------------------------------

def exchange_dies(f, mode, phase):
    """phase: when the exchange is killed; it begins anew at the same place, where no call is left."""
    f.call("101", "answer")
    process = None
    if phase == "before":
        process = f.person.start("watch", "--json")
        next_line(process.stdout)  # it is up
        process.send_signal(signal.SIGINT)
        ended(process)
        f.control("POST", "/faults", {"kind": "slow", "count": 100, "ms": 700})
        process = f.person.start(mode, "101", stdin=subprocess.PIPE)
        time.sleep(0.5)
    elif phase == "asked":
        process = f.person.start(mode, "101", stdin=subprocess.PIPE)
        wait(lambda: made(f.person) or f.rings() or process.poll() is not None, "it is asked for", step=0.005)
    elif phase == "rings":
        process = f.person.start(mode, "101", stdin=subprocess.PIPE)
        wait(f.rings, "our phone rings")
    else:
        process = f.supervise(f.person, mode, "101")
    f.kill()
    time.sleep(random.random())
    f.revive()
    got = ended(process, 100)
    done = f.person.run("status", timeout=100)
    is_so, left = is_clean(f, "101", None)
    check(got[0] in (1, 3, 4) or (phase == "on" and got[0] == 0), f"{mode}, the exchange dies ({phase})", got)
    check(is_so and done[0] == 0, "and nothing is left", (done, left))


def dies_any_time(f):
    """While something is done that takes no supervision; each request takes a while."""
    dice = random.Random(seed + 1)
    for verb in ("hangup", "record", "pickup", "takeover", "barge", "dnd"):
        f.call("101", *([] if verb == "pickup" else ["answer"]))
        f.control("POST", "/faults", {"kind": "slow", "count": 100, "ms": 60})
        process = f.person.start(verb, "101", *(["on"] if verb in ("dnd", "record") else []),
                                 stdin=subprocess.PIPE)
        time.sleep(0.3 + dice.random() * 0.8)
        f.kill()
        time.sleep(dice.random())
        f.revive()
        got = ended(process, 100)  # the limit of sign-ins may have to be waited for
        done = f.person.run("status", timeout=100)
        is_so, left = is_clean(f, "101", None)
        lines = [line for line in got[1].splitlines() if line.startswith("callhud:")]
        check(got[0] in (0, 1, 3, 4) and (got[0] == 0 or lines), f"{verb}, the exchange dies: it ends, and says why",
              got)
        check(is_so and done[0] == 0, f"{verb}, and nothing is left", (got, done, left))


# ---- people ------------------------------------------------------------------------------------------

def call_ends(f):
    """While the mode is switched."""
    dice = random.Random(seed)
    fates = []
    for _ in range(6):
        call = f.call("101", "answer")
        process = f.supervise(f.person, "listen", "101")
        process.stdin.write("barge\n")
        process.stdin.flush()
        time.sleep(dice.random() * 0.4)
        f.hang_up(call)
        fates.append(ended(process))
        wait(lambda: not f.states("101"), "the call is over")
        is_so, left = is_clean(f, "101", None)
        check(is_so, "the call ends during a switch: nothing is left", left)
    check({code for code, _ in fates} == {0}, "and callhud ends well", fates)


def unlifted(f):
    f.call("101", "answer")
    f.call("102")
    for mode, extension, state in (("whisper", "101", "connected"), ("takeover", "101", "connected")):
        begun = time.monotonic()
        code, out, said = f.person.run(mode, extension)
        took = time.monotonic() - begun
        is_so, left = is_clean(f, extension, state)
        check(is_so and code == 4 and "was not lifted" in said and took > 4,
              f"{mode}, and nobody lifts the phone", (code, out, said, took, left))


def two_pick_up(f):
    """Another person, and another callhud of the same person."""
    f.rest("PUT", "/extension/~/presence/permission",
           {"extensions": [{"id": f.ids()[e]} for e in ("103", OWN)]}, extension="102")
    f.rest("PUT", "/extension/~/presence", {"pickUpCallsOnHold": True}, extension="103")
    fates = []
    for second in (Person(f, extension="103", monitor="all"), Person(f, name="again", monitor="all")) * 2:
        f.call("102")
        both = [p.start("pickup", "102") for p in (f.person, second)]
        got = [ended(process) for process in both]
        fates.append(got)
        wait(lambda: not f.states("102"), "somebody has the call")
        f.device("hangup")
        for extension in ("103", OWN):
            if f.states(extension):
                f.person.run("hangup", extension)
        wait(lambda: not f.states("103") and not f.states(OWN), "it is over")
    good = all(sorted(code for code, _ in got) == [0, 4] and
               any("taken" in said or "has no held or ringing call" in said for _, said in got) for got in fates)
    check(good, "two pick up the same call: one has it, the other is told who", fates)


def begin(name, story, *arguments):
    def tell():
        floor = Floor(name)
        try:
            story(floor, *arguments)
        finally:
            floor.close()
    return (name, tell)


wanted = sys.argv[1:]
told = [begin("killed", killed), begin("killed-before", killed_before), begin("killed-asking", killed_asking),
        begin("console", killed_console), begin("signals", signals), begin("call-ends", call_ends),
        begin("unlifted", unlifted), begin("two", two_pick_up), begin("dies", dies_any_time)]
told += [begin(f"dies-{mode}-{phase}", exchange_dies, mode, phase)
         for mode, phase in (("listen", "before"), ("listen", "asked"), ("listen", "rings"), ("listen", "on"),
                             ("whisper", "asked"), ("whisper", "on"))]
stories(*[one for one in told if not wanted or one[0] in wanted])
tap.end()
