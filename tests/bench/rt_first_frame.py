"""Start: callhud's complete first frame comes no later than htop's, on terminals alike, turn by turn
in one run. Complete is what the terminal shows: for callhud the header, the rule or line under it, the
people's cells and the key bar; for htop its meters and the function bar.

htop sleeps for some tens of milliseconds before its first full frame, to measure the processors
twice; that is part of when a person sees it. So that nothing is hidden, the first bytes and the
processor time are printed too."""
from benchenv import *

ROUNDS = 25
BOARD_ROUNDS = 8


def shown(env, text, *command):
    done = subprocess.run([tool("bench_first_frame"), "24", "80", text, *command], env=env,
                          stdout=subprocess.PIPE, text=True, timeout=20)
    found = re.findall(r"(\w+) (\d+)", done.stdout)
    return {k: int(v) for k, v in found} if done.returncode == 0 else None


def median(rounds, key):
    return percentile([r[key] for r in rounds], 50) / 1000


tap = Tap()
server = BenchAri(60)
home = server.home()
env = home.env()
console = [CALLHUD, "--config", home.config, "console"]

ours, theirs = [], []
for i in range(ROUNDS + 1):
    a = shown(env, "^not connected|NOW|1001|$help", *console)
    b = shown(env, "$F10|Tasks", "htop")
    if i > 0 and a and b:  # the first round only warms the caches
        ours.append(a)
        theirs.append(b)
tap.ok(len(ours) == ROUNDS, "both programs showed a complete first frame in every round",
       f"{len(ours)} of {ROUNDS}")
if ours:
    for key, name in (("complete_us", "complete first frame"), ("first_us", "first byte"),
                      ("cpu_us", "processor time until then")):
        a, b = median(ours, key), median(theirs, key)
        figure(tap, name, f"callhud / htop = {a / b:.2f} ({a:.1f} ms / {b:.1f} ms, medians of "
                          f"{len(ours)} rounds, 80x24, 60 users)")
    figure(tap, "bytes of the first frame", f"{ours[0]['bytes']} (htop {theirs[0]['bytes']})")
    ratio = median(ours, "complete_us") / median(theirs, "complete_us")
    tap.ok(ratio <= 1, "the complete first frame is no later than htop's", f"ratio {ratio:.2f}")

boards = [shown(env, "^live|^ 60 |1001|$help", *console) for _ in range(BOARD_ROUNDS)]
good = [b for b in boards if b]
tap.ok(len(good) == BOARD_ROUNDS, "a connected board was shown in every round")
if good:
    board = median(good, "complete_us")
    figure(tap, "connected board", f"{board:.0f} ms from start to live lamps, 60 users, loopback")
    tap.ok(board <= 300, "a connected board within 300 ms on loopback", f"{board:.0f} ms")
tap.end()
