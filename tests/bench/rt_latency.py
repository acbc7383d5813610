"""From the server's event to the line of `watch --json` and to the bytes on a terminal, at 20 and at
200 events a second. The clock starts before the frame is handed to the socket and ends when the
reader has the bytes; a bare 10 ms timer runs beside it as the measure of the machine."""
from benchenv import *
import json

USERS = 40  # all of them fit the board, so that each ring can be seen
SECONDS = 6
LIMIT_MS = 50

tap = Tap()
server = BenchAri(USERS)
homes = {"console": server.home(), "watch": server.home()}
console = Pty(["--config", homes["console"].config, "console"], rows=50, cols=200,
              env=homes["console"].env())
watch = Pty(["--config", homes["watch"].config, "watch", "--json"], rows=50, cols=200,
            env=homes["watch"].env())
for name, home in homes.items():
    tap.ok(wait_until(lambda h=home: f"snapshot done: {USERS} users" in h.log_text(), 20),
           f"{name}: is in step with the server")
serial = 0


def events_of(count):
    """[(frame, user, text or None)]: rings with a name of its own, each followed a round later by its
    end."""
    global serial
    found, ringing = [], {}
    for i in range(count):
        user = server.users[i % USERS]
        if user in ringing:
            raw = ringing.pop(user)
            found.append((BenchAri.frame("ChannelDestroyed", raw, b'"cause":16,"cause_txt":"x",'),
                          user, None))
        else:
            serial += 1
            text = f"E{serial:05d}"
            _, raw = server.channel(user, "Ringing", b'"%s"' % text.encode(), b'"555"')
            ringing[user] = raw
            found.append((BenchAri.frame("ChannelStateChange", raw), user, text))
    for user, raw in ringing.items():
        found.append((BenchAri.frame("ChannelDestroyed", raw, b'"cause":16,"cause_txt":"x",'), user,
                      None))
    return found


def send(events, per_second):
    sent = []
    start = time.monotonic()
    for i, (frame, _, _) in enumerate(events):
        wait = start + i / per_second - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sent.append(time.monotonic())
        server.push(frame)
    return sent


def of_watch(events, sent, start):
    """Milliseconds of each event: the n-th line of a user is the n-th event of that user."""
    late, lines, at = [], {}, 0
    data = bytes(watch.bytes[start:])
    chunks = [(when, size - start) for when, size in list(watch.chunks) if size > start]
    chunk = 0
    while (end := data.find(b"\n", at)) >= 0:
        while chunks[chunk][1] <= end:
            chunk += 1
        told = json.loads(data[at:end])
        lines.setdefault(told["extension"], []).append((chunks[chunk][0], told))
        at = end + 1
    turn = {}
    for (_, user, text), when in zip(events, sent):
        n = turn[user] = turn.get(user, -1) + 1
        if n >= len(lines.get(user, [])):
            return late, f"no line for event {n} of {user}"
        arrived, told = lines[user][n]
        if told["lamp"] != ("ringing" if text else "available"):
            return late, f"{user}: {told['lamp']} after event {n}"
        late.append((arrived - when) * 1000)
    return late, None


def of_console(events, sent, start):
    """Milliseconds until the frame was there that shows the ring's name."""
    frames = [(when, size) for when, size in list(console.chunks) if size > start]
    pieces = play(console, [start] + [size for _, size in frames], letter="E")
    seen = {}
    for (when, _), piece in zip(frames, pieces):
        for text in piece["tokens"]:
            seen.setdefault(text, when)
    rings = [(text, when) for (_, _, text), when in zip(events, sent) if text]
    missing = [text for text, _ in rings if text not in seen]
    return [(seen[text] - when) * 1000 for text, when in rings if text in seen], missing


for per_second in (20, 200):
    events = events_of(per_second * SECONDS)
    start_watch, start_console = len(watch.bytes), len(console.bytes)
    timer = Timer(SECONDS)
    sent = send(events, per_second)
    lag = timer.worst_ms()
    time.sleep(0.3)
    late, wrong = of_watch(events, sent, start_watch)
    tap.ok(wrong is None and len(late) == len(events),
           f"watch, {per_second}/s: one line for each of {len(events)} events", wrong)
    judge(tap, f"watch --json at {per_second} events a second", late or [9999], LIMIT_MS, lag)
    late, missing = of_console(events, sent, start_console)
    tap.ok(not missing, f"console, {per_second}/s: every ring could be seen", missing[:5])
    judge(tap, f"console at {per_second} events a second", late or [9999], LIMIT_MS, lag)
tap.end()
