"""2,000 events a second for ten seconds, each changing a lamp: none is lost, and at the end every lamp
is what it must be. The loop's lag is judged against a bare timer beside it."""
from benchenv import *
import json

USERS, CALLS, RATE, SECONDS = 1000, 200, 2000, 10
LAG_LIMIT_MS = 50
OWN_EVENTS = 3

tap = Tap()
server = BenchAri(USERS)
for user in server.users[:CALLS]:
    server.call(user)
homes = {"console": server.home(), "watch": server.home()}
programs = {
    "console": Pty(["--config", homes["console"].config, "console"], rows=50, cols=200,
                   env=homes["console"].env()),
    "watch": Pty(["--config", homes["watch"].config, "watch", "--json"], rows=50, cols=200,
                 env=homes["watch"].env()),
}
for name, home in homes.items():
    tap.ok(wait_until(lambda h=home: "snapshot done: 1000 users" in h.log_text(), 20),
           f"{name}: is in step with the server")
time.sleep(0.5)
before = {name: stats_now(homes[name], p.process.pid) for name, p in programs.items()}
cpu = {name: cpu_seconds(p.process.pid) for name, p in programs.items()}
painted, heard = len(programs["console"].bytes), len(programs["watch"].bytes)

# Whole rounds of hold and unhold, then hold for every second call: the end is not the beginning.
assert (RATE * SECONDS // CALLS) % 2 == 0
frames = Rest(server).holds(RATE * SECONDS)
raws = list(server.channels.values())
extra = [BenchAri.frame("ChannelHold", raw) for raw in raws[::2]]
timer = Timer(SECONDS)
seconds = pace(server, frames, RATE)
pace(server, extra, RATE)
lag = timer.worst_ms()
time.sleep(1)
after = {name: stats_now(homes[name], p.process.pid) for name, p in programs.items()}
sent = len(frames) + len(extra)
for name, p in programs.items():
    a, b = before[name], after[name]
    took = b["events"] - a["events"]
    share = 100 * (cpu_seconds(p.process.pid) - cpu[name]) / seconds
    figure(tap, f"load of {name}", f"{sent} events in {seconds:.1f} s: {took} taken, "
           f"{share:.0f} % of one processor, {1e4 * share / RATE:.0f} us for each, loop lag worst "
           f"{b['loop_lag_max_ms']} ms (bare timer {lag[1]} ms)")
    # The link's own life (a pong heard) is an event of the model too.
    tap.ok(sent <= took <= sent + OWN_EVENTS, f"{name}: no event of {sent} is lost", f"{took}")
    tap.ok(b["gaps"] == a["gaps"] and b["resyncs"] == a["resyncs"],
           f"{name}: nothing had to be asked for again", f"{a} {b}")
    tap.ok(b["loop_lag_p99_ms"] <= LAG_LIMIT_MS and
           b["loop_lag_max_ms"] <= LAG_LIMIT_MS + max(lag[1], a["loop_lag_max_ms"]),
           f"{name}: its loop is never {LAG_LIMIT_MS} ms later than the bare timer",
           f"p99 {b['loop_lag_p99_ms']} ms, worst {b['loop_lag_max_ms']} ms")
console = after["console"]
figure(tap, "bytes an event under load",
       f"{(len(programs['console'].bytes) - painted) / sent:.0f} (200x50, "
       f"{console['frames'] - before['console']['frames']} frames)")

# Each event has its line, in order: a user's lamps take turns.
last, turns, broken = {}, {}, []
for line in bytes(programs["watch"].bytes[heard:]).replace(b"\r", b"").split(b"\n")[:-1]:
    told = json.loads(line)
    user = told["extension"]
    turns[user] = turns.get(user, 0) + 1
    if told["lamp"] != ("hold" if turns[user] % 2 else "on_call"):
        broken.append((user, turns[user], told["lamp"]))
    last[user] = told["lamp"]
tap.ok(sum(turns.values()) == sent and not broken, f"watch: a line for each of {sent} events, in order",
       f"{sum(turns.values())} lines, {broken[:3]}")
want = {u: "hold" if i % 2 == 0 else "on_call" for i, u in enumerate(server.users[:CALLS])}
tap.ok(last == want, "every lamp of watch is right at the end")
screen = programs["console"].wait(f"{CALLS // 2} hold", 3)
tap.ok(screen is not None and f"{CALLS // 2} talk" in screen and f"{USERS - CALLS} free" in screen,
       "the console counts the same", programs["console"].screen().rows[0])
tap.end()
