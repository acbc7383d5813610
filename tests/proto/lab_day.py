"""After a busy day with the PBX killed, and with it paused, the lamps equal a fresh status; no lamp is
printed as fresh between the kill and the resync (issue: true lamps, Shows 2)."""
import os
import random
import threading
import time

from labenv import Lab, Tap, Watch

tap = Tap()
seed = int(os.environ.get("CALLHUD_SEED", random.SystemRandom().randrange(1, 32000)))
tap.note(f"CALLHUD_SEED={seed}")
lab = Lab(agents=8)
tap.note(lab.info["version"])
watch = Watch(lab)
tap.ok(watch.wait_ready(8), "watch is ready")


def agree(name, tries=12):
    """The board settles, then a fresh look shows the same."""
    for _ in range(tries):
        time.sleep(1)
        fresh = {e: u["lamp"] for e, u in lab.status().items()}
        if watch.lamps() == fresh and all(not l["stale"] for l in watch.latest.values()):
            break
    differing = {e: (watch.lamps().get(e), fresh[e]) for e in fresh if watch.lamps().get(e) != fresh[e]}
    tap.ok(not differing, name, differing or fresh)
    states = {e: [(c["id"], c["state"]) for c in u["calls"]] for e, u in lab.status().items()}
    ours = {e: [(c["id"], c["state"]) for c in l["calls"]] for e, l in watch.latest.items()}
    tap.ok(all(not l["stale"] for l in watch.latest.values()), name + ": and all are fresh")
    tap.ok(states == ours, name + ": calls too", {e: (ours[e], states[e]) for e in states
                                                   if ours[e] != states[e]})


def busy(seconds, seed):
    thread = threading.Thread(target=lambda: lab.scenario("busy-day", seconds, seed, timeout=seconds + 60,
                                                          check=False), daemon=True)
    thread.start()
    return thread


# killed in the middle
day = busy(60, seed)
time.sleep(28)
before = len(watch.lines)
tap.ok(before > 20, "the day is busy", f"{before} lines")
killed_at = time.time() * 1000
lab.scenario("pbx", "kill")
time.sleep(4)
lab.scenario("pbx", "start")
day.join()
agree("after a busy day with the PBX killed in the middle, the lamps equal a fresh status")
after = [(a, l) for a, l in watch.lines if a > killed_at + 250]
first_stale = next((i for i, (a, l) in enumerate(after) if l["stale"]), None)
stale_lines = [l for a, l in watch.lines if a >= killed_at and l["stale"]]
tap.ok(len({l["extension"] for l in stale_lines}) == 8, "every lamp was told to be stale at the kill",
       len(stale_lines))
# From the first stale line to the first fresh one there is only stale; then all fresh by the resync.
kill_lines = [(a, l) for a, l in watch.lines if a >= killed_at]
index = next(i for i, (a, l) in enumerate(kill_lines) if l["stale"])
stale_at = kill_lines[index][0]
tap.ok(stale_at - killed_at < 1000, "stale at once", f"{stale_at - killed_at:.0f} ms")
back = next((a for a, l in kill_lines[index:] if not l["stale"]), None)
tap.ok(back is not None and back - killed_at > 3000,
       "no lamp was printed as fresh from the kill until the PBX was back",
       f"fresh again after {back - killed_at:.0f} ms" if back else "never fresh again")

# paused for 40 s: a half-open link
lab.scenario("clear", check=False)
agree("settled")
leg = lab.scenario("talk", "102", "5551234", "Alice Caller")
watch.wait("102", lambda l: l["lamp"] == "on_call")
day = busy(20, seed + 1)
time.sleep(20)
paused_at = time.time() * 1000
lab.scenario("pbx", "pause")
time.sleep(40)
lab.scenario("pbx", "resume")
day.join()
agree("after a half-open link the lamps equal a fresh status")
stale = [(a, l) for a, l in watch.lines if a > paused_at and l["stale"]]
tap.ok(len({l["extension"] for _, l in stale}) == 8, "a half-open link makes every lamp stale")
if stale:
    tap.ok(20000 <= stale[0][0] - paused_at <= 31500, "30 s after the last pong",
           f"{stale[0][0] - paused_at:.0f} ms after the pause")
    fresh = [a for a, l in watch.lines if a > stale[0][0] and not l["stale"]]
    tap.ok(bool(fresh) and fresh[0] > paused_at + 40000 - 500, "fresh again only after it came back",
           f"{fresh[0] - paused_at:.0f} ms" if fresh else "never")
tap.ok(not watch.bad, "every line is valid JSON", watch.bad)
tap.ok(watch.stop() == 143, "SIGTERM ends watch with 143")
tap.end()
