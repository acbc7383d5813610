"""The real Asterisk on the screens: one call rings, one is held, one is talked on. At 20x4, 40x12,
80x24 and 200x50, in UTF-8 and ASCII, the pictures have the structure of the design; they are left in
captures/ of the build for people to look at. Then the PBX is killed under all of them."""
import os
import re
import time

from termenv import BUILD, CALLHUD, Lab, Tap, Tmux, cells_of, wait_until

PEOPLE = ["101 = Noor Haddad | Sales", "102 = Rana Aziz | Sales", "103 = Omar Said | Sales",
          "104 = Lena Fischer | Sales", "105 = Zoë Brandt | Support", "106 = 田中 花子 | Support",
          "107 = Jo Park | Support", "108 = Ida Lund | Support"]
SIZES = [(4, 20), (12, 40), (24, 80), (50, 200)]
LAMPS = {"101": "free", "102": "ring", "103": "hold", "104": "talk", "105": "offline", "106": "dnd",
         "107": "free", "108": "free"}
GLYPHS = {"ring": "▲!", "hold": "║=", "talk": "■#", "free": "●o", "dnd": "×x", "offline": "○."}
AGE = r"(0:\d\d|≥?>?<?\d+[smhd]\d*|\s*)"
CAPTURES = os.path.join(BUILD, "captures")

tap = Tap()
lab = Lab(agents=8, users=PEOPLE)
tap.note(lab.info["version"])
os.makedirs(CAPTURES, exist_ok=True)
lab.scenario("unregister", "105")
lab.scenario("dnd", "106", "on")


class Wall:
    """One console in tmux."""

    def __init__(self, rows, cols, is_ascii):
        self.size = (rows, cols)
        self.is_ascii = is_ascii
        self.name = f"{cols}x{rows} {'ASCII' if is_ascii else 'UTF-8'}"
        self.tmux = Tmux(rows, cols, f"{CALLHUD} --config {lab.config} --profile lab"
                         + (" --ascii" if is_ascii else "") + "; echo ENDED $?; exec sleep 60",
                         lab.callhud_env())

    def glyph(self, lamp):
        return GLYPHS[lamp][self.is_ascii]

    def pick(self, utf8, ascii_text):
        return ascii_text if self.is_ascii else utf8

    def capture(self, view):
        rows = self.tmux.rows()
        with open(os.path.join(CAPTURES, f"{self.name.replace(' ', '-').lower()}-{view}.txt"), "w",
                  encoding="utf-8") as f:
            f.write("\n".join(rows) + "\n")
        cells = [cells_of(row) for row in rows]
        ok = len(rows) == self.size[0] and all(len(c) <= self.size[1] for c in cells)
        tap.ok(ok, f"{self.name} {view}: {self.size[0]} lines, none wider than the screen",
               "" if ok else f"{len(rows)} lines, widest {max(map(len, cells))}\n" + "\n".join(rows))
        if self.is_ascii:
            tap.ok(all(ord(c) < 128 for c in "".join(rows)), f"{self.name} {view}: ASCII only")
        return rows, [(c + [" "] * self.size[1])[:self.size[1]] for c in cells]


walls = [Wall(rows, cols, is_ascii) for rows, cols in SIZES for is_ascii in (False, True)]
for wall in walls:
    tap.ok(wall.tmux.wait("live", 10) is not None and wall.tmux.wait("101", 5) is not None,
           f"{wall.name}: live")
lab.scenario("talk", "104", "5551234", "Acme Ltd")
lab.scenario("talk", "103", "4155550100", "Contoso")
lab.scenario("hold", "103")
lab.scenario("call", "2125550142", "Globex", "102")


def like(wall, rows, index, pattern, name):
    line = rows[index] if index < len(rows) else ""
    good = re.fullmatch(pattern, line) is not None
    tap.ok(good, f"{wall.name}: {name}", "" if good else f"{line!r}\nwanted {pattern!r}")


def counts(wall, gap, zeros):
    order = [("ring", 1), ("hold", 1), ("talk", 1), ("free", 3), ("dnd", 1), ("offline", 1)]
    return ("  " if gap else " ").join(re.escape(wall.glyph(k)) + (" " if gap else "") + str(n)
                                       for k, n in order[:zeros])


def grid(wall, rows, cells, pitch, columns, name_row):
    """Two-line cells: every lamp, extension, age, mark and word in its column."""
    wrong = []
    place = {}
    row = name_row
    for department in (["101", "102", "103", "104"], ["105", "106", "107", "108"]):
        row += 1  # its heading
        for i, extension in enumerate(department):
            place[extension] = (row + 2 * (i // columns), pitch * (i % columns))
        row += 2 * ((len(department) + columns - 1) // columns)
    marks = {"102": "P", "103": "P"}
    words = {"101": "free", "102": "rings Globex", "103": "hold Contoso",
             "104": wall.pick("← Acme Ltd", "< Acme Ltd"), "105": "offline", "106": "do not disturb",
             "107": "free", "108": "free"}
    for extension, (r, c) in place.items():
        head = "".join(cells[r][c:c + pitch])
        second = "".join(cells[r + 1][c:c + pitch])
        if cells[r][c + 1] != wall.glyph(LAMPS[extension]) or "".join(cells[r][c + 3:c + 6]) != extension:
            wrong.append(f"{extension}: {head!r}")
        if "".join(cells[r + 1][c + 3:c + 3 + len(words[extension])]) != words[extension]:
            wrong.append(f"{extension}: {second!r} is not {words[extension]!r}")
        if cells[r + 1][c + pitch - 2] != marks.get(extension, " "):
            wrong.append(f"{extension}: mark {cells[r + 1][c + pitch - 2]!r}")
        if extension in ("102", "103", "104") and not re.search(r"\d[\ds]$", head[:pitch - 1].rstrip()):
            wrong.append(f"{extension}: no age in {head!r}")
        bar = wall.pick("▌", ">") if extension == "101" else " "
        if cells[r][c] != bar or cells[r + 1][c] != bar:
            wrong.append(f"{extension}: selection {cells[r][c]!r} {cells[r + 1][c]!r}")
    tap.ok(not wrong, f"{wall.name}: cells of {pitch} columns, {columns} beside each other",
           "\n".join(wrong + (rows if wrong else [])))


def check_20x4(wall, rows, cells):
    like(wall, rows, 0, " live  " + counts(wall, False, 3) + ".*", "link and counts")
    like(wall, rows, 1, re.escape(wall.glyph("ring")).join([" ", r"102 Rana +0:\d\d P ?"]), "rings first")
    like(wall, rows, 2, re.escape(wall.glyph("hold")).join([" ", r"103 Omar +0:\d\d P ?"]), "then holds")
    like(wall, rows, 3, wall.pick("▌", ">") + re.escape(wall.glyph("free")) + "101 Noor.*",
         "then the selected user")


def check_40x12(wall, rows, cells):
    like(wall, rows, 0, " lab live  " + counts(wall, False, 6) + r" +\d\d:\d\d", "link, counts, time")
    tap.ok(len(cells_of(rows[0])) == 39, f"{wall.name}: the time is at the right")
    like(wall, rows, 1, " " + re.escape(wall.glyph("ring")) + r" 102 Rana Aziz +0:\d\d P Globex", "rings")
    like(wall, rows, 2, " " + re.escape(wall.glyph("hold")) + r" 103 Omar Said +0:\d\d P Contoso", "holds")
    like(wall, rows, 3, wall.pick("▌", ">") + re.escape(wall.glyph("free")) + " 101 Noor Haddad.*", "101")
    like(wall, rows, 4, " " + re.escape(wall.glyph("talk")) + r" 104 Lena Fischer +\d+s   "
         + wall.pick("←", "<") + " Acme Ltd", "104")
    tap.ok(not any("NOW" in r for r in rows), f"{wall.name}: no NOW line")
    ages = [re.search(r" (0:\d\d) P ", r) for r in rows[1:3]]
    tap.ok(all(ages) and len({m.end() for m in ages}) == 1, f"{wall.name}: ages end in one column")
    like(wall, rows, 11, " Enter x / ! .*", "the keys")


def check_80x24(wall, rows, cells):
    like(wall, rows, 0, " lab  live   " + counts(wall, True, 6) + r" +8 users  \d\d:\d\d",
         "link, counts, users, time")
    tap.ok(len(cells_of(rows[0])) == 79, f"{wall.name}: the time is at the right")
    like(wall, rows, 1, " NOW  " + re.escape(wall.glyph("ring")) + r" 102 Rana Aziz 0:\d\d P    " +
         re.escape(wall.glyph("hold")) + r" 103 Omar Said 0:\d\d P", "the NOW line")
    rule, dot = wall.pick("─", "-"), wall.pick("·", r"\.")
    like(wall, rows, 2, f" Sales {rule}+ 4 users {dot} 1 free {dot} 1 rings {dot} longest hold 0:\\d\\d {rule}",
         "the heading of Sales")
    like(wall, rows, 7, f" Support {rule}+ 4 users {dot} 2 free {rule}", "the heading of Support")
    tap.ok(all(len(cells_of(rows[i])) == 80 for i in (2, 7)), f"{wall.name}: headings as wide as the screen")
    grid(wall, rows, cells, 26, 3, 2)
    like(wall, rows, 23, r" Enter user  x menu  / find  ! next urgent  \? help  : all  v view  o order",
         "the keys, as many as fit")
    tap.ok(rows[21:23] == ["", ""], f"{wall.name}: the lines above the keys are free", rows[21:23])


def check_200x50(wall, rows, cells):
    like(wall, rows, 0, r" lab  live, heard \d+\.\d s ago   " +
         "  ".join(f"{re.escape(wall.glyph(k))} {n} {w}" for k, n, w in (
             ("ring", 1, "ring"), ("hold", 1, "hold"), ("talk", 1, "talk"), ("free", 3, "free"),
             ("dnd", 1, "dnd"), ("offline", 1, "offline"))) + r" +8 users   \d\d:\d\d:\d\d",
         "link, counts in words, users, time with seconds")
    like(wall, rows, 1, " NOW  " + re.escape(wall.glyph("ring")) + r" 102 Rana Aziz rings 0:\d\d P    " +
         re.escape(wall.glyph("hold")) + r" 103 Omar Said hold 0:\d\d P +! next urgent", "the NOW line")
    bar = wall.pick("│", "|")
    at = cells[2].index(bar) if bar in cells[2] else None
    tap.ok(at == 142 and all(row[at] == bar for row in cells[2:47]), f"{wall.name}: the side pane",
           at if at else "\n".join(rows[:12]))
    pane = "\n".join("".join(row[143:]) for row in cells[2:47])
    tap.ok("101 Noor Haddad" in pane and "Sales" in pane and "PJSIP/101 online" in pane and
           re.search(r"pick up +P +no", pane) and "free" in pane, f"{wall.name}: the pane tells of the selected user",
           "\n".join(r.rstrip() for r in pane.split("\n")[:8]))
    grid(wall, rows, cells, 28, 5, 2)
    like(wall, rows, 49, r" Enter user  x menu  / find  ! next urgent  \? help  : all  v view .* t theme.*", "more keys")


CHECKS = {(4, 20): check_20x4, (12, 40): check_40x12, (24, 80): check_80x24, (50, 200): check_200x50}
for wall in walls:
    wait_until(lambda: re.search(r"102 Rana\D*0:", wall.tmux.screen()) and
               re.search(r"103 Omar\D*0:", wall.tmux.screen()), 5)
time.sleep(1.2)  # changes are bold for a second
for wall in walls:
    rows, cells = wall.capture("grid")
    CHECKS[wall.size](wall, rows, cells)

# ---- the other screens, for the eye; they must fit and name their subject ---------------------------
VIEWS = (("v", "dense", "102"), ("v", "table", "102"), ("v", "again", "102"), ("!", "urgent", "102"),
         ("Enter", "user", "102 Rana"), ("i", "why", "102"), ("Escape", "user again", "102"),
         ("Escape", "back", "102"), ("?", "help", "HELP"), ("Escape", "after help", "102"),
         ("F9", "log", "snapshot done"), ("Escape", "after log", "102"))
for key, view, wanted in VIEWS:
    for wall in walls:
        wall.tmux.keys(key)
    time.sleep(0.25)
    for wall in walls:
        if wall.size == (4, 20) and view in ("why", "log"):
            wanted_here = ""
        else:
            wanted_here = wanted
        ok = wall.tmux.wait(wanted_here, 3) is not None
        tap.ok(ok, f"{wall.name} {view}: is there", "" if ok else wall.tmux.screen())
        if not re.search("again|back|after", view):
            wall.capture(view)

# ---- the call is answered, the PBX is killed --------------------------------------------------------
lab.scenario("answer", "102")
for wall in walls:
    ok = wall.tmux.wait(lambda s: wall.glyph("ring") + " 102" not in s and wall.glyph("ring") + "102" not in s, 3)
    tap.ok(ok is not None, f"{wall.name}: answered")
lab.scenario("pbx", "kill")
killed = time.monotonic()
for wall in walls:
    ok = wall.tmux.wait(lambda s: "live" not in s.split("\n")[0] and
                        re.search("reconn|stale", s.split("\n")[0]), 3)
    tap.ok(ok is not None, f"{wall.name}: says that the link is lost", "" if ok else wall.tmux.screen())
tap.ok(time.monotonic() - killed < 3, "all of them in time", f"{time.monotonic() - killed:.1f} s")
for wall in walls:
    rows, cells = wall.capture("lost")
    if wall.size == (24, 80):
        marks = sum(cells[r][c] == "?" for r in (4, 6, 9, 11) for c in (24, 50, 76))
        tap.ok(marks == 8, f"{wall.name}: every lamp is marked as stale",
               "" if marks == 8 else "\n".join(rows))
lab.scenario("pbx", "start")
for wall in walls:
    ok = wall.tmux.wait(lambda s: " live" in s.split("\n")[0], 20)
    tap.ok(ok is not None, f"{wall.name}: live again", "" if ok else wall.tmux.screen())
time.sleep(0.3)
for wall in walls:
    wall.capture("back")
    wall.tmux.keys("q")
    ok = wall.tmux.wait("ENDED 0", 3)
    tap.ok(ok is not None, f"{wall.name}: q ends it with 0", "" if ok else wall.tmux.screen())
tap.end()
