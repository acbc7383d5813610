"""The right lamp for everything people do with telephones, on a real Asterisk (issue: true lamps,
Shows 2 and 3)."""
import time

from labenv import Lab, Tap, Watch, epoch_ms, percentile

tap = Tap()
lab = Lab(agents=8)
tap.note(lab.info["version"])
watch = Watch(lab)
tap.ok(watch.wait_ready(8), "watch prints a line for every user, fresh", watch.lamps())
delays = []


def lamp(extension, wanted, name, test=lambda line: True, timeout=5.0):
    """The lamp shows, and the line came soon after the event (the call's own `since` tells when)."""
    got = watch.wait(extension, lambda l: l["lamp"] == wanted and not l["stale"] and test(l), timeout)
    tap.ok(got is not None, name, None if got else watch.latest.get(extension))
    return got


def timed(got):
    if got:
        arrival, line = got
        if line["since"]:
            delays.append(arrival - epoch_ms(line["since"]))


def calls(n):
    return lambda line: len(line["calls"]) == n


def first(key, value):
    return lambda line: line["calls"] and line["calls"][0][key] == value


for agent in range(101, 109):
    tap.ok(watch.latest[str(agent)]["lamp"] == "available", f"{agent} is free at the start",
           watch.latest[str(agent)])

# ring, answer, hold, unhold, hang-up, with direction and other party; several rounds for latency
for n in range(6):
    leg = lab.scenario("call", "5551234", "Alice Caller", "101")
    got = lamp("101", "ringing", f"ring {n}", first("number", "5551234"))
    timed(got)
    if n == 0 and got:
        call = got[1]["calls"][0]
        tap.ok(call["direction"] == "in" and call["name"] == "Alice Caller" and
               call["state"] == "ringing" and got[1]["pickup"] == {"ok": True, "why": None},
               "the ring shows who calls, incoming, and may be picked up", got[1])
    lab.scenario("answer", "101")
    timed(lamp("101", "on_call", f"answer {n}", first("state", "connected")))
    lab.scenario("hold", "101")
    got = lamp("101", "hold", f"hold {n}", first("state", "held"))
    timed(got)
    lab.scenario("unhold", "101")
    timed(lamp("101", "on_call", f"unhold {n}"))
    lab.scenario("drop", leg)
    timed(lamp("101", "available", f"hang-up {n}", calls(0)))

# a second call while talking, and back
leg = lab.scenario("talk", "101", "5551234", "Alice Caller")
lamp("101", "on_call", "talks before the second call")
leg2 = lab.scenario("call", "5559999", "Bob Second", "101")
lamp("101", "ringing", "a second call rings: ringing wins", calls(2))
lab.scenario("drop", leg2)
lamp("101", "on_call", "the second caller gives up", calls(1))
lab.scenario("drop", leg)
lamp("101", "available", "all calls over", calls(0))

# dialling: on_call, outgoing, no ring at the dialler
lab.scenario("mode", "102", "ring")
leg = lab.scenario("dial", "103", "5557777")
lamp("103", "on_call", "dialling is on_call",
     lambda l: l["calls"] and l["calls"][0]["state"] == "dialling" and
     l["calls"][0]["direction"] == "out" and l["calls"][0]["number"] == "5557777")
lab.scenario("hangup", "103")
lamp("103", "available", "dialling given up", calls(0))

# inner call: one of two agents holds
lab.scenario("dial", "103", "104")
lamp("104", "ringing", "an inner call rings", first("number", "103"))
lamp("103", "on_call", "the inner caller dials")
lab.scenario("answer", "104")
lamp("104", "on_call", "the inner call is answered", first("state", "connected"))
lamp("103", "on_call", "both talk", first("state", "connected"))
lab.scenario("hold", "104")
lamp("104", "hold", "the one that holds shows hold")
time.sleep(0.5)
tap.ok(watch.latest["103"]["lamp"] == "on_call", "the one that was put on hold does not",
       watch.latest["103"])
lab.scenario("unhold", "104")
lamp("104", "on_call", "resumed")
lab.scenario("hangup", "103")
lamp("103", "available", "the inner call is over, caller", calls(0))
lamp("104", "available", "the inner call is over, callee", calls(0))

# the held party goes away: Asterisk sends no unhold
leg = lab.scenario("talk", "105", "5551234", "Alice Caller")
lab.scenario("hold", "105")
lamp("105", "hold", "105 holds")
lab.scenario("drop", leg)
lamp("105", "available", "the held party is gone without an unhold", calls(0))

# DND, offline
lab.scenario("dnd", "106", "on")
lamp("106", "dnd", "DND on", lambda l: l["dnd"] is True)
lab.scenario("dnd", "106", "off")
lamp("106", "available", "DND off", lambda l: l["dnd"] is False)
lab.scenario("unregister", "107")
lamp("107", "offline", "unregistered", lambda l: l["presence"] == "offline")
lab.scenario("register", "107")
lamp("107", "available", "registered again", timeout=10)

# a call through a queue shows the caller's number
leg = lab.scenario("call", "5553333", "Queue Caller", "600")
got = lamp("101", "ringing", "a queue call rings with the caller's number", first("number", "5553333"))
lamp("102", "ringing", "at both members", first("number", "5553333"))
lab.scenario("answer", "101")
lamp("101", "on_call", "the queue call is answered", first("number", "5553333"))
lamp("102", "available", "the other member is free again", calls(0))

# held before callhud starts
lab.scenario("hold", "101")
lamp("101", "hold", "the queue call is held")
fresh = lab.status()
tap.ok(fresh["101"]["lamp"] == "hold" and fresh["101"]["calls"][0]["number"] == "5553333",
       "a call held before callhud starts is hold at once, with the caller", fresh["101"])
tap.ok(fresh["101"]["since"] is None, "since when it is held was neither told nor seen: null",
       fresh["101"])
fresh = lab.status(profile="readonly")
tap.ok(fresh["101"]["lamp"] == "hold", "a read-only ARI user sees the same", fresh["101"])
lab.scenario("drop", leg)
lamp("101", "available", "the queue call is over", calls(0))

p99 = percentile(delays, 99)
tap.note(f"{len(delays)} delays from the PBX's event to the line: p50 {percentile(delays, 50):.1f} ms, "
         f"p99 {p99:.1f} ms, max {max(delays):.1f} ms")
tap.ok(len(delays) >= 20 and p99 <= 50, "p99 from the PBX's event to the line is at most 50 ms")
keys = ["v", "profile", "time", "extension", "name", "department", "lamp", "since", "age_ms",
        "presence", "dnd", "stale", "sequence", "pickup", "calls"]
tap.ok(all(list(l) == keys for _, l in watch.lines), "every line has exactly the fields of the contract")
tap.ok([l["sequence"] for _, l in watch.lines] == list(range(1, len(watch.lines) + 1)),
       "sequence counts the lines from 1")
tap.ok(not watch.bad, "every line is valid JSON", watch.bad)
tap.ok(watch.stop(2) == 130, "SIGINT ends watch with 130")
lab.scenario("clear")
tap.end()
