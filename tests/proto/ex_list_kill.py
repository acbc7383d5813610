#!/usr/bin/env python3
"""Random histories of one list over real sockets: edits by the commands, pushes and pulls, most of them
killed at a random moment (kill -9), edits by another editor in between, and faults of the exchange.
Afterwards both homes agree or a conflict is shown, and what became of every edit is judged by an account
of our own: an edit that a command acknowledged (exit 0) is in the stored list, or in conflict, or was
followed by a later one. CALLHUD_SEED repeats a run; CALLHUD_HISTORIES sets how many there are (20)."""
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from exenv import Exchange, Person, check, stories, tap  # noqa: E402

HISTORIES = int(os.environ.get("CALLHUD_HISTORIES", 20))
SEED = int(os.environ.get("CALLHUD_SEED", random.SystemRandom().randrange(1, 1000000)))
SIDE_BY_SIDE = 4
FAULTS = {  # what is ordered
    "http-500": lambda d: {"count": d.randrange(1, 4)},
    "drop-socket": lambda d: {},
    "stall": lambda d: {"ms": d.randrange(200, 2500)},
}
SPEED = 60  # of the exchange's clock: who was told to wait a minute waits for a second


class Count:
    """Of all histories."""

    def __init__(self):
        self.lock = threading.Lock()
        self.told = {"acknowledged": 0, "killed": 0, "failed": 0, "remote": 0, "faults": 0, "conflicts": 0,
                     "lost": 0}

    def add(self, what, n=1):
        with self.lock:
            self.told[what] += n


count = Count()


class History:
    """One list: of one person, edited here and elsewhere."""

    def __init__(self, exchange, ids, number):
        self.dice = random.Random(SEED * 1000 + number)
        self.number = number
        self.exchange = exchange
        self.ids = ids
        self.owner = str(101 + number % SIDE_BY_SIDE + SIDE_BY_SIDE * (number // SIDE_BY_SIDE))
        self.is_automatic = self.dice.random() < 0.3
        self.person = Person(exchange, self.owner,
                             lines="sync = automatic" if self.is_automatic else "")
        others = sorted(e for e in ids if len(e) == 3 and e != self.owner and e != "900")
        chosen = self.dice.sample(others, 24)
        self.ours, self.theirs = chosen[:8], chosen[8:14]
        # a line that is changed on both sides: who stands there, whom we want, whom they want
        self.contested = [tuple(chosen[14 + 3 * i:17 + 3 * i]) for i in range(3)]
        first = self.ours[:4] + self.theirs[:3] + [c[0] for c in self.contested]
        self.dice.shuffle(first)
        self.edit_elsewhere(lambda before: first)
        self.wanted = {e: e in first for e in self.ours}     # None: a command died, either may be so
        self.stored = {e: e in first for e in self.theirs}   # as edited elsewhere
        self.set_here, self.set_there, self.was_sent = {}, {}, {}
        self.took = {}
        self.story = []
        self.said = ""

    def note(self, *words):
        self.story.append(" ".join(map(str, words)))

    def edit_elsewhere(self, change):
        self.exchange.edit(change, self.owner, self.ids)

    # ---- here -----------------------------------------------------------------------------------------

    def command(self, *words, meanwhile=None, may_die=True):
        """Exit code, or None: killed."""
        kind = words[1] if words[0] == "list" else words[0]
        began = time.monotonic()
        process = self.person.start(*words)
        usual = self.took.get(kind, 0.25)
        lives = self.dice.uniform(0, 1.2 * usual)
        is_doomed = may_die and self.dice.random() < 0.5
        if meanwhile:
            meanwhile()
        out = said = ""
        try:
            out, said = process.communicate(timeout=max(lives - (time.monotonic() - began), 0)
                                            if is_doomed else 60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            count.add("killed")
            self.note("killed", *words, f"after {1000 * (time.monotonic() - began):.0f} ms")
            return None
        self.took[kind] = 0.7 * usual + 0.3 * min(time.monotonic() - began, 2)
        self.note(f"{time.monotonic() - began:.2f} s", *words, "->", process.returncode, (out if kind != "diff" else "").strip()[:80],
                  said.strip()[:160])
        if process.returncode == 3:
            self.person.minute_later()
        self.said = said
        return process.returncode

    def edit_here(self, meanwhile=None):
        extension = self.dice.choice(self.ours)
        want = not self.wanted[extension] if self.wanted[extension] is not None else self.dice.random() < 0.5
        code = self.command("list", "add" if want else "remove", extension, meanwhile=meanwhile)
        if code == 0 or (code == 1 and "kept" in self.said):
            self.wanted[extension] = want
            count.add("acknowledged")
        elif code == 1 and want and "already" in self.said or code == 2 and not want:
            self.wanted[extension] = want  # it says that it is so
        else:
            self.wanted[extension] = None
            count.add("failed" if code is not None else "killed", 1 if code is not None else 0)

    def move_here(self):
        here = self.keys()
        ours = [k for k, e in here.items() if e in self.ours]
        if len(here) > 4 and ours:
            self.command("list", "move", str(self.dice.choice(ours)), str(self.dice.choice(sorted(here))))

    def contest_here(self, line=None):
        free = [c for c in self.contested if c not in self.set_here]
        if not free:
            return
        line = line or self.dice.choice(free)
        key = next((k for k, e in self.keys().items() if e == line[0]), None)
        if key is None:
            return
        code = self.command("list", "set", str(key), line[1])
        self.set_here[line] = code == 0
        count.add("acknowledged", code == 0)

    def keys(self):
        """key -> extension, the reserved ones left out; {}: not to be had now."""
        try:
            rows = self.person.json("list", "show")
        except AssertionError:
            self.person.minute_later()
            return {}
        return {r["key"]: r["extension"] for r in rows if r["key"] is not None and r["state"] != "reserved"}

    # ---- elsewhere ------------------------------------------------------------------------------------

    def edit_there(self):
        extension = self.dice.choice(self.theirs)
        is_on = not self.stored[extension]

        def change(lines):
            if is_on:
                return lines[:(at := self.dice.randrange(len(lines) + 1))] + [extension] + lines[at:]
            return [e for e in lines if e != extension]

        self.edit_elsewhere(change)
        self.stored[extension] = is_on
        self.note("elsewhere", "+" if is_on else "-", extension)
        count.add("remote")

    def contest_there(self, line=None):
        free = [c for c in self.contested if c not in self.set_there]
        if not free:
            return
        line = line or self.dice.choice(free)

        def change(lines):
            self.was_sent[line] = line[1] in lines
            return [line[2] if e in line[:2] else e for e in lines]

        self.edit_elsewhere(change)
        self.set_there[line] = True
        self.note("elsewhere", line[:2], "becomes", line[2], "ours was sent:", self.was_sent[line])
        count.add("remote")

    def clash(self):
        """The same line here and elsewhere, with nothing sent in between."""
        free = [c for c in self.contested if c not in self.set_here and c not in self.set_there]
        if free:
            self.contest_here(free[0])
            self.contest_there(free[0])

    def fault(self):
        kind = self.dice.choice(list(FAULTS))
        order = FAULTS[kind](self.dice)
        self.exchange.fault(kind, **order)
        self.note("fault", kind, order)
        count.add("faults")

    def limit(self):
        """Told to wait a minute: our request, not that of the editor."""
        self.exchange.fault("http-429", count=1)
        count.add("faults")
        self.dice.choice((self.edit_here, lambda: self.command("list", "push", may_die=False)))()
        self.exchange.calm()
        time.sleep(60 / SPEED)
        self.person.minute_later()

    # ---- the whole -------------------------------------------------------------------------------------

    def run(self):
        acts = [self.edit_here, self.edit_here, self.edit_here, self.move_here, self.contest_here,
                lambda: self.command("list", "push"), lambda: self.command("list", "push"),
                lambda: self.command("list", "pull"), self.edit_there, self.contest_there, self.clash,
                self.fault]
        if not self.is_automatic:  # no request writes meanwhile: an editor in between is not overwritten
            acts.append(lambda: self.edit_here(meanwhile=self.edit_there))
        for i in range(self.dice.randrange(14, 20)):
            if i == 9 and self.number // SIDE_BY_SIDE % 5 == 2:
                self.limit()
            self.dice.choice(acts)()
        return self.judge()

    def settle(self):
        """The disturbances are over: pushed until both homes agree but for conflicts."""
        self.exchange.calm()
        self.person.minute_later()
        # the last edit of all is a move, and its push is killed
        self.dice.shuffle(here := [k for k, e in self.keys().items() if e in self.ours])
        if here:
            self.command("list", "move", str(here[0]), str(min(self.keys())), may_die=False)
        order = list(self.keys().values())
        self.command("list", "push")
        for _ in range(6):
            code = self.command("list", "push", may_die=False)
            if code == 0 or code == 1 and "conflict" in self.said:
                break
        return order

    def judge(self):
        order = self.settle()
        lost = []
        stored = self.exchange.stored(self.owner)
        rows = self.person.json("list", "diff")
        disputed = {e for r in rows if r["state"] == "conflict" for e in (r["extension"], r["stored"])}
        count.add("conflicts", sum(r["state"] == "conflict" for r in rows))
        if any(r["state"] != "conflict" for r in rows):
            lost.append(f"both homes differ without a conflict: {rows}")
        for extension, want in {**self.wanted, **self.stored}.items():
            if want is not None and want != (extension in stored) and extension not in disputed:
                lost.append(f"{extension} is {'not ' * want}stored and in no conflict")
        for line in self.contested:
            lost += self.judge_contested(line, stored, disputed)
        here = [e for e in self.keys().values() if e in stored and e not in disputed]
        if [e for e in stored if e in here] != here:
            lost.append(f"order here {here}, stored {stored}")
        if [e for e in order if e in here] != [e for e in here if e in order]:
            lost.append(f"the last move was lost: {order}, in the end {here}")
        strange = set(stored) - set(self.ours) - set(self.theirs) - {e for c in self.contested for e in c}
        if strange or len(stored) != len(set(stored)):
            lost.append(f"stored twice or never asked for: {stored}")
        count.add("lost", len(lost))
        return lost

    def judge_contested(self, line, stored, disputed):
        """A line that both may have set: base, ours, theirs."""
        base, ours, theirs = line
        if any(e in disputed for e in line):
            return []
        is_here, is_there = self.set_here.get(line), self.set_there.get(line)
        now = [e for e in line if e in stored]
        if is_there and self.was_sent[line] or is_there and line not in self.set_here:
            return [] if now == [theirs] else [f"{line}: theirs was the last word, stored is {now}"]
        if is_there and is_here:
            return [f"{line}: changed here and there, stored is {now}, and no conflict is shown"]
        if is_there:  # ours died or failed: theirs, a conflict, or ours after all is not silent: it was asked for
            return [] if now in ([theirs], [ours]) else [f"{line}: stored is {now}"]
        if line in self.set_here:
            good = [[ours]] if is_here else [[ours], [base]]
            return [] if now in good else [f"{line}: set here {is_here}, stored is {now}"]
        return [] if now == [base] else [f"{line}: nobody touched it, stored is {now}"]


def worker(first):
    exchange = Exchange(f"worker-{first}", users=max(HISTORIES + 30, 60), speed=SPEED)
    ids = exchange.ids()
    for number in range(first, HISTORIES, SIDE_BY_SIDE):
        history = History(exchange, ids, number)
        try:
            lost = history.run()
        except Exception as failure:  # pylint: disable=broad-except
            history.note("failed:", repr(failure))
            lost = [repr(failure)]
        if os.environ.get("CALLHUD_VERBOSE"):
            tap.note("\n# ".join(history.story))
        check(not lost, f"history {number}: both homes agree or a conflict is shown, no edit is lost",
              "\n".join(lost + history.story[-34:]))


def main():
    tap.note(f"CALLHUD_SEED={SEED}")
    stories(*[(f"worker {first}", worker, first) for first in range(min(SIDE_BY_SIDE, HISTORIES))])
    told = count.told
    tap.note("figure " + ", ".join(f"{what} {n}" for what, n in told.items()))
    tap.ok(told["acknowledged"] >= 2 * HISTORIES and told["killed"] >= HISTORIES and
           told["remote"] >= 2 * HISTORIES, "there were edits, kills, other editors enough", told)
    tap.ok(told["conflicts"] >= HISTORIES // 10, "some lines were changed on both sides", told)
    tap.ok(told["lost"] == 0, "edits lost silently: 0", told)
    tap.end()


if __name__ == "__main__":
    main()
