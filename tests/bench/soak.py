"""A day in ten minutes: calls come and go, floods, frames that make no sense, answers that fail, and
the link drops every 30 seconds. Memory and descriptors stay bounded, and at the end every lamp is what
the server says. CALLHUD_SOAK_SECONDS shortens it."""
from benchenv import *
import json
import random

SECONDS = int(os.environ.get("CALLHUD_SOAK_SECONDS", "600"))
USERS, DROP_SECONDS, MOST_CALLS = 300, 30, 80
GROWTH_LIMIT_KB = 1024
SEED = int(os.environ.get("CALLHUD_SEED", str(int(time.time()))))

tap = Tap()
tap.note(f"CALLHUD_SEED={SEED}")
chance = random.Random(SEED)
server = BenchAri(USERS)
homes = {"console": server.home(), "watch": server.home()}
programs = {
    "console": Pty(["--config", homes["console"].config, "console"], rows=50, cols=200,
                   env=homes["console"].env()),
    "watch": Pty(["--config", homes["watch"].config, "watch", "--json"], rows=50, cols=200,
                 env=homes["watch"].env()),
}
END = b'"cause":16,"cause_txt":"Normal Clearing",'
BAD = [b"{", b"not json", b'{"type":"ChannelHold"}', b'{"type":5,"channel":[]}', b"[]", b'"x"',
       b'{"type":"ChannelDestroyed","channel":{"id":""}}', b"\xff\xfe{}",
       b'{"type":"Dial","peer":{"id":"a"},"caller":null}']
held = set()


def fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def change():
    """One true thing happens on the server, and is told."""
    with server.lock:
        ids = list(server.channels)
    what = chance.random()
    if not ids or (what < 0.3 and len(ids) < MOST_CALLS):
        channel_id, raw = server.call(chance.choice(server.users), "Ringing", f"Caller {serial()}")
        server.push(BenchAri.frame("ChannelStateChange", raw))
        return
    channel_id = chance.choice(ids)
    raw = server.channels[channel_id]
    if b'"state":"Ringing"' in raw and what < 0.65:
        raw = raw.replace(b'"state":"Ringing"', b'"state":"Up"')
        with server.lock:
            server.channels[channel_id] = raw
        server.push(BenchAri.frame("ChannelStateChange", raw))
    elif b'"state":"Up"' in raw and channel_id not in held and what < 0.8:
        held.add(channel_id)
        server.push(BenchAri.frame("ChannelHold", raw))
    elif channel_id in held and what < 0.85:
        held.discard(channel_id)
        server.push(BenchAri.frame("ChannelUnhold", raw))
    else:
        held.discard(channel_id)
        with server.lock:
            del server.channels[channel_id]
        server.push(BenchAri.frame("ChannelDestroyed", raw, END))


count = 0


def serial():
    global count
    count += 1
    return count


class Held(dict):
    """Answers of the hold function of a channel, as FakeAri looks answers up: by path prefix."""

    def items(self):
        for channel_id in list(held):
            yield (f"channels/{channel_id}/variable", (200, "application/json", b'{"value":"1"}'))
        yield from list(dict.items(self))


server.answers = Held()
for name, home in homes.items():
    tap.ok(wait_until(lambda h=home: f"snapshot done: {USERS} users" in h.log_text(), 20),
           f"{name}: starts")

begin = time.monotonic()
next_drop, next_flood, next_trouble = begin + DROP_SECONDS, begin + 7, begin + 11
trouble_ends = 0
base = None
most = {name: 0 for name in programs}
drops = floods = 0
series = {name: [] for name in programs}
while time.monotonic() - begin < SECONDS:
    now = time.monotonic()
    try:
        change()
        if chance.random() < 0.02:
            server.send(chance.choice(BAD))
        if now > next_flood:
            floods += 1
            next_flood = now + 20
            for _ in range(2000):
                change()
        if now > next_drop:
            drops += 1
            next_drop = now + DROP_SECONDS
            server.drop()
    except OSError:
        pass  # the socket was just dropped: what happened is in the next snapshot
    if now > next_trouble:  # for three seconds lists fail, each time in another way
        next_trouble = now + 41
        trouble_ends = now + 3
        dict.__setitem__(server.answers, chance.choice(["channels", "endpoints", "bridges"]),
                         chance.choice([(500, "application/json", b'{"error":"Allocation failed"}'),
                                        (200, "text/html", b"<html>"), (200, "application/json", b"")]))
    if trouble_ends and now > trouble_ends:
        trouble_ends = 0
        dict.clear(server.answers)
    if base is None and now - begin > SECONDS / 3:  # tombs and logs are full by then
        base = {n: (memory_kb(p.process.pid)["Rss"], fds(p.process.pid)) for n, p in programs.items()}
    for name, p in programs.items():
        if p.process.poll() is None:
            most[name] = max(most[name], fds(p.process.pid))
            if len(series[name]) < (now - begin) * 20 // SECONDS:
                series[name].append(memory_kb(p.process.pid)["Rss"])
        if len(p.chunks) > 20000:  # what the terminal got long ago is not needed here
            del p.chunks[:10000]
    time.sleep(0.01)

dict.clear(server.answers)
server.drop()
for name, p in programs.items():
    tap.ok(p.process.poll() is None, f"{name}: still runs after {SECONDS} s, {drops} drops, "
                                     f"{floods} floods", p.process.returncode)
opened = server.opened
wait_until(lambda: len(server.sockets) >= 2, 60)
marks = {n: h.log_text().count("snapshot done") for n, h in homes.items()}
wait_until(lambda: all(h.log_text().count("snapshot done") >= marks[n] for n, h in homes.items()), 5)
time.sleep(5)
for name, p in programs.items():
    if p.process.poll() is not None:
        continue
    rss, count_fds = memory_kb(p.process.pid)["Rss"], fds(p.process.pid)
    tap.note(f"{name}: RSS in kB over the time: {series[name]}")
    figure(tap, f"soak of {name}", f"RSS {base[name][0]} kB early, {rss} kB late; descriptors "
           f"{base[name][1]} early, {count_fds} late, {most[name]} at most")
    tap.ok(rss - base[name][0] <= GROWTH_LIMIT_KB, f"{name}: memory grew by at most "
           f"{GROWTH_LIMIT_KB} kB", rss - base[name][0])
    tap.ok(count_fds <= base[name][1] + 2 and most[name] <= base[name][1] + 6,
           f"{name}: descriptors are given back", f"{base[name][1]} {count_fds} {most[name]}")


def wanted(user):
    mine = [(i, raw) for i, raw in server.channels.items() if b"PJSIP/%s-" % user.encode() in raw]
    if any(b'"state":"Ringing"' in raw for _, raw in mine):
        return "ringing"
    if any(i in held for i, _ in mine):
        return "hold"
    return "on_call" if mine else "available"


last = {}
for line in bytes(programs["watch"].bytes).replace(b"\r", b"").split(b"\n"):
    if line.startswith(b"{"):
        try:
            told = json.loads(line)
            last[told["extension"]] = (told["lamp"], told["stale"])
        except ValueError:
            pass
wrong = [(u, last.get(u), wanted(u)) for u in server.users if last.get(u) != (wanted(u), False)]
tap.ok(not wrong, f"every lamp of {USERS} is what the server says at the end", wrong[:8])
offset = len(programs["console"].bytes)
programs["console"].type("\x0c")  # paints all, so that the stream can be played from here
time.sleep(1)
row = programs["console"].screen(start=offset).rows[0]
lamps = [wanted(u) for u in server.users]
counts = [f"{lamps.count('ringing')} ring", f"{lamps.count('hold')} hold",
          f"{lamps.count('on_call')} talk", f"{lamps.count('available')} free"]
tap.ok(all(c in row for c in counts), "the console counts the same", f"{counts}\n{row}")
tap.end()
