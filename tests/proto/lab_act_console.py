"""The console acts, in tmux at 80x24 on the real Asterisk (issue: acting on calls, Shows 5): L W B T P K
D R X with their dialogs, the supervision bar, the guards against keys that were not meant. Pictures go to
build/captures/."""
import os
import signal
import sys
import time

from actenv import (AGENT, CALLER, HEARD_DB, SUPERVISOR, UNHEARD_DB, ActLab, LockedTap, until)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from termenv import BUILD, CALLHUD, Tmux  # noqa: E402

tap = LockedTap()
lab = ActLab(agents=5, supervisors=1, lines="ring_timeout = 6\n",
             users=["101 = Noor Haddad | Sales", "102 = Rana Aziz | Sales", "103 = Omar Said | Sales",
                    "104 = Lena Fischer | Sales", "105 = Ken Ito | Sales", "106 = Sue Pohl | Lead"])
phones = lab.phones
me = lab.supervisors[0]
tap.note(lab.info["version"])
before_all = lab.picture()
captures = os.path.join(BUILD, "captures")
os.makedirs(captures, exist_ok=True)


def console(*more):
    env = lab.callhud_env()
    for name in ("NO_COLOR", "COLORTERM", "TMUX", "LINES", "COLUMNS"):
        env.pop(name, None)
    return Tmux(24, 80, " ".join([CALLHUD, "--config", lab.config, "--profile", "s" + me, *more]), env)


t = console()


def shown(test, name, timeout=5.0, capture=None):
    """The screen comes to show it."""
    screen = t.wait(test, timeout)
    tap.ok(screen is not None, name, t.screen())
    if capture:
        with open(os.path.join(captures, f"act_{capture}.txt"), "w", encoding="utf-8") as f:
            f.write(t.screen() + "\n")
        with open(os.path.join(captures, f"act_{capture}.ansi"), "w", encoding="utf-8") as f:
            f.write(t.tmux("capture-pane", "-p", "-e", "-t", "s").stdout)
    return screen


def bar(screen):
    """The last three lines: supervision, message, keys."""
    return "\n".join(screen.split("\n")[-3:])


def select(ext):
    """The user becomes the selected one: the extension is typed."""
    t.text(ext)
    time.sleep(0.7)


def dialog(title, name, *facts, capture=None):
    """A dialog with its effect in the title, facts in the body, and y for yes."""
    return shown(lambda s: title in s and "┌" in s and " y  " in s and all(f in s for f in facts), name,
                 capture=capture)


def no_dialog(name):
    return shown(lambda s: "┌" not in s, name)


def yes():
    time.sleep(0.35)  # input of the first 250 ms is ignored
    t.text("y")


def hears(name, **wanted):
    """caller=True: the caller hears the supervisor; agent=True: likewise."""
    levels = phones.hear({"caller": caller, "agent": "101"})
    good = all((levels[w][SUPERVISOR] > HEARD_DB) if is_heard else (levels[w][SUPERVISOR] < UNHEARD_DB)
               for w, is_heard in wanted.items())
    tap.ok(good, name, levels)


def talk(agent, number, name):
    leg = lab.talk(agent, number, name)
    shown(lambda s: name in s, f"{name} is on the screen")
    return leg


shown(lambda s: " live " in s.split("\n")[0] + " " and "Noor Haddad" in s, "the console is live", 8)
caller = talk("101", "5551234", "Acme Ltd")
phones.tone(caller, CALLER)
phones.tone("101", AGENT)

# ---- listen: the phone rings, is lifted, the bar says who hears whom -------------------------------
select("101")
t.text("L")
shown(lambda s: f"Your phone {me} rings: lift it" in s, "L: the own phone rings, and that is said",
      capture="phone_rings")
tap.ok("nobody hears you" not in bar(t.screen()), "L: nothing is claimed before it is confirmed", t.screen())
phones.answer(me)
phones.tone(me, SUPERVISOR)
screen = shown(lambda s: "LISTEN 101 Noor Haddad" in bar(s) and "Acme Ltd" in bar(s) and
               "nobody hears you" in bar(s) and "X stop" in bar(s), "L: the bar", capture="listen")
shown(lambda s: "♪" in s, "L: the mark in the cell")
hears("L: nobody hears the supervisor", caller=False, agent=False)
t.text("W")
shown(lambda s: "WHISPER 101" in bar(s) and "Noor" in bar(s) and "hears you" in bar(s) and
      "nobody hears you" not in bar(s), "W: the agent hears, and the bar says so", capture="whisper")
hears("W: the agent alone hears the supervisor", caller=False, agent=True)

# ---- barge asks: default no, y only, nothing typed ahead -------------------------------------------
t.text("B")
dialog("Barge into the call of Noor Haddad?", "B: asks", "Both parties will hear you",
       capture="barge_asks")
t.text("B")
time.sleep(0.4)
t.text("Y")
time.sleep(0.4)
tap.ok("BARGE" not in bar(t.screen()), "B: neither the key itself nor Y is a yes", t.screen())
t.keys("Escape")
no_dialog("B: Esc leaves the call alone")
t.text("B")
dialog("Barge into the call of Noor Haddad?", "B: asks again")
time.sleep(0.35)
t.keys("Enter")
no_dialog("B: the default is no")
t.text("By")
time.sleep(0.6)
tap.ok("BARGE" not in bar(t.screen()) and "both hear you" not in bar(t.screen()),
       "B: a y typed ahead is no yes", t.screen())
t.keys("Escape")
no_dialog("B: left again")
hears("B: until yes, the caller hears nothing", caller=False, agent=True)
t.text("B")
dialog("Barge into the call of Noor Haddad?", "B: asks once more")
yes()
shown(lambda s: "BARGE 101" in bar(s) and "both hear you" in bar(s), "B y: the bar", capture="barge")
hears("B: both hear the supervisor", caller=True, agent=True)
t.text("L")
shown(lambda s: "LISTEN 101" in bar(s) and "nobody hears you" in bar(s), "L: back to listening")
hears("L: and nobody hears the supervisor", caller=False, agent=False)

# ---- leaving asks while supervising; X stops -------------------------------------------------------
t.text("q")
shown(lambda s: "┌" in s, "q: asks while supervising", capture="quit_asks")
time.sleep(0.35)
t.keys("Escape")
no_dialog("q: and stays")
t.text("X")
shown(lambda s: "LISTEN" not in bar(s) and "hears you" not in bar(s), "X: the bar is gone",
      capture="stopped")
tap.ok(until(lambda: not phones.legs(me)), "X: the phone is on the hook", phones.legs(me))

# ---- what is not there: pasted text, a stray capital ------------------------------------------------
t.tmux("set-buffer", "LyWyByPyKyDyRy")
t.tmux("paste-buffer", "-p", "-t", "s")
time.sleep(0.7)
tap.ok(not phones.legs(me) and "┌" not in t.screen() and lab.leg_of("101") is not None,
       "pasted text does nothing", t.screen())
t.text("H")
shown("Caps Lock is on", "H: Caps Lock is said", capture="caps_lock")
t.text("L")
time.sleep(0.6)
tap.ok(not phones.legs(me), "after H the capitals are disarmed", phones.legs(me))
t.text("h")
time.sleep(0.3)

# ---- why not, and the menu ---------------------------------------------------------------------------
select("101")
t.text("P")
shown("101 has no held or ringing call", "P: refused, and why", capture="pickup_refused")
t.text("i")
shown(lambda s: "pick up" in s.lower(), "i: why")
t.keys("Escape")
select("101")
t.text("x")
shown(lambda s: all(w in s.lower() for w in ("listen", "whisper", "barge", "take over", "pick up",
                                             "hang up", "record")), "x: the menu", capture="menu")
t.keys("Escape")

# ---- pick up of a held line ---------------------------------------------------------------------------
held = talk("103", "5559876", "Globex")
phones.tone(held, CALLER)
lab.hold("103")
select("103")
shown(lambda s: "hold" in s, "103 holds")
t.text("P")
dialog("103", "P: shows who is on the line and whose it is", "Omar Said", "Globex", capture="pickup_asks")
time.sleep(0.35)
t.keys("Escape")
no_dialog("P: Esc leaves it")
tap.ok(lab.is_held("103") and not phones.legs(me), "P: nothing happened")
t.text("P")
dialog("103", "P: asks again", "Omar Said")
yes()
shown(lambda s: f"Your phone {me} rings: lift it" in s, "P y: the own phone rings")
phones.answer(me)
phones.tone(me, SUPERVISOR)
tap.ok(until(lambda: lab.is_bridged(lab.carrier_leg("5559876"), lab.leg_of(me))),
       "P y: supervisor and caller are together", lab.bridges())
levels = phones.hear({"held": held, "me": me})
tap.ok(levels["held"][SUPERVISOR] > HEARD_DB and levels["me"][CALLER] > HEARD_DB,
       "P y: and hear each other", levels)
shown(lambda s: f"rings: lift it" not in s, "P y: nothing is waited for any more", capture="picked_up")
tap.ok(until(lambda: not lab.leg_of("103")), "P y: the agent is free")
phones.drop(held)
until(lambda: not lab.leg_of(me))

# ---- a ringing line that ends while the dialog is open ----------------------------------------------
ring = phones.call("5554444", "Initech", "104")
select("104")
shown("Initech", "104 rings")
t.text("P")
dialog("104", "P: asks for a ringing line", "Lena Fischer", "Initech")
phones.drop(ring)
no_dialog("P: closes harmlessly when the call ends")
t.text("y")
time.sleep(0.4)
tap.ok(not phones.legs(me), "P: and a late y does nothing", phones.legs(me))
t.keys("Escape")

# ---- nobody lifts the phone --------------------------------------------------------------------------
select("101")
t.text("L")
shown(lambda s: f"Your phone {me} rings: lift it" in s, "L: rings")
leg = phones.leg(me, "Ring")
phones.rest.must("DELETE", f"/channels/{leg}", reason="busy")
shown(lambda s: "rings: lift it" not in s and me in bar(s), "L: refused by the phone, and the reason",
      capture="phone_refused")

# ---- take over -----------------------------------------------------------------------------------------
t.text("L")
phones.answer(me)
phones.tone(me, SUPERVISOR)
shown(lambda s: "nobody hears you" in bar(s), "L: listens again")
t.text("T")
dialog("ake over", "T: asks", "Noor Haddad", capture="takeover_asks")
yes()
tap.ok(until(lambda: lab.is_bridged(lab.carrier_leg("5551234"), lab.leg_of(me))),
       "T y: supervisor and caller are together", lab.bridges())
tap.ok(until(lambda: not lab.leg_of("101")), "T y: the agent is out")
levels = phones.hear({"caller": caller, "me": me})
tap.ok(levels["caller"][SUPERVISOR] > HEARD_DB and levels["me"][CALLER] > HEARD_DB,
       "T y: and hear each other", levels)
shown(lambda s: "LISTEN" not in bar(s), "T y: the bar is gone", capture="taken_over")
phones.drop(caller)

# ---- hang up, do not disturb, record -------------------------------------------------------------------
caller = talk("102", "5553333", "Contoso")
select("102")
t.text("R")
time.sleep(0.5)
if "┌" in t.screen():
    shown(lambda s: " y  " in s, "R: says what ends a recording", capture="record_asks")
    yes()
shown(lambda s: " r " in s.replace("r\n", " r \n") or "recording on" in s or
      any(l.rstrip().endswith("r") for l in s.split("\n")[:-3]), "R: the call is marked as recorded",
      capture="record")
tap.ok(until(lambda: lab.status(profile="s" + me)["102"]["calls"][0]["recorded"] is True),
       "R: another callhud sees it")
t.text("R")
time.sleep(0.5)
if "┌" in t.screen():
    yes()
tap.ok(until(lambda: not lab.status(profile="s" + me)["102"]["calls"][0]["recorded"], 5),
       "R: and off again", t.screen())
t.text("K")
dialog("ang up", "K: asks", "Rana Aziz", "Contoso", capture="hangup_asks")
t.text("K")
time.sleep(0.4)
t.keys("Escape")
no_dialog("K: Esc leaves the call")
tap.ok(lab.leg_of("102") is not None, "K: which goes on")
t.text("K")
dialog("ang up", "K: asks again")
yes()
tap.ok(until(lambda: not lab.leg_of("102")), "K y: the call is over", lab.channels())
tap.ok(until(lambda: not phones.is_there(caller)), "K y: for the caller too")
select("105")
t.text("D")
time.sleep(0.5)
if "┌" in t.screen():
    yes()
shown("do not disturb", "D: the lamp", capture="dnd")
t.text("D")
time.sleep(0.5)
if "┌" in t.screen():
    yes()
shown(lambda s: "do not disturb" not in "\n".join(s.split("\n")[:-3]), "D: and off again")

# ---- leaving while supervising -------------------------------------------------------------------------
caller = talk("101", "5551235", "Umbrella")
select("101")
t.text("L")
phones.answer(me)
shown(lambda s: "nobody hears you" in bar(s), "L: listens before leaving")

# ---- a reload keeps the supervision, or asks -------------------------------------------------------------
with open(lab.config, encoding="utf-8") as f:
    config = f.read()


def reload(more, by_signal=False):
    with open(lab.config, "w", encoding="utf-8") as f:
        f.write(config + more)
    if by_signal:
        os.kill(int(t.tmux("display-message", "-p", "-t", "s", "#{pane_pid}").stdout), signal.SIGUSR2)
    else:
        t.text(":reload")
        t.keys("Enter")


renamed = f"[users s{me}]\n105 = Ken Itoh | Sales\n"


def listens_still(name):
    time.sleep(0.3)
    tap.ok("LISTEN 101" in bar(t.screen()) and phones.legs(me), name, t.screen())


reload("[callhud]\nblink = no\n")
shown("configuration reloaded", "reload: what the screens alone need is taken")
listens_still("reload: and the supervision goes on")
reload(renamed, by_signal=True)
shown("not reloaded", "SIGUSR2: what would end the supervision is not done", capture="reload_signal")
listens_still("SIGUSR2: and the supervision goes on")
reload(renamed)
dialog("Reload while supervising 101 Noor", "reload: asks", "Listening to 101", capture="reload_asks")
time.sleep(0.35)
t.keys("Escape")
no_dialog("reload: not now")
listens_still("reload: and the supervision goes on")
reload(renamed)
dialog("Reload while supervising 101 Noor", "reload: asks again")
yes()
shown(lambda s: "Ken Itoh" in s and "LISTEN" not in bar(s), "reload y: it is ended, all is read anew", 8)
tap.ok(until(lambda: not phones.legs(me)), "reload y: the phone is on the hook", phones.legs(me))
reload("")
shown(lambda s: "Ken Itoh" not in s and " live " in s.split("\n")[0] + " ", "reload: nothing goes on: no question", 8)
select("101")
t.text("L")
phones.answer(me)
shown(lambda s: "nobody hears you" in bar(s), "L: listens again")
t.text("q")
shown(lambda s: "┌" in s and " y  " in s, "q: asks")
yes()
tap.ok(t.wait(lambda s: "Pane is dead" in s or "nobody hears you" not in s, 6) is not None,
       "q y: leaves", t.screen())
tap.ok(until(lambda: not lab.leg_of(me) and not lab.leftovers()), "q y: nothing is left", lab.leftovers())
t.stop()

# ---- --read-only ---------------------------------------------------------------------------------------
t = console("--read-only")
shown(lambda s: " live " in s.split("\n")[0] + " " and "Umbrella" in s, "--read-only: live", 8)
select("101")
for key in "LWBTPKDR":
    t.text(key)
    shown(lambda s: "read-only" in bar(s), f"--read-only: {key} is refused, and why")
    time.sleep(0.1)
tap.ok(not lab.leg_of(me) and lab.leg_of("101") is not None and "┌" not in t.screen(),
       "--read-only: nothing happens", t.screen())
t.stop()
phones.drop(caller)
tap.ok(until(lambda: not lab.difference(before_all)), "channels and bridges are as before",
       lab.difference(before_all))
tap.ok(not lab.ledgers(), "no list of things made is left", lab.ledgers())
done = lab.command("audit", "verify", profile="s" + me)
tap.ok(done.returncode == 0, "audit verify finds nothing", done.stdout + done.stderr)
tap.end()
