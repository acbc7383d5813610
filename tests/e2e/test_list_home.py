#!/usr/bin/env python3
"""The HUD list's home on this machine, in a terminal: while another program holds the file, where the telephone
system stores none, while the service makes a save wait; and one file for one's own list."""
import fcntl
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from termenv import FakeAri, Home, Tmux  # noqa: E402
from exenv import CALLHUD, Exchange, Person, Relay, check, stories, tap, wait  # noqa: E402


class Held:
    """Another program that has the lock of a list."""

    def __init__(self, person):
        self.file = open(person.list_file.replace(".json", ".lock"), "w", encoding="utf-8")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def let_go(self):
        self.file.close()


class Screen:
    """A console with the HUD list open."""

    def __init__(self, command, env, rows=24, cols=110):
        self.tmux = Tmux(rows, cols, f"{shlex.join(command)}; echo ended $?; sleep 60", env)
        self.sees(lambda s: " live" in s.split("\n")[0], "live", 15)
        self.type("e", 0.3)
        self.sees("HUD LIST", "the list is open")

    def sees(self, test, what, limit=8.0):
        screen = self.tmux.wait(test, limit)
        return check(screen is not None, what, "" if screen else self.tmux.screen())

    def type(self, text, pause=0.1):
        self.tmux.text(text)
        time.sleep(pause)

    def at(self, extension):
        time.sleep(1.6)  # digits in a row are one extension
        self.type(extension, 0.2)

    def row(self, extension, screen=None):
        return next((r for r in (screen or self.tmux.screen()).split("\n") if f" {extension} " in r), "")

    def pid(self):
        shell = self.tmux.tmux("display-message", "-p", "-t", "s", "#{pane_pid}").stdout.strip()
        with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as f:
            return int(f.read().split()[0])

    def kill(self):
        """The program, at once."""
        os.kill(self.pid(), signal.SIGKILL)
        self.sees(lambda s: "ended 137" in s.replace("\n", ""), "killed", 3)  # wherever the cursor was left


def on_disk(person, path=None):
    """Extensions on the keys, as the file has them."""
    try:
        with open(path or person.list_file, encoding="utf-8") as f:
            kept = json.load(f)
    except FileNotFoundError:
        return []
    return [kept["users"][line["here"]]["extension"] for line in kept["lines"] if "here" in line]


def held(exchange):
    """Another program holds the file for three seconds: keys, lamps and clock go on."""
    person = Person(exchange)
    screen = Screen(person.command(), person.env)
    screen.sees(lambda s: " 0 unsaved" in s, "the list is read")
    screen.at("103")
    screen.type("-", 0.3)
    wait(lambda: "103" not in on_disk(person), "an edit is on disk at once", 3)
    other = Held(person)
    begun = time.monotonic()
    screen.at("105")
    screen.type("-", 0)
    screen.sees(lambda s: "removed" in screen.row("105", s), "an edit shows while the file is held", 1)
    call = exchange.call("102", "answer")
    screen.sees("not on disk yet", "and is said not to be on disk", 3)
    screen.at("106")
    screen.type("-", 0)
    screen.sees(lambda s: "removed" in screen.row("106", s), "the next as well", 1)
    age = re.search(r"read (\d+) s ago", screen.tmux.screen())
    screen.sees(lambda s: age and f"read {int(age[1]) + 1} s ago" in s, "the clock goes on", 3)
    screen.type("\x1b", 0.3)
    screen.sees(lambda s: "HUD LIST" not in s and "102" in s, "keys are taken: the grid", 2)
    screen.sees(lambda s: re.search(r"■ 102 .* \ds", s), "and its lamps", 3)
    check("105" in on_disk(person), "nothing has come to disk meanwhile", on_disk(person))
    time.sleep(max(0, 3 - (time.monotonic() - begun)))
    other.let_go()
    wait(lambda: not {"103", "105", "106"} & set(on_disk(person)), "both edits come to disk", 3)
    screen.sees("on disk", "which is said", 3)
    exchange.hang_up(call)

    screen.type("e", 0.3)
    other = Held(person)
    screen.at("107")
    screen.type("-", 0)
    screen.sees("not on disk yet", "held again", 3)
    screen.kill()
    other.let_go()
    code, out, said = person.run("list", "show")
    check(code == 0 and not {"103", "105", "106"} & set(person.here()) and "107" in person.here(),
          "killed then: what was not said to be on disk is all that is lost", (out, said))

    screen = Screen(person.command(), person.env)
    other = Held(person)
    screen.at("107")
    screen.type("-", 0.1)
    screen.type("\x1b", 0.3)
    screen.type("q", 0.7)
    other.let_go()
    screen.sees("ended 0", "who leaves waits for the disk", 5)
    check("107" not in on_disk(person), "and has it there", on_disk(person))

    screen = Screen(person.command(), person.env)
    other = Held(person)
    screen.at("108")
    screen.type("-", 0.1)
    screen.type("\x1b", 0.3)
    screen.type("q")
    screen.sees(lambda s: "ended 1" in s and "are not kept" in s, "but not for ever, and says what is lost", 8)
    other.let_go()


class NoList(FakeAri):
    """An Asterisk whose sorcery.conf lets nobody store lists."""

    def __init__(self, users):
        self.puts = 0
        self.is_typeless = False  # without the module that knows lists
        super().__init__(users)

    def _answer(self, method, path, body):
        if "resource_list" in path and self.is_typeless:
            return 404, "application/json", b'{"message":"objectType \'resource_list\' not found"}'
        if "resource_list" in path and method == "PUT":
            self.puts += 1
            self.requests.append((method, path))
            return 403, "application/json", b'{"message":"Cannot create sorcery objects of type \'resource_list\'"}'
        if "resource_list" in path:
            self.requests.append((method, path))
            return 404, "application/json", b'{"message":"Not found"}'
        if path.startswith("bridges/callhud-list") and method in ("POST", "DELETE"):
            self.requests.append((method, path))
            return 200, "application/json", b'{"id":"x","name":"x","channels":[]}'
        return super()._answer(method, path, body)


def no_list(_):
    """The telephone system stores no list: all says so, and the grid follows the one that is kept here."""
    ari = NoList([str(e) for e in range(101, 109)])
    home = Home(ari.url(), monitor="list", lines="phone = PJSIP/108\n",
                users=[f"{e} = User {e}" for e in range(101, 109)])
    command = [CALLHUD, "--config", home.config]
    screen = Screen(command, home.env())
    for extension in ("105", "103", "107"):
        screen.type("+", 0.4)
        screen.at(extension)
        screen.tmux.keys("Enter")
        screen.sees(lambda s, e=extension: "HUD LIST" in s and screen.row(e, s), f"{extension} is added", 3)
    screen.type("S", 0.3)
    screen.sees("Asterisk stores no lists", "a save says why not", 5)
    screen.sees(lambda s: "3 of 2000 keys · kept on this machine only" in s and "unsaved" not in s
                and "added here" not in s, "and where the list is", 5)
    screen.sees(lambda s: " 3 users " in s.split("\n")[0], "the grid is of those on it", 5)
    puts = ari.puts
    screen.type("S", 0.3)
    screen.sees("save: Asterisk stores no lists", "there is nothing to save", 3)
    screen.type("r", 0.3)
    screen.sees("kept on this machine only", "nor to read", 3)
    screen.type("-", 0.3)
    screen.sees(lambda s: not screen.row("107", s) and " 2 users " in s.split("\n")[0], "removed: the grid follows", 5)
    screen.type("u", 0.3)
    screen.sees(lambda s: screen.row("107", s) and " 3 users " in s.split("\n")[0], "undone: the grid follows", 5)
    screen.at("107")
    screen.type("[[", 0.5)
    screen.tmux.keys("Escape")
    screen.sees(lambda s: -1 < s.find(" 107 ") < s.find(" 105 ") < s.find(" 103 "), "moved: and in its order", 5)
    ari.drop()
    screen.sees(lambda s: " live" not in s.split("\n")[0], "the link is lost", 5)
    screen.sees(lambda s: " live" in s.split("\n")[0] and " 3 users " in s.split("\n")[0], "and back", 15)
    screen.type("e", 0.5)
    screen.sees("kept on this machine only", "the list is as it was", 8)
    check(ari.puts - puts in (0, 1), "the server was asked again once, if at all", ari.puts - puts)
    screen.kill()
    kept = os.path.join(home.dir, "state", "callhud", "list-p.json")
    check(on_disk(None, kept) == ["107", "105", "103"], "killed: all of it is on disk", on_disk(None, kept))
    screen = Screen(command, home.env())
    screen.type("e", 0.5)
    screen.sees(lambda s: "kept on this machine only" in s and "doctor --example asterisk" in s
                and " 3 users " in s.split("\n")[0], "the next run knows it before a save", 8)
    screen.kill()
    code, _, told = run_it(home, "list", "push")
    check(code == 4 and told.startswith("callhud: ") and "Asterisk stores no lists" in told and told.count("\n") == 1,
          "a push says so too", (code, told))
    code, out, told = run_it(home, "list", "export")
    check(code == 0 and [r.split(",")[1] for r in out.splitlines()[1:]] == ["107", "105", "103"],
          "and it can be exported", (code, out, told))
    ari.is_typeless = True
    fresh = Home(ari.url(), lines="phone = PJSIP/108\n", users=[f"{e} = User {e}" for e in range(101, 109)])
    ends = [run_it(fresh, *arguments) for arguments in (("list", "add", "105"), ("list", "push"), ("list", "diff"))]
    check([code for code, _, _ in ends] == [0, 4, 0] and "added" in ends[2][1]
          and all("res_pjsip_pubsub is not loaded" in told and told.count("\n") == 1 for _, _, told in ends),
          "without the module, too: said, and the edit is kept", ends)
    ari.close()


def run_it(home, *arguments):
    done = subprocess.run([CALLHUD, "--config", home.config, *arguments], env=home.env(), capture_output=True,
                          text=True, timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


class Limiter(Relay):
    """Tells the first who write a list to come back later, and counts those that arrive."""

    def __init__(self, exchange):
        self.refuses = 0
        self.refused = self.written = 0
        super().__init__(exchange)

    def to_exchange(self, data, client):
        if not (data.startswith(b"PUT ") and b"/presence/line" in data.split(b" ")[1]):
            return data
        if self.refused == self.refuses:
            self.written += 1
            return data
        self.refused += 1
        body = b'{"errorCode":"CMN-301","message":"Request rate exceeded"}'
        client.sendall(b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 6\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return b""


def limited(exchange):
    """A save that the service makes wait: says until when, is done once, keeps what is edited meanwhile."""
    limiter = Limiter(exchange)
    person = Person(exchange, server=limiter.url)
    screen = Screen(person.command(), person.env)
    screen.sees(" 0 unsaved", "the list is read")
    screen.at("103")
    screen.type("-", 0.3)
    limiter.refuses = 1
    save(screen)
    screen.sees(lambda s: re.search(r"saving, waits until \d\d:\d\d:\d\d", s) and "the save waits" in s,
                "a save that has to wait says until when", 5)
    screen.at("105")
    screen.type("-", 0.3)
    screen.sees("2 unsaved", "edits are made meanwhile", 3)
    check(not {"103", "105"} & set(on_disk(person)), "and are on disk", on_disk(person))
    screen.tmux.keys("Escape")
    screen.sees(lambda s: "HUD LIST" not in s, "the list is left meanwhile", 3)
    wait(lambda: "103" not in exchange.stored(), "then it is saved", 25)
    check(limiter.written == 1 and "105" in exchange.stored(), "once, as it was when it was asked for",
          (limiter.written, exchange.stored()))
    screen.type("e", 0.3)
    screen.sees(lambda s: "1 unsaved" in s and "waits until" not in s, "the edit made meanwhile is left to save", 8)
    limiter.refuses = 2
    save(screen)
    screen.sees("waits until", "the next waits as well", 5)
    screen.tmux.keys("Escape")
    screen.type("q")
    screen.sees("ended 0", "left meanwhile", 8)
    check("105" in exchange.stored() and "105" not in on_disk(person), "what was not saved is kept here",
          (exchange.stored(), on_disk(person)))

    limiter.refuses = 3
    begun = time.monotonic()
    code, _, told = person.run("list", "push")
    check(code == 0 and "waiting: the service allows no more requests for" in told and limiter.written == 2
          and "105" not in exchange.stored(), "list push waits, says so, and saves once",
          (code, told, limiter.written, time.monotonic() - begun))


def save(screen):
    screen.type("S", 0.8)
    screen.type("y", 0.2)


def own(exchange):
    """Asked for by the own extension it is the own list: one file, and nothing of an earlier one is lost."""
    person = Person(exchange)
    person.run("list", "pull")
    with open(person.list_file, encoding="utf-8") as f:
        old = f.read()
    person.run("list", "remove", "103")
    second = person.list_file.replace("list-x.json", "list-x@900.json")
    with open(person.list_file, encoding="utf-8") as f:
        edited = f.read()
    with open(second, "w", encoding="utf-8") as f:  # as one kept it who did not know who 900 is
        f.write(edited)
    with open(person.list_file, "w", encoding="utf-8") as f:
        f.write(old)
    code, out, told = person.run("list", "diff", "--user", "900", "--json")
    check(code == 0 and [r["stored"] for r in json.loads(out)] == ["103"] and not os.path.exists(second),
          "an edit in a file of one's own extension is taken over", (code, out, told))
    check([r["stored"] for r in person.json("list", "diff")] == ["103"], "and is in the one list")
    code, _, told = person.run("list", "remove", "104", "--user", "900")
    check(code == 0 and not os.path.exists(second) and "104" not in on_disk(person), "edits with --user go there",
          (code, told, on_disk(person)))
    screen = Screen(person.command(), person.env)
    screen.sees("2 unsaved", "the console has them")
    screen.tmux.keys("Escape")
    screen.type(":desk 900", 0.2)
    screen.tmux.keys("Enter")
    screen.sees(lambda s: "HUD LIST  " in s and "2 unsaved" in s, ":desk with one's own extension is the same list")
    check(not os.path.exists(second), "and no other file")
    code, _, told = person.run("list", "push", "--user", "900")
    screen.sees("0 unsaved", "what is pushed there shows here", 10)
    check(code == 0 and not {"103", "104"} & set(exchange.stored()), "and is stored", (code, told, exchange.stored()))


def main():
    names = sys.argv[1:]
    told = (("held", lambda: held(Exchange("held", users=12))), ("no list", lambda: no_list(None)),
            ("limited", lambda: limited(Exchange("limited", users=12))),
            ("own", lambda: own(Exchange("own", users=12))))
    stories(*[one for one in told if not names or one[0] in names])
    tap.end()


if __name__ == "__main__":
    main()
