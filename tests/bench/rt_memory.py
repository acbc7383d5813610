"""Memory with a thousand users and two hundred calls: console at 200x50 and watch, at rest and after
60,000 events. RSS counts library text that other programs share; Pss and private memory are printed
beside it."""
from benchenv import *

USERS, CALLS, EVENTS, RATE = 1000, 200, 60000, 6000
RSS_LIMIT_KB = 16 * 1024
GROWTH_LIMIT_KB = 256
WARM_ROUNDS = 40

tap = Tap()
server = BenchAri(USERS)
for user in server.users[:CALLS]:
    server.call(user)
homes = {name: server.home() for name in ("console", "watch")}
programs = {
    "console": Pty(["--config", homes["console"].config, "console"], rows=50, cols=200,
                   env=homes["console"].env()),
    # Into /dev/null: lines that a slow reader leaves waiting would be counted as growth.
    "watch": Pty([CALLHUD, "--config", homes["watch"].config, "watch", "--json"], binary=False,
                 rows=50, cols=200, env=homes["watch"].env(),
                 preexec=lambda: os.dup2(os.open("/dev/null", os.O_WRONLY), 1)),
}
for name, home in homes.items():
    tap.ok(wait_until(lambda h=home: "snapshot done: 1000 users" in h.log_text(), 20),
           f"{name}: shows {USERS} users")
frames = Rest(server).holds(EVENTS)


def settle_and_measure():
    time.sleep(1)
    return {name: memory_kb(p.process.pid) for name, p in programs.items()}


# Events before the first look as well: what is allocated once is not growth.
pace(server, frames[:2 * CALLS * WARM_ROUNDS], RATE)
before = settle_and_measure()
seconds = pace(server, frames, RATE)
after = settle_and_measure()
for name in programs:
    a, b = before[name], after[name]
    most, growth = max(a["Rss"], b["Rss"]), b["Rss"] - a["Rss"]
    figure(tap, f"memory of {name}", f"RSS {most / 1024:.1f} MB (limit 16), of it private "
           f"{b['Private'] / 1024:.1f} MB, Pss {b['Pss'] / 1024:.1f} MB; growth over {EVENTS} events "
           f"{growth} kB (limit {GROWTH_LIMIT_KB})")
    tap.ok(most <= RSS_LIMIT_KB, f"{name}: RSS with {USERS} users is at most 16 MB", f"{most} kB")
    tap.ok(growth <= GROWTH_LIMIT_KB, f"{name}: {EVENTS} events leave memory as it was",
           f"{growth} kB")
    told = stats_now(homes[name], programs[name].process.pid)
    tap.ok(told is not None and told["events"] >= EVENTS, f"{name}: took the events", told)
    with open(f"/proc/{programs[name].process.pid}/maps") as f:
        tap.ok("libcurl" not in f.read(), f"{name}: what HTTP needs is not loaded: all went over the websocket")
    programs[name].stop()
tap.note(f"{EVENTS} events in {seconds:.1f} s")
tap.end()
