#!/usr/bin/env python3
"""What the service refuses is said, with what to do about it: by the commands, by lines, by the console and
by the doctor. A relay before the exchange answers 403 to the paths that it is told."""
import json
import os
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from exenv import CALLHUD, Exchange, Person, Relay, check, lines_until, next_line, stories, tap  # noqa: E402
from termenv import Tmux  # noqa: E402

ADVICE = "ask an administrator"


class Refuser(Relay):
    """Each connection's requests come one at a time: one begins where what was received begins."""

    def __init__(self, exchange):
        self.refused = lambda path: False
        super().__init__(exchange)

    def to_exchange(self, data, client):
        if data.startswith(b"GET ") and self.refused(data.split(b" ")[1].decode()):
            client.sendall(self.refusal())
            return b""
        return data

    @staticmethod
    def refusal():
        body = json.dumps({"errorCode": "CMN-408", "message": "needs [ReadPresence] permission"}).encode()
        return (b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                % len(body)) + body


def says(told, *words):
    """One line of standard error has all the words."""
    return any(all(word in line for word in words) for line in told.splitlines())


def line_of(out, name):
    """The doctor's line of that name."""
    return next((line for line in out.splitlines() if line[4:].split()[:1] == [name]), "")


def no_list(exchange):
    refuser = Refuser(exchange)
    refuser.refused = lambda path: "/presence/line" in path
    person = Person(exchange, name="list", server=refuser.url)
    for arguments in (("status",), ("status", "101"), ("watch",), ("dnd", "101", "on")):
        code, out, told = person.run(*arguments)
        check(code == 4 and not out and says(told, "the stored list cannot be read", ADVICE)
              and len(told.splitlines()) == 1,
              f"without the right to the list {' '.join(arguments)} says so and ends with 4", (code, out, told))
    plain = person.start("--plain", stdin=subprocess.PIPE)
    said = lines_until(plain.stdout, "the stored list cannot be read")[-1]
    check(ADVICE in said, "so does --plain", said)
    out = plain.communicate("why 101\nq\n", timeout=10)[0]
    check(says(out, "no user has extension '101'", "the stored list"), "and says why somebody is missing", out)
    terminal = Tmux(24, 200, shlex.join(person.command()), person.env)
    screen = terminal.wait("the stored list cannot be read", 10)
    check(screen is not None, "and the console", "" if screen else terminal.screen())
    terminal.stop()

    person.configure(refuser.url, "[users]\n101 = Noor")
    code, out, told = person.run("status")
    check(code == 0 and "101" in out and not told, "with [users] those are shown", (code, out, told))
    code, out, told = person.run("status", "102")
    check(code == 4 and says(told, "102", "the stored list", ADVICE), "and who is missing is told why",
          (code, out, told))


def no_self(exchange):
    refuser = Refuser(exchange)
    refuser.refused = lambda path: "/account/~/" in path
    person = Person(exchange, name="self", server=refuser.url)
    for arguments in (("status",), ("status", "101"), ("dnd", "101", "on")):
        code, out, told = person.run(*arguments)
        check(code == 4 and says(told, "403", ADVICE), f"{' '.join(arguments)} where all is refused",
              (code, out, told))
    refuser.refused = lambda path: path.endswith("/extension/~")
    code, out, told = person.run("status", "101")
    check(code == 0 and "101" in out and says(told, "who we are is not told", ADVICE),
          "who we are alone is refused: the lamps are there, and it is said", (code, out, told))


def no_presence(exchange):
    refuser = Refuser(exchange)
    refuser.refused = lambda path: "/presence?" in path
    person = Person(exchange, name="presence", server=refuser.url)
    code, out, told = person.run("status")
    check(code == 0 and "not heard from" in out and says(told, "nobody's presence is told", ADVICE)
          and len(told.splitlines()) == 1, "without presence status says why", (code, told))
    code, out, told = person.run("dnd", "102", "on")
    check(code == 4 and says(told, "nobody's presence is told", ADVICE), "and so does dnd", (code, told))
    code, out, told = person.run("doctor")
    check(code == 1 and line_of(out, "presence").startswith("FAIL") and ADVICE in line_of(out, "presence"),
          "and the doctor", out)
    refuser.refused = lambda path: "/directory/" in path
    code, out, told = person.run("doctor")
    check(code == 0 and line_of(out, "names").startswith("warn") and ADVICE in line_of(out, "names"),
          "who also says that names are not told", out)
    refuser.refused = lambda path: False
    code, out, told = person.run("doctor")
    check(code == 0 and line_of(out, "presence").startswith("ok")
          and line_of(out, "names").startswith("ok"), "who finds nothing when it is told", out)


def nobody(exchange):
    person = Person(exchange, name="nobody", monitor="9999")
    code, out, told = person.run("status")
    check((code, out) == (0, "") and says(told, "monitor = 9999", "nobody"), "a range that matches nobody",
          (code, out, told))
    watch = person.start("watch")
    check(says(next_line(watch.stderr), "monitor = 9999", "nobody"), "a watch says so too")
    watch.terminate()
    watch.wait(10)
    code, out, told = person.run("doctor")
    check(code == 1 and line_of(out, "users").startswith("FAIL") and "9999" in line_of(out, "users"),
          "and the doctor, who speaks of those that are monitored", out)
    person.configure(monitor="103-105")
    code, out, told = person.run("doctor")
    check(line_of(out, "users").endswith("monitor = 103-105 matches 3 people"), "three are three", out)


def main():
    tap.note(f"callhud: {CALLHUD}")
    stories(*[(story.__name__, lambda s: s(Exchange(s.__name__)), story)
              for story in (no_list, no_self, no_presence, nobody)])
    tap.end()


if __name__ == "__main__":
    main()
