"""Bytes to the terminal. An idle board writes nothing for cells that did not change, and nothing at
all between the ticks of its clocks; one lamp change costs at most 96 bytes for its cell (lamp, age,
words with the other party, marks) and 400 in all, with counts, NOW line, department line and the
window's title."""
from benchenv import *

IDLE_SECONDS = int(os.environ.get("CALLHUD_IDLE_SECONDS", 62))
CELL_LIMIT, ALL_LIMIT = 96, 400
BOLD_SECONDS = 1.1
# Up to five cells between two that changed ("bridged" in bench_play) are written again, which is
# shorter than a movement over them; any other cell that did not change must be left alone, but for
# one beside a change now and then.
UNCHANGED_LIMIT = 3
TERMINALS = [(term, rows, cols) for term in ("xterm-256color", "tmux-256color")
             for rows, cols in ((24, 80), (50, 200))]

tap = Tap()


def quiet(program, seconds=0.25, timeout=5):
    """Waits until nothing came for so long."""
    size, since = -1, 0
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if len(program.bytes) != size:
            size, since = len(program.bytes), time.monotonic()
        elif time.monotonic() - since > seconds:
            return
        time.sleep(0.02)


def consoles(server):
    found = []
    for term, rows, cols in TERMINALS:
        home = server.home()
        found.append(Pty(["--config", home.config, "console"], rows=rows, cols=cols,
                         env=home.env(TERM=term)))
    for program, (term, rows, cols) in zip(found, TERMINALS):
        tap.ok(program.wait("live", 10) is not None, f"{term} {cols}x{rows}: connected")
        quiet(program)
    return found


def changes_of(server, user, name, number):
    channel_id, raw = server.channel(user, "Ringing", b'"%s"' % name.encode(),
                                     b'"%s"' % number.encode())
    up = raw.replace(b'"state":"Ringing"', b'"state":"Up"')
    end = b'"cause":16,"cause_txt":"Normal Clearing",'
    return [("free to ring", BenchAri.frame("ChannelStateChange", raw)),
            ("ring to talk", BenchAri.frame("ChannelStateChange", up)),
            ("talk to hold", BenchAri.frame("ChannelHold", up)),
            ("hold to talk", BenchAri.frame("ChannelUnhold", up)),
            ("talk to free", BenchAri.frame("ChannelDestroyed", up, end))]


def lamp_changes(server, programs, user, party, number):
    """Each kind of change of one lamp, alone, on every terminal: the dearest one counts."""
    who = f"with {party}" if party else "with a caller of no name and number"
    changes = changes_of(server, user, party, number)
    worst = [{"inside": 0, "bytes": 0} for _ in programs]
    places = [p.screen().find(f"{user} ") for p in programs]
    for what, frame in changes:
        time.sleep(BOLD_SECONDS)  # the change before is bold for so long; its end is another frame
        for p in programs:
            quiet(p, 0.3)
        before = [len(p.bytes) for p in programs]
        server.push(frame)
        time.sleep(0.3)
        for i, p in enumerate(programs):
            row, col = places[i]
            # The frame of the change alone: a smaller one is a clock's, or the blinking.
            ends = [size for _, size in list(p.chunks) if size > before[i]]
            pieces = play(p, [before[i], *ends], (row, col - 3, 2, 27)) if ends else []
            piece = max(pieces, key=lambda x: x["changed"], default={
                "inside": 0, "bytes": 0, "changed": 0, "unchanged": 0})
            worst[i]["inside"] = max(worst[i]["inside"], piece["inside"])
            worst[i]["bytes"] = max(worst[i]["bytes"], piece["bytes"])
            tap.note(f"{TERMINALS[i][0]} {p.cols}x{p.rows} {what} {who}: {piece['inside']} bytes for "
                     f"the cell, {piece['bytes']} in all, {piece['changed']} cells changed, "
                     f"{piece['unchanged']} written as they were")
            tap.ok(piece["changed"] > 0 and piece["unchanged"] <= piece["changed"] / 4,
                   f"{TERMINALS[i][0]} {p.cols}x{p.rows}, {what} {who}: what changed is written")
    for (term, rows, cols), most in zip(TERMINALS, worst):
        name = f"{term} {cols}x{rows}, {who}"
        figure(tap, f"one lamp change on {name}",
               f"{most['inside']} bytes for the cell (limit {CELL_LIMIT}), {most['bytes']} in "
               f"all (limit {ALL_LIMIT}); the dearest of {len(changes)} kinds")
        tap.ok(0 < most["inside"] <= CELL_LIMIT,
               f"{name}: a lamp change takes at most {CELL_LIMIT} bytes for its cell",
               most["inside"])
        tap.ok(most["bytes"] <= ALL_LIMIT,
               f"{name}: a lamp change takes at most {ALL_LIMIT} bytes in all", most["bytes"])


def idle(programs):
    begin = [len(p.bytes) for p in programs]
    since = time.monotonic()
    time.sleep(IDLE_SECONDS)
    for (term, rows, cols), p, start in zip(TERMINALS, programs, begin):
        name = f"{term} {cols}x{rows}"
        frames = [(when, size) for when, size in list(p.chunks) if size > start]
        pieces = play(p, [start] + [size for _, size in frames]) if frames else []
        wrote = len(p.bytes) - start
        seconds = {int((when - since) * 20) for when, _ in frames}  # twentieths with output
        figure(tap, f"idle board on {name}", f"{wrote * 60 / IDLE_SECONDS:.0f} bytes a minute in "
               f"{len(frames)} frames; {sum(x['changed'] for x in pieces)} cells changed, "
               f"{sum(x['unchanged'] for x in pieces)} written as they were, "
               f"{sum(x['bridged'] for x in pieces)} of a few between two changes")
        tap.ok(all(x["changed"] > 0 for x in pieces), f"{name}: no frame for nothing")
        tap.ok(all(x["unchanged"] <= UNCHANGED_LIMIT for x in pieces),
               f"{name}: unchanged cells are not written",
               [x for x in pieces if x["unchanged"] > UNCHANGED_LIMIT][:3])
        tap.ok(len(seconds) <= IDLE_SECONDS + 2 and len(frames) <= IDLE_SECONDS + 4,
               f"{name}: nothing is written between the ticks of the clock", len(frames))


server = BenchAri(60)
programs = consoles(server)
lamp_changes(server, programs, server.users[10], "", "")
lamp_changes(server, programs, server.users[13], "Marta Quist", "5550142")
for p in programs:
    quiet(p, 0.3)
idle(programs)
tap.end()
