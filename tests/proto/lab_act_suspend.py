"""Ctrl-Z in a console that no shell has started (tmux new-session callhud): nothing is stopped then, no
SIGCONT comes, and callhud must act as before. On the real Asterisk."""
import os
import sys

from actenv import ActLab, LockedTap, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from termenv import CALLHUD, Tmux  # noqa: E402

tap = LockedTap()
lab = ActLab(agents=3, supervisors=1, lines="ring_timeout = 6\n")
me = lab.supervisors[0]
env = lab.callhud_env()
for name in ("NO_COLOR", "COLORTERM", "TMUX", "LINES", "COLUMNS"):
    env.pop(name, None)
t = Tmux(24, 80, " ".join(["exec", CALLHUD, "--config", lab.config, "--profile", "s" + me]), env)
lab.phones.mode(me, "answer")
lab.talk("101")


def shown(text, name):
    tap.ok(t.wait(lambda s: text in s, 6) is not None, name, t.screen())


def made():
    """What the lists name, but for the application whose subscriptions the console lives by."""
    things = set()
    for path in lab.ledgers():
        with open(path) as f:
            for line in f.read().splitlines()[1:]:
                (things.add if line[0] == "+" else things.discard)(line[1:])
    return {t for t in things if not t.startswith("applications/")}


shown("101", "the console is there")
t.text("L")
shown(" LISTEN 101", "it listens")
t.keys("C-z")
shown("Suspend while supervising", "Ctrl-Z asks")
t.wait(lambda s: False, 0.4)  # the first 250 ms of a dialog take no answer
t.text("y")
shown("cannot be suspended here", "why it goes on is said")
tap.ok(until(lambda: made() == set()), "what was made is removed", made())
tap.ok(t.wait(lambda s: " live " in s and "LISTEN" not in s, 6) is not None, "the lamps are fresh again",
       t.screen())
t.text("L")
shown(" LISTEN 101", "and it acts as before")
t.text("X")
shown("you ended it", "it ends")
t.stop()
tap.end()
