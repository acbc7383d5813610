#!/usr/bin/env python3
"""list export and list import: what goes out comes back, as CSV and JSON, whatever people are called and
whatever the file holds; a file that is wrong changes nothing and its line is named."""
import csv
import io
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from exenv import Exchange, Person, check, stories, tap, wait  # noqa: E402

HOSTILE = {"101": 'O"Brien, "Max"', "102": "two\nlines\r\nof it", "103": '=HYPERLINK("http://x","y")',
           "104": "evil\u202etxt\u200b\x1b[31m", "105": "@SUM(1+1)", "106": "+49 30 1", "107": "-1+1",
           "108": "\tTab", "109": "a" * 63, "110": "\U0001f468\u200d\U0001f469 \u0301"}
COLUMNS = ["key", "extension", "name", "stored", "state"]


def parsed(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def write(person, name, content):
    path = os.path.join(person.folder, name)
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return path


def round_trip(exchange):
    """Out and in again, through both formats."""
    for extension, name in HOSTILE.items():
        exchange.control("PATCH", f"/users/{extension}", {"name": name})
    order = ["105", "101", "103", "102", "110", "109", "104", "106", "108", "107"]
    exchange.edit(lambda before: order)
    person = Person(exchange)
    for flags, name in (((), "list.csv"), (("--json",), "list.json")):
        path = os.path.join(person.folder, name)
        code, _, said = person.run("list", "export", path, *flags)
        with open(path, encoding="utf-8", newline="") as f:
            text = f.read()
        check(code == 0 and os.stat(path).st_mode & 0o077 == 0, f"{name}: written, for the owner alone", said)
        rows = json.loads(text) if flags else parsed(text)
        check(all(list(r) == COLUMNS for r in rows), f"{name}: the columns", rows[:1])
        check([r["extension"] for r in rows if r["state"] != "reserved"] == order and
              all(str(r["key"]) == str(i + 1) for i, r in enumerate(rows)), f"{name}: the lines in order", rows)
        check(not any(c in text for c in "\u202e\u200b\x1b"), f"{name}: no control signs", repr(text))
        if not flags:
            check(not any(r["name"].startswith(("=", "+", "-", "@", "\t")) for r in rows),
                  "list.csv: no cell begins a formula", [r["name"] for r in rows])
        code, out, _ = person.run("list", "export", *(flags or ("--format", "csv")))
        check(code == 0 and out == text, f"{name}: the same to standard output", out)

        code, _, said = person.run("list", "import", path, *flags)
        check(code == 0 and person.json("list", "diff") == [], f"{name}: in again: nothing is different",
              (said, person.run("list", "diff")))
        exchange.edit(lambda before: ["111", "112"])  # all of it is gone elsewhere
        check(person.run("list", "pull")[0] == 0 and person.here() == ["111", "112"], "the list is another")
        code, _, said = person.run("list", "import", path, *flags)
        check(code == 0 and exchange.stored() == ["111", "112"], f"{name}: an import stores nothing by itself",
              said)
        check(person.here() == order, f"{name}: and brings back each line in its place", person.here())
        code, _, said = person.run("list", "push")
        check(code == 0 and exchange.stored() == order, f"{name}: a push stores it", (said, exchange.stored()))
    code, out, said = person.run("list", "show")
    check(code == 0 and not any(c in out for c in "\u202e\u200b\x1b"), "list show: no control signs", repr(out))


def unchanged(exchange):
    """A list in which everything is open: out and in again, it is as it was."""
    exchange.edit(lambda before: ["101", "102", "103", "104", "105", "106", "107"])
    person = Person(exchange)
    person.run("list", "pull")
    for words in (("add", "110"), ("remove", "102"), ("set", "3", "111"), ("move", "7", "4")):
        check(person.run("list", *words)[0] == 0, f"list {' '.join(words)}")
    exchange.edit(lambda before: ["112", *before[1:]])  # in conflict with the set
    exchange.control("PATCH", "/users/105", {"enabled": False})
    begun = person.json("list", "show")
    states = {r["state"] for r in begun}
    check(states >= {"same", "added", "removed", "changed", "conflict", "reserved"} - {"changed"},
          "a line of each kind", states)
    for name in ("open.csv", "open.json"):
        path = os.path.join(person.folder, name)
        code, _, said = person.run("list", "export", path)
        check(code == 0, f"{name}: out", said)
        code, _, said = person.run("list", "import", path)
        check(code == 0 and "the list is the same" in said and person.json("list", "show") == begun,
              f"{name}: in again, nothing is changed", (code, said, person.json("list", "show"), begun))
    with open(path, encoding="utf-8") as f:
        code, _, said = person.run("list", "import", "-", text_in=f.read())
    check(code == 0 and person.json("list", "show") == begun, "the same from standard input", (code, said))
    code, _, said = person.run("list", "import", "-", text_in="extension\n101\n999\n")
    check(code == 4 and said == "callhud: standard input: line 3: nobody has the extension 999\n",
          "and its line is named, too", (code, said))

    exchange.edit(lambda before: ["101", "104"], "103")
    path = os.path.join(person.folder, "of-103")
    code, _, said = person.run("list", "export", path, "--user", "103", "--reason", "leaver")
    with open(path, encoding="utf-8", newline="") as f:
        rows = parsed(f.read())
    check(code == 0 and [r["extension"] for r in rows if r["state"] == "same"] == ["101", "104"],
          "--user: another's list", (code, said, rows))
    code, _, said = person.run("list", "import", path, "--user", "103")
    check(code == 0 and person.json("list", "diff", "--user", "103") == [] and
          person.json("list", "show") == begun, "in again, both lists are as they were", (code, said))
    for words in (("/dev/full",), ("/dev/full", "--json"), ("-",)):
        with open("/dev/full", "w", encoding="utf-8") as full:
            code, _, said = person.run("list", "export", *words, to=full)
        check(code == 1 and "No space left on device" in said and said.count("\n") == 1,
              f"list export {' '.join(words)}, full: said", (code, said))
    records = [r for r in person.json("audit", "show") if r["action"] == "list export"]
    check([(r["record"], r["extension"], r["reason"]) for r in records[4:6]] ==
          [("begin", "103", "leaver"), ("end", "103", "leaver")] and
          records[-5]["record"] == "failed" and "No space left" in records[-5]["result"],
          "each is on record, with how it went", records)


def bystanders(exchange):
    """What stands where an export goes."""
    exchange.edit(lambda before: ["101", "102"])
    person = Person(exchange)
    kept = write(person, "kept", "old\n")
    os.chmod(kept, 0o644)
    link = os.path.join(person.folder, "link")
    os.symlink(kept, link)
    code, _, said = person.run("list", "export", link)
    with open(kept, encoding="utf-8") as f:
        text = f.read()
    check(code == 0 and os.path.islink(link) and text.startswith("key,extension"),
          "a symbolic link stays one, its file is written", (code, said, os.path.islink(link), text[:40]))
    pipe = os.path.join(person.folder, "pipe")
    os.mkfifo(pipe)
    process = person.start("list", "export", pipe)
    wait(lambda: process.poll() is not None or os.path.getsize(person.list_file), "the export begins")
    fd = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    got = b""

    def read():
        nonlocal got
        try:
            got += os.read(fd, 65536)
        except BlockingIOError:
            pass
        return process.poll() is not None

    wait(read, "the export ends")
    read()
    os.close(fd)
    check(os.path.exists(pipe) and not os.path.isfile(pipe) and got.startswith(b"key,extension"),
          "a named pipe is written to, not replaced", (process.returncode, got[:60]))
    process.communicate()
    for path in (os.path.join(person.folder, "nowhere", "x.csv"), person.folder):
        code, _, said = person.run("list", "export", path)
        check(code in (1, 2) and path in said and said.count("\n") == 1, "where nothing can be written: said",
              (code, said))


def wrong(exchange):
    """Files that are wrong: nothing is changed, the line is named."""
    exchange.edit(lambda before: ["101", "102", "103"])
    person = Person(exchange)
    person.run("list", "add", "104")
    person.run("list", "remove", "102")
    begun = person.json("list", "show")
    many = "key,extension\n" + "".join(f"{i},{101 + i % 12}\n" for i in range(3, 5003))
    cases = {  # name: (file, flags, the line that is wrong or None)
        "nobody": ("key,extension\n3,101\n4,999\n5,103\n", (), "line 3: nobody has the extension 999"),
        "a user twice": ("key,extension\n3,101\n4,103\n5,101\n", (), "line 4: 101 "),
        "other columns": ("who,where\n101,3\n", (), "line 1"),
        "no column extension": ("key,name\n3,Noor\n", (), "line 1"),
        "nothing": ("", (), "line 1"),
        "vertical bars": ("key|extension\n3|101\n", (), "line 1"),
        "no end of a quote": ('key,extension,name\n3,101,"Noor\n4,102,x\n', (), "line"),
        "a newline in an extension": ('key,extension\n3,"10\n1"\n', (), "line"),
        "an empty extension": ("key,extension\n3,101\n4,\n5,103\n", (), "line 3"),
        "a word for a key": ("key,extension\nx,101\n", (), "line 2: a key is a number from 1, not x"),
        "key 0": ("key,extension\n3,101\n0,103\n", (), "line 3"),
        "a key twice": ("key,extension\n3,101\n4,102\n3,103\n", (), "line 4: key 3 is there twice (line 2)"),
        "a state that is none": ("extension,state\n101,gone\n", (), "line 2"),
        "control characters": ('extension\n101\n"9\x1b[31m\x07\u202e9"\n', (), "line 3"),
        "5,000 lines": (many, (), "line"),
        "5,000 strangers": ("extension\n" + "".join(f"{i}\n" for i in range(20000, 25000)), (), "line 2"),
        "binary": (bytes(range(256)) * 40, (), None),
        "zeros": (b"\0" * 4096, (), None),
        "UTF-16": ("key,extension\n3,101\n".encode("utf-16"), (), None),
        "a picture": (b"\x89PNG\r\n\x1a\n" + os.urandom(2000), (), None),
        "no array": ('{"key":3}', ("--json",), "not an array"),
        "no array either": ("{}", ("--json",), "not an array"),
        "half an array": ('[{"key":3,"extension":"101"},\n {"key":4,"ext', ("--json",), "line"),
        "no extension": ('[{"key":3,"extension":"101"},{"key":4}]', ("--json",), "row 2"),
        "a number": ('[{"key":3,"extension":{}}]', ("--json",), "row 1"),
        "nested": ("[" * 5000 + "]" * 5000, ("--json",), None),
        "JSON, nobody": ('[{"extension":"101"},{"extension":"999"}]', ("--json",), "row 2: nobody has the extension 999"),
    }
    for what, (content, flags, line) in cases.items():
        path = write(person, "wrong", content)
        code, out, said = person.run("list", "import", path, *flags)
        is_named = "/wrong: " in said and (line is None or line in said)
        is_plain = not any(ord(c) < 32 or c in "\x7f\u202e" for c in said[:-1])
        check(code == (4 if "nobody has" in said else 2) and said[-1] == "\n" and is_plain and is_named and not out,
              f"{what}: refused in one line{', ' + line if line else ''}", (code, said[:300]))
        now = person.json("list", "show")
        check(now == begun, f"{what}: nothing is changed", now)
        begun = now
    for path in ("/nonexistent", person.folder, "/dev/zero"):
        code, _, said = person.run("list", "import", path)
        check(code in (1, 2) and path in said, f"{path}: refused", (code, said))


def right(exchange):
    """Files that others write and that are right."""
    exchange.edit(lambda before: ["101", "102", "103"])
    person = Person(exchange)
    cases = {
        "extensions alone": "extension\n104\n105\n",
        "other order of columns": "name,extension,key\nx,104,3\ny,105,4\n",
        "CRLF": "key,extension\r\n3,104\r\n4,105\r\n",
        "a byte order mark": "\ufeffkey,extension\n3,104\n4,105\n",
        "no newline at the end": "key,extension\n3,104\n4,105",
        "names of any kind": 'key,extension,name\n3,104,"a ""q"", b\nc"\n4,105,=1+1\n',
        "blank lines at the end": "key,extension\n3,104\n4,105\n\n\n",
        "rows by name": "key,extension,name\n4,105,a\n3,104,b\n",
        "reserved lines too": "key,extension,name,stored,state\n1,900,x,900,reserved\n2,900,x,900,reserved\n"
                              "3,104,x,,\n4,105,y,,\n",
    }
    for what, content in cases.items():
        person.run("list", "import", write(person, "other", "extension\n110\n"))
        code, _, said = person.run("list", "import", write(person, "right", content))
        check(code == 0 and person.here() == ["104", "105"], f"{what}: taken", (code, said, person.here()))
    code, _, said = person.run("list", "push")
    check(code == 0 and exchange.stored() == ["104", "105"], "and stored by a push", (said, exchange.stored()))


def large(exchange):
    """More than the list takes: nothing is lost of what is there."""
    exchange.edit(lambda before: ["101", "102"])
    people = [u["extension"] for u in exchange.state()["users"] if u["extension"] != "900"]
    person = Person(exchange)
    fits = "extension\n" + "".join(f"{e}\n" for e in people[:98])
    code, _, said = person.run("list", "import", write(person, "fits", fits))
    check(code == 0 and person.run("list", "push")[0] == 0 and exchange.stored() == people[:98],
          "98 people fit beside the reserved lines", (code, said, len(exchange.stored())))
    over = "extension\n" + "".join(f"{e}\n" for e in people)
    code, _, said = person.run("list", "import", write(person, "over", over))
    if code == 0:
        code, _, said = person.run("list", "push")
    check(code in (1, 2, 4) and "100" in said, f"{len(people)} are refused, with the limit", (code, said[:400]))
    check(exchange.stored() == people[:98], "and what is stored stays", len(exchange.stored()))


def main():
    stories(("round trip", lambda: round_trip(Exchange("round", users=12))),
            ("unchanged", lambda: unchanged(Exchange("unchanged", users=12))),
            ("bystanders", lambda: bystanders(Exchange("bystanders", users=4))),
            ("wrong", lambda: wrong(Exchange("wrong", users=12))),
            ("right", lambda: right(Exchange("right", users=12))),
            ("large", lambda: large(Exchange("large", users=5000))))
    tap.end()


if __name__ == "__main__":
    main()
