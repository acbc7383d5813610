"""What an event, a snapshot and a frame cost with 100, 1,000 and 5,000 users, as ratios against
reference loops of the same run: jansson alone decoding the same event, ncurses alone painting as many
cells. Fails on ratios only: bare times are for reading."""
from benchenv import *

EVENT_LIMIT = 5      # times jansson, at 5,000 users: decode, world, telling, model
USER_LIMIT = 4       # times jansson: one user of a snapshot at 5,000
PAINT_LIMIT = 3      # times ncurses
FRAME_LIMIT = 12     # times ncurses: a board of 5,000 drawn into cells
GOALS = {"snapshot": 500, "frame": 8}  # milliseconds at 5,000 users, of the performance page


def costs(*command):
    env = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8")
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, timeout=120)
    return {k: int(v) / 1000 for k, v in re.findall(r"(\w+) ns_each (\d+)", done.stdout)}


tap = Tap()
curses = costs(tool("bench_curses")).get("curses")
tap.ok(curses is not None, "the reference of ncurses ran")
for users in (100, 1000, 5000):
    c = costs(tool("bench_cost"), str(users))
    if not tap.ok(len(c) == 6 and curses, f"{users} users: everything ran", c):
        continue
    figure(tap, f"an event, {users} users", f"{c['event'] / c['jansson']:.1f} x jansson alone "
           f"({c['event']:.0f} us / {c['jansson']:.0f} us)")
    figure(tap, f"a snapshot, {users} users", f"{c['snapshot'] / users / c['jansson']:.1f} x jansson "
           f"for each user ({c['snapshot'] / 1000:.1f} ms in all, network aside)")
    figure(tap, f"a frame 200x50, {users} users", f"drawn {c['frame'] / curses:.1f} x ncurses "
           f"painting every cell ({c['frame'] / 1000:.2f} ms); one lamp from event to bytes "
           f"{c['one'] / 1000:.2f} ms")
    figure(tap, f"every cell of 200x50 painted, {users} users",
           f"{c['paint'] / curses:.1f} x ncurses alone ({c['paint'] / 1000:.2f} ms)")
    tap.ok(c["event"] <= EVENT_LIMIT * c["jansson"],
           f"{users} users: an event costs at most {EVENT_LIMIT} times its JSON")
    tap.ok(c["snapshot"] / users <= USER_LIMIT * c["jansson"],
           f"{users} users: a snapshot costs at most {USER_LIMIT} times an event's JSON for a user")
    tap.ok(c["paint"] <= PAINT_LIMIT * curses,
           f"{users} users: painting costs at most {PAINT_LIMIT} times ncurses alone")
    tap.ok(c["frame"] <= FRAME_LIMIT * curses,
           f"{users} users: drawing the board costs at most {FRAME_LIMIT} times ncurses alone")
    for name, goal in GOALS.items():
        if c[name] / 1000 > goal:
            tap.note(f"above its goal of {goal} ms on this machine: {name} {c[name] / 1000:.1f} ms")
tap.end()
