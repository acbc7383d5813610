#!/usr/bin/env python3
"""The HUD list where its file cannot be read or written: it can be looked at, says why and what to do, changes
nothing, and works again as soon as the disk does. All else goes on. As an ordinary user: root may do anything."""
import atexit
import csv
import io
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from test_list_home import Screen, on_disk  # noqa: E402
from exenv import CALLHUD, Exchange, Follower, Person, check, folders, stories, tap, wait  # noqa: E402

NOBODY = 65534
IS_ROOT = os.geteuid() == 0
BINARY = os.path.join(folders, "callhud")  # where everybody may run it
BECOME = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if IS_ROOT else []
LIMIT_BYTES = 700  # less than a list has


class Ordinary(Person):
    """One who may not do anything he likes."""

    def __init__(self, exchange, name, **more):
        self.limited = []
        super().__init__(exchange, name=name, **more)
        if IS_ROOT:
            self.own(self.folder)

    def command(self, *arguments):
        command = super().command(*arguments)
        if IS_ROOT:
            command = [*BECOME, BINARY, *command[1:]]
        return self.limited + command

    @staticmethod
    def own(path):
        for folder, _, files in os.walk(path):
            for one in (folder, *(os.path.join(folder, name) for name in files)):
                os.chown(one, NOBODY, NOBODY)

    @property
    def place(self):
        return os.path.dirname(self.list_file)


# ---- what may be wrong with a disk: (name, may the file be read all the same?, break, mend) -------------


def roots(path, mode):
    os.chown(path, 0, 0)
    os.chmod(path, mode)


def back(path, mode):
    os.chown(path, NOBODY, NOBODY)
    os.chmod(path, mode)


FAULTS = [
    ("folder 0555", True, lambda p: os.chmod(p.place, 0o555), lambda p: os.chmod(p.place, 0o700)),
    ("folder 0000", False, lambda p: os.chmod(p.place, 0), lambda p: os.chmod(p.place, 0o700)),
    ("file 0000", False, lambda p: os.chmod(p.list_file, 0), lambda p: os.chmod(p.list_file, 0o600)),
]
ROOTS_FAULTS = [
    ("root's folder 0755", True, lambda p: roots(p.place, 0o755), lambda p: back(p.place, 0o700)),
    ("root's file 0400", False, lambda p: roots(p.list_file, 0o400), lambda p: back(p.list_file, 0o600)),
]


class FullDisk:
    """A small file system that is full; where none can be mounted, files that may not grow."""

    def __init__(self, person):
        self.person = person
        self.filler = os.path.join(person.state, "filler")
        os.makedirs(person.state, exist_ok=True)
        self.is_mounted = IS_ROOT and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size=256k,uid={NOBODY},gid={NOBODY},mode=0700", "tmpfs",
             person.state], check=False, capture_output=True).returncode == 0
        if self.is_mounted:
            atexit.register(subprocess.run, ["umount", "-l", person.state], check=False)
        elif IS_ROOT:
            person.own(person.state)

    @staticmethod
    def limit(pid, size):
        subprocess.run([*BECOME, "prlimit", f"--pid={pid}", f"--fsize={size}:"], check=True)

    def fill(self, pid):
        if self.is_mounted:
            with open(self.filler, "wb", buffering=0) as f:
                try:
                    while f.write(bytes(4096)):
                        pass
                except OSError:
                    pass
        else:
            self.person.limited = ["prlimit", f"--fsize={LIMIT_BYTES}:"]
            self.limit(pid, LIMIT_BYTES)

    def free(self, pid):
        if self.is_mounted:
            os.unlink(self.filler)
        else:
            self.person.limited = []
            self.limit(pid, "unlimited")


# ---- commands --------------------------------------------------------------------------------------------


def one_line(said, *words):
    return said.startswith("callhud: ") and said.count("\n") == 1 and all(w in said for w in words)


def looks(person, is_readable, why):
    """What only shows does show, and says in one line what is wrong."""
    removed = [("103", "removed")] if is_readable else []
    told = f"the HUD list can only be looked at{'' if is_readable else ', without the edits in its file'}: "
    code, out, said = person.run("list", "show", "--json")
    check(code == 0 and '"105"' in out and one_line(said, told, *why), "list show: exit 0, one line says why",
          (code, out, said))
    code, out, said = person.run("list", "diff")
    check(code == 0 and ("103" in out) == is_readable and "both homes" not in out and one_line(said, *why),
          "list diff: what is known, and why", (code, out, said))
    code, out, said = person.run("list", "export")
    rows = [r for r in csv.DictReader(io.StringIO(out)) if r["state"] not in ("same", "reserved")]
    check(code == 0 and [(r["extension"], r["state"]) for r in rows] == removed and all(w in said for w in why),
          "list export", (code, out, said))


def refuses(person, why):
    for words in (("remove", "104"), ("push",)):
        code, out, said = person.run("list", *words)
        check(code == 1 and out == "" and one_line(said, *why), f"list {words[0]} is refused, for that reason",
              (code, out, said))


def commands(exchange, name, is_readable, spoil, mend):
    person = Ordinary(exchange, name.replace(" ", "-").replace("'", ""))
    code, _, said = person.run("list", "remove", "103")
    check(code == 0, "an edit", (code, said))
    path = person.list_file if "file" in name else person.place
    why = [f" {path}: Permission denied; make it yours (chown, chmod "]
    spoil(person)
    looks(person, is_readable, why)
    refuses(person, why)
    mend(person)
    code, _, said = person.run("list", "remove", "104")
    check(code == 0 and not {"103", "104"} & set(on_disk(person)) and "105" in on_disk(person),
          "mended: edits work, and the one before is there", (code, said, on_disk(person)))


# ---- the console ----------------------------------------------------------------------------------------


def edit(screen, extension, test, what):
    screen.at(extension)
    screen.type("-", 0)
    return screen.sees(test, what, 4)


def console(exchange):
    """It opens for looking, refuses edits, and follows what is stored; mended meanwhile it is as ever."""
    person = Ordinary(exchange, "console")
    person.run("list", "remove", "103")
    os.chmod(person.place, 0o555)
    screen = Screen(person.command(), person.env, cols=120)
    screen.sees(lambda s: "for looking only" in s and "1 unsaved" in s and "Permission denied" in s
                and "- removed here" in screen.row("103", s), "folder 0555: the list is there, with its edits, and why")
    edit(screen, "104", lambda s: "cannot use the folder" in s.split("\n")[-2] + s.split("\n")[-1]
         and "removed" not in screen.row("104", s), "an edit is refused, for that reason")
    screen.type("p", 0.2)
    screen.sees(lambda s: "HUD LIST" not in s, "the preview")
    screen.type("p", 0.2)
    exchange.edit(lambda before: [e for e in before if e != "106"], person.extension)
    screen.sees(lambda s: "HUD LIST" in s and not screen.row("106", s), "what is changed elsewhere shows", 8)
    check("104" in on_disk(person) and "106" in on_disk(person), "nothing is on disk of it", on_disk(person))
    os.chmod(person.place, 0o700)
    screen.sees("can be changed again", "mended: said by itself", 6)
    edit(screen, "104", lambda s: "2 unsaved" in s and "for looking" not in s, "and edits are taken")
    check(not {"103", "104", "106"} & set(on_disk(person)), "and on disk", on_disk(person))
    os.chmod(person.list_file, 0)
    screen.sees(lambda s: "2 unsaved" in s, "file 0000 while it is open: the list stays")
    os.chmod(person.place, 0)
    edit(screen, "105", lambda s: "Permission denied" in s and "removed" not in screen.row("105", s),
         "folder 0000: refused")
    os.chmod(person.place, 0o700)
    os.chmod(person.list_file, 0o600)
    edit(screen, "105", lambda s: "3 unsaved" in s, "mended: the next edit is taken")
    wait(lambda: "105" not in on_disk(person), "and is on disk", 3)


def full(exchange):
    person = Ordinary(exchange, "full")
    disk = FullDisk(person)
    why = ["cannot write ", "No space left on device; make room on the disk"] if disk.is_mounted else \
          ["cannot write ", "File too large; raise the limit"]
    screen = Screen(person.command(), person.env, cols=120)
    edit(screen, "103", lambda s: "1 unsaved" in s, "an edit")
    pid = screen.pid()
    disk.fill(pid)
    edit(screen, "104", lambda s: why[1][:20] in s and "for looking only" in s and "1 unsaved" in s,
         "full: an edit is refused, and why")
    check([r["extension"] for r in person.json("list", "diff")] == ["103"], "list diff goes on")
    refuses(person, why)
    check(not {"103"} & set(on_disk(person)) and "104" in on_disk(person), "the file is whole", on_disk(person))
    disk.free(pid)
    screen.sees("can be changed again", "room: said by itself", 6)
    edit(screen, "104", lambda s: "2 unsaved" in s, "and edits are taken")
    check("104" not in on_disk(person), "and on disk", on_disk(person))


# ---- the rest of callhud --------------------------------------------------------------------------------


def others(exchange):
    """Who does not ask for the list has the lamps, settings and actions; a record that is required is."""
    person = Ordinary(exchange, "others", lines="audit = required")
    os.makedirs(person.place)
    if IS_ROOT:
        person.own(person.state)
    os.chmod(person.place, 0o500)
    code, out, said = person.run("status")
    check(code == 0 and "105" in out, "status", (code, out, said))
    code, out, said = person.run("presence", "show")
    check(code == 0 and "share_presence" in out and said == "", "presence show says nothing of the list", (code, said))
    follower = Follower(person)
    check(follower.wait(lambda users: "105" in users, "watch tells the lamps", 15), "watch tells the lamps")
    follower.stop()
    code, out, said = person.run("dnd", "107", "on")
    check(code not in (0, None) and "audit" in said and not exchange.user("107").get("dnd"),
          "audit = required: an action that cannot be recorded is refused", (code, out, said))
    shutil.rmtree(person.state)
    os.mkdir(person.state)
    os.chmod(person.state, 0o555)
    code, out, said = person.run("list", "show")
    check(code == 0 and "105" in out and one_line(said, "cannot make the folder", "XDG_STATE_HOME"),
          "a folder that cannot be made: list show", (code, out, said))
    offline = Ordinary(exchange, "offline", server="http://127.0.0.1:9")
    os.makedirs(offline.place)
    with open(offline.list_file, "w", encoding="utf-8"):
        pass
    if IS_ROOT:
        offline.own(offline.state)
    os.chmod(offline.list_file, 0)
    code, out, said = offline.run("list", "export")
    check(code == 1 and out == "" and "Permission denied" in said, "neither home can be read: no empty list is shown",
          (code, out, said))


def main():
    if not IS_ROOT:
        tap.ok(True, "what belongs to root # SKIP not root")
    elif shutil.which("setpriv") is None:
        print("1..0 # SKIP root, and no setpriv to become an ordinary user")
        return
    os.chmod(folders, 0o711)
    shutil.copy(CALLHUD, BINARY)  # before anything is started: what is written cannot be run
    os.chmod(BINARY, 0o755)
    exchange = Exchange("disk", users=10)
    os.chmod(exchange.folder, 0o711)
    other = Exchange("edited", users=10)
    os.chmod(other.folder, 0o711)
    faults = FAULTS + (ROOTS_FAULTS if IS_ROOT else [])
    stories(("console", console, other), ("full disk", full, exchange), ("others", others, exchange),
            *((fault[0], commands, exchange, *fault) for fault in faults))
    tap.end()


if __name__ == "__main__":
    main()
