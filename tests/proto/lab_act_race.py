"""Two want the same line, and lines that change between the look and the key (issue: acting on calls,
Shows 3). Two supervisors pick up one held or ringing line at once: one gets it, the other reads who
did, nobody loses the caller. A call that has ended is never answered by its successor."""
import re
import time

from actenv import (AGENT, CALLER, HEARD_DB, IS_LONG, Act, ActLab, LockedTap, together, until)

ROUNDS = 40 if IS_LONG else 5  # in each of three lanes

tap = LockedTap()
lab = ActLab(agents=4, supervisors=8, lines="ring_timeout = 8\n")
phones = lab.phones
tap.note(lab.info["version"])
before_all = lab.picture()
a, s = lab.agents, lab.supervisors


def safely(name, work):
    def run():
        try:
            work()
        except Exception as e:  # noqa: B902
            tap.ok(False, f"{name}: it could be played", repr(e))
    return run


def own(agent, supervisor):
    """The channels of the two phones and whoever is in a bridge with them, and those bridges."""
    channels, bridges = lab.channels(), lab.bridges()
    mine = {i for i, c in channels.items()
            if re.match(rf"PJSIP/({agent}|{supervisor})-", c["name"])}
    near = {i: m for i, m in bridges.items() if mine & set(m)}
    targets = tuple(f"Snoop/{i}-" for i in mine)
    return (mine | {i for m in near.values() for i in m} |
            {i for i, c in channels.items() if c["name"].startswith(targets)}), near


def changes(before, agent, supervisor):
    return lab.difference(before, own(agent, supervisor))


def silence(*exts):
    for ext in exts:
        phones.hangup(ext)
    until(lambda: not any(lab.leg_of(e) for e in exts))


def lift(ext):
    """Lifts the phone if it (still) rings."""
    try:
        for leg, _, state in phones.legs(ext):
            if state == "Ring":
                phones.rest("POST", f"/channels/{leg}/answer")
    except RuntimeError:
        pass


def race(lane, kind):
    """Rounds of one agent's line and two supervisors. In even rounds the phones lift themselves, in odd
    ones both ring first and are lifted at once."""
    agent, two = a[lane], (s[2 * lane], s[2 * lane + 1])

    def start(name, is_lifted):
        for e in two:
            phones.mode(e, "ring" if is_lifted else "answer")
        _, start_of_record = lab.audit()
        acts = [Act(lab, "s" + e, "pickup", agent, json_lines=False) for e in two]
        if is_lifted:
            for e in two:
                phones.leg(e, "Ring")
            together([lambda e=e: lift(e) for e in two])
        codes = [act.wait(12) for act in acts]
        told = "\n".join(act.told() for act in acts)
        if not tap.ok(sorted(codes, key=str) == [0, 4], f"{name}: one gets it, the other is refused", told):
            return None, told
        winner = codes.index(0)
        loser = 1 - winner
        # Who came so late that nothing was held or rang any more has begun nothing.
        began = any(r["record"] == "begin" and r["profile"] == "s" + two[loser]
                    for r in lab.audit(start_of_record)[0])
        words = rf"taken by {two[winner]}\b" if began else "no held or ringing call|has ended"
        tap.ok(re.search(words, acts[loser].error()), f"{name}: the other reads what happened", told)
        return winner, told

    def work():
        for n in range(ROUNDS):
            number = f"55{lane}{1 if kind == 'held' else 2}{n:03d}"
            name = f"{kind} line, lane {lane}, round {n}"
            if kind == "held":
                caller = lab.talk(agent, number)
                lab.hold(agent)
            else:
                caller = phones.call(number, "Acme Ltd", agent)
                phones.leg(agent, "Ring")
            line = lab.carrier_leg(number)
            winner, told = start(name, n % 2 == 1)
            if winner is not None:
                tap.ok(until(lambda: lab.is_bridged(line, lab.leg_of(two[winner]))),
                       f"{name}: who got it has the caller", f"{lab.partners(line)} {told}")
                tap.ok(until(lambda: not lab.leg_of(two[1 - winner])),
                       f"{name}: the other's phone is free", lab.channels())
            else:
                who = until(lambda: lab.partners(line))
                tap.ok(bool(who) or kind == "ringing" and phones.is_there(caller),
                       f"{name}: at least the caller is not lost", f"{who} {told}")
            phones.drop(caller)
            silence(agent, *two)
    return safely(f"{kind} line, lane {lane}", work)


def end_and_successor(state):
    """The call that was seen has ended; another one rings or is held at the same user."""
    agent, supervisor = a[3], s[6]

    def work():
        phones.mode(supervisor, "answer")
        for verb in ("pickup", "takeover", "listen", "hangup"):
            name = f"{verb} of an ended call while the next is {state}"
            caller = lab.talk(agent, "5556001")
            user = lab.status(profile="s" + supervisor)[agent]
            old = user["calls"][0]["id"]
            phones.drop(caller)
            silence(agent)
            if state == "ringing":
                caller = phones.call("5556002", "Next", agent)
                phones.leg(agent, "Ring")
            else:
                caller = lab.talk(agent, "5556002")
                if state == "held":
                    lab.hold(agent)
            before = own(agent, supervisor)
            act = Act(lab, "s" + supervisor, verb, agent, "--call", old, json_lines=False)
            tap.ok(act.wait() == 4, f"{name}: exit 4", act.told())
            tap.ok(len(act.reason()) == 1, f"{name}: why", act.told())
            tap.ok(until(lambda: not changes(before, agent, supervisor)),
                   f"{name}: the next one is untouched", changes(before, agent, supervisor))
            if state == "held":
                tap.ok(lab.is_held(agent), f"{name}: and still held")
            phones.drop(caller)
            silence(agent, supervisor)
        phones.mode(supervisor, "ring")
    return safely(f"successor {state}", work)


def changed_while_ringing():
    """What happens to the line while the supervisor's phone rings for it."""
    agent, supervisor = a[3], s[7]

    def start(name, verb="pickup"):
        phones.mode(supervisor, "ring")
        act = Act(lab, "s" + supervisor, verb, agent, json_lines=False)
        phones.leg(supervisor, "Ring")
        return act

    def refused(act, name, *words):
        tap.ok(act.wait() == 4, f"{name}: exit 4", act.told())
        tap.ok(len(act.reason()) == 1 and all(w in act.error() for w in words), f"{name}: why",
               act.told())
        tap.ok(until(lambda: not lab.leg_of(supervisor)), f"{name}: the phone is free", lab.channels())

    def still_talk(caller, name, talker=None):
        if talker:
            phones.tone(talker, CALLER)
            phones.tone(agent, AGENT)
        levels = phones.hear({"caller": caller, "agent": agent})
        tap.ok(levels["caller"][AGENT] > HEARD_DB and levels["agent"][CALLER] > HEARD_DB,
               f"{name}: agent and caller still talk", levels)

    name = "held line resumed"
    caller = lab.talk(agent, "5557001")
    lab.hold(agent)
    before = own(agent, supervisor)
    act = start(name)
    phones.unhold(agent)
    until(lambda: not lab.is_held(agent))
    time.sleep(0.1)
    lift(supervisor)
    refused(act, name)
    tap.ok(until(lambda: not changes(before, agent, supervisor)), f"{name}: all is as before",
           changes(before, agent, supervisor))
    still_talk(caller, name)

    name = "resumed and held again"
    lab.hold(agent)
    act = start(name)
    phones.unhold(agent)
    until(lambda: not lab.is_held(agent))
    lab.hold(agent)
    lift(supervisor)
    code = act.wait()
    line = lab.carrier_leg("5557001")
    tap.ok(code == 0 and until(lambda: lab.is_bridged(line, lab.leg_of(supervisor))) or
           code == 4 and lab.is_bridged(line, lab.leg_of(agent)),
           f"{name}: picked up, or refused and untouched", act.told())
    phones.drop(caller)
    silence(agent, supervisor)

    name = "ringing line answered by the agent"
    caller = phones.call("5557002", "Acme Ltd", agent)
    phones.leg(agent, "Ring")
    act = start(name)
    phones.answer(agent)
    until(lambda: lab.partners(lab.leg_of(agent) or ""))
    time.sleep(0.1)
    lift(supervisor)
    refused(act, name)
    still_talk(caller, name, caller)
    phones.drop(caller)
    silence(agent)

    for verb, prepare in (("pickup", lab.hold), ("listen", None), ("takeover", None)):
        name = f"{verb}: the caller hangs up while the phone rings"
        caller = lab.talk(agent, "5557003")
        if prepare:
            prepare(agent)
        act = start(name, verb)
        phones.drop(caller)
        time.sleep(0.1)
        lift(supervisor)
        refused(act, name)
        silence(agent, supervisor)

    name = "ringing line: the caller gives up and another rings"
    caller = phones.call("5557004", "First", agent)
    phones.leg(agent, "Ring")
    act = start(name)
    phones.drop(caller)
    until(lambda: not lab.leg_of(agent))
    caller = phones.call("5557005", "Second", agent)
    phones.leg(agent, "Ring")
    lift(supervisor)
    refused(act, name)
    tap.ok(any(state == "Ring" for _, _, state in phones.legs(agent)) and not lab.partners(
        lab.carrier_leg("5557005") or ""), f"{name}: the successor still rings at the agent",
           lab.channels())
    phones.drop(caller)
    silence(agent, supervisor)


def refusals():
    """What cannot be done is exit 4 with one line, and asks nothing of any phone."""
    supervisor, agent = s[6], a[3]
    phones.mode(supervisor, "ring")
    caller = lab.talk(agent, "5558001")
    for args, words in ((["pickup", agent], "no held or ringing call"), (["listen", a[0]], ""),
                        (["pickup", agent, "--call", "no-such-call"], ""), (["hangup", a[0]], ""),
                        (["barge", agent, "--call", "no-such-call"], "")):
        act = Act(lab, "s" + supervisor, *args, json_lines=False)
        tap.ok(act.wait() == 4 and words in act.error() and len(act.error().splitlines()) == 1,
               f"refusal: {' '.join(args)}: exit 4 and why", act.told())
    tap.ok(not lab.leg_of(supervisor), "refusal: no phone rings")
    phones.drop(caller)
    silence(agent)
    quiet = lab.write_config(path=lab.home + "/no-pickup.ini", profiles=[("q", supervisor)])
    with open(quiet) as f:
        text = f.read()
    with open(quiet, "w") as f:
        f.write(text.replace("pick_up_held_lines = yes", "pick_up_held_lines = no"))
    caller = lab.talk(agent, "5558002")
    lab.hold(agent)
    act = Act(lab, "q", "pickup", agent, json_lines=False, config=quiet)
    tap.ok(act.wait() == 4 and "Enable me to pick up a monitored line on hold" in act.error(),
           "refusal: the setting is named", act.told())
    phones.drop(caller)
    silence(agent)


together([race(0, "held"), race(1, "held"), race(2, "held"),
          lambda: [end_and_successor(x)() for x in ("ringing", "held", "talking")]])
together([race(0, "ringing"), race(1, "ringing"), race(2, "ringing"),
          lambda: [safely("changes", changed_while_ringing)(), safely("refusals", refusals)()]])
for e in s:
    phones.mode(e, "ring")
tap.ok(until(lambda: not lab.difference(before_all)), "channels and bridges are as before",
       lab.difference(before_all))
tap.ok(not lab.ledgers(), "no list of things made is left", lab.ledgers())
done = lab.command("audit", "verify", profile="s" + s[0])
tap.ok(done.returncode == 0, "audit verify finds nothing", done.stdout + done.stderr)
tap.end()
