"""What the console does for its screens: pictures, copies, themes with signs of their own, Ctrl-C in a
prompt, smaller screens in tmux."""
import os
import time

from termenv import FakeAri, Home, Pty, Tap, Tmux, CALLHUD, expect

tap = Tap()
ari = FakeAri(users=["101", "102"])
home = Home(ari.url(), users=["101 = Noor Haddad | Sales", "102 = Rana Aziz | Sales"])


def console(*args, **more):
    return Pty(["--config", home.config, *args], env=home.env(**more))


def live(pty, name):
    return expect(tap, pty, lambda s: " live " in s.rows[0] + " " and "Noor Haddad" in s, f"{name}: live", 8)


# ---- a picture of the board, not of the prompt it was asked in --------------------------------------
pty = console()
live(pty, "picture")
ari.ring("102")
expect(tap, pty, lambda s: "rings Caller" in s, "picture: a ring")
for name in ("board.txt", "board.svg"):
    file = os.path.join(home.dir, name)
    pty.type(f":shot {file}\r")
    expect(tap, pty, lambda s: "picture written to " in s and name in s, f"picture: {name}: said")
    with open(file, encoding="utf-8") as f:
        text = f.read()
    is_good = "rings Caller" in text and "shot " not in text and "Rana Aziz" in text
    tap.ok(is_good, f"picture: {name} shows the board alone", "" if is_good else text[:2000])
    time.sleep(0.1)
pty.type(":shot /proc/no/board.svg\r")
expect(tap, pty, lambda s: "no picture was written" in s and "(i why)" in s, "picture: refused, and why")

# ---- Ctrl-C leaves a prompt, then the program -------------------------------------------------------
pty.type("/zzz")
expect(tap, pty, lambda s: "No user matches" in s, "Ctrl-C: a filter is typed")
pty.type("\x03")
expect(tap, pty, lambda s: "Noor Haddad" in s and "No user matches" not in s, "Ctrl-C: left the prompt")
tap.ok(pty.wait_exit(0.3) is None, "Ctrl-C: not the program")
pty.type("\x03")
tap.ok(pty.wait_exit(3) == 130, "Ctrl-C: a second one does")

# ---- a terminal without a clipboard is said to be one -----------------------------------------------
pty = console(TERM="vt100")
live(pty, "vt100")
expect(tap, pty, lambda s: ">● 101" in s, "vt100: the selection is marked without colours")
pty.type("y")
expect(tap, pty, lambda s: "this terminal takes no copies" in s, "vt100: no copy is claimed")
pty.stop()

# ---- a theme's own signs ----------------------------------------------------------------------------
folder = os.path.join(home.dir, "callhud", "themes")
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "mine.theme"), "w", encoding="utf-8") as f:
    f.write("background = #16161e\n[roles]\ntext = default\n[glyphs]\nringing = R\navailable = F\n")
pty = console("--theme", "mine")
live(pty, "signs")
expect(tap, pty, lambda s: "F 101 Noor" in s and "R 102 Rana" in s and "R 1" in s.rows[0], "signs: of the theme")
pty.stop()

# ---- tmux: a smaller window shows nothing of the larger one -----------------------------------------
t = Tmux(24, 80, f"{CALLHUD} --config {home.config}", home.env())
t.wait(lambda s: "Noor Haddad" in s, 8)
for rows, cols in ((4, 20), (2, 12), (8, 30), (4, 20)):
    t.resize(rows, cols)
    time.sleep(0.5)
    shown = [row.rstrip() for row in t.rows()]
    if rows == 4:
        tap.ok("101 Noor" in shown[2] + shown[3] and "free" not in "".join(shown) and
               "offline" not in "".join(shown), f"tmux: {cols}x{rows} is whole", shown)
    elif rows == 2:
        tap.ok(shown[1:] == [""], f"tmux: {cols}x{rows} has counts alone", shown)
t.stop()
tap.end()
