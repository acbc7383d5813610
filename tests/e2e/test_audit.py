"""callhud audit show|verify on files written by this test from the documented format alone."""
import atexit
import csv
import datetime
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "proto"))
from labenv import CALLHUD, Tap  # noqa: E402

ZEROS = "0" * 64
KEYS = ("v sequence time record action begin profile who uid host pid supervisor extension name "
        "call party mode value result reason previous hash").split()

tap = Tap()
home = tempfile.mkdtemp(prefix="callhud-audit-", dir="/tmp")
atexit.register(shutil.rmtree, home, True)
folder = os.path.join(home, "callhud")
path = os.path.join(folder, "audit.jsonl")
os.mkdir(folder, 0o700)
ENV = dict(os.environ, XDG_STATE_HOME=home, XDG_CONFIG_HOME=os.path.join(home, "none"),
           LC_ALL="C.UTF-8", TZ="UTC")


def audit(*args, env=None, **more):
    return subprocess.run([CALLHUD, "audit", *args], capture_output=True, timeout=120,
                          env=dict(ENV, **(env or {})), stdin=subprocess.DEVNULL, **more)


def record(sequence, previous, **more):
    fields = dict.fromkeys(KEYS)
    fields.update(v=1, sequence=sequence, time="2026-11-22T05:01:02.345Z", record="begin",
                  action="listen", profile="floor", who="sup", uid=1000, host="jump", pid=4711,
                  supervisor="108", extension="101", name="Noor Haddad", call="1763787662.17",
                  party="+15145550117", previous=previous)
    fields.update(more)
    del fields["hash"]
    body = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)[:-1].encode()
    digest = hashlib.sha256(body).hexdigest()
    return body + b',"hash":"' + digest.encode() + b'"}\n', digest


def chain(count, **more):
    lines, hashes, previous = [], [], ZEROS
    for i in range(1, count + 1):
        line, previous = record(i, previous, **more)
        lines.append(line)
        hashes.append(previous)
    return lines, hashes


def put(lines):
    with open(path, "wb") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(b"".join(lines))


def one_line(done):
    return done.stderr.count(b"\n") == 1 and done.stderr.startswith(b"callhud: ")


# ---- nothing there ----------------------------------------------------------------------------
done = audit("verify")
tap.ok((done.returncode, done.stdout) == (0, b"0 records, intact\n"), "no file is 0 records", done)
done = audit("show", "--json")
tap.ok((done.returncode, json.loads(done.stdout)) == (0, []), "and shows none")
done = audit("verify", "--since", ZEROS)
tap.ok(done.returncode == 1 and one_line(done), "no file holds no hash")
for args in (["look"], ["verify", "--since", "12"], ["show", "--since", "x" * 64],
             ["verify", "--csv"], ["verify", "--format", "csv"], ["show", "--against", "journald"],
             ["verify", "--against", "paper"], []):
    done = audit(*args)
    tap.ok(done.returncode == 2 and one_line(done), f"audit {' '.join(args)} is wrong usage", done.stderr)

# ---- intact -----------------------------------------------------------------------------------
lines, hashes = chain(50, reason='a "word", ü, =1+1')
put(lines)
done = audit("verify")
first = done.stdout.decode().splitlines()[0]
tap.ok(done.returncode == 0 and first == f"50 records, intact, head {hashes[-1]}", "intact", done)
tap.ok(b"--since" in done.stdout and b"written anew" in done.stdout,
       "what the file cannot prove is said")
verdict = json.loads(audit("verify", "--json").stdout)
tap.ok(verdict == {"v": 1, "records": 50, "intact": True, "head": hashes[-1], "bad_line": None,
                   "heads_checked": 0, "fault": None}, "verify --json", verdict)
with open(os.path.join(home, "broken.ini"), "w") as f:
    f.write("no configuration\n")
tap.ok(audit("verify", "--config", f.name).returncode == 0, "no configuration is needed")

done = audit("show", "--json")
tap.ok(json.loads(done.stdout) == [json.loads(line) for line in lines], "show --json has all records")
tap.ok(all(line.rstrip(b"\n") in done.stdout for line in lines), "as they are stored")
done = audit("show", "--format", "csv")
rows = list(csv.reader(io.StringIO(done.stdout.decode())))
tap.ok(rows[0] == KEYS and len(rows) == 51 and all(len(row) == len(KEYS) for row in rows),
       "show --format csv has all records")
tap.ok(dict(zip(KEYS, rows[50]))["reason"] == 'a "word", ü, =1+1' and
       dict(zip(KEYS, rows[50]))["party"] == "+15145550117" and
       dict(zip(KEYS, rows[50]))["hash"] == hashes[-1], "with their values")
table = audit("show").stdout.decode().splitlines()
tap.ok(len(table) == 51 and "2026-11-22 05:01:02" in table[1] and "Noor Haddad" in table[1] and
       table[50].split()[0] == "50", "show is a table, oldest first", table[1])
put([record(1, ZEROS, action="presence set", value="ring_when_monitored_rings=on", result="ok")[0]])
row = audit("show").stdout.decode().splitlines()[1]
tap.ok("begin     presence set " in row and "ring_when_monitored_rin" in row and " ok" in row,
       "what was set is told", row)
put(lines)
table = audit("show", "--since", hashes[46]).stdout.decode().splitlines()
tap.ok([row.split()[0] for row in table[1:]] == ["48", "49", "50"], "show --since")
tap.ok(audit("show", "--since", ZEROS).returncode == 1, "show --since of a hash that is not there")

# ---- damaged ----------------------------------------------------------------------------------
for name, number, changed in (
        ("a changed byte", 17, lines[:16] + [lines[16].replace(b"Noor", b"Moor")] + lines[17:]),
        ("a removed line", 18, lines[:17] + lines[18:]),
        ("a line put in twice", 4, lines[:3] + lines[2:]),
        ("a cut line at the end", 50, lines[:49] + [lines[49][:99]]),
        ("text that is no record", 3, lines[:2] + [b"\x1b[2J\xff\x00\n"] + lines[2:]),
        ("a record with its own right hash, put in", 11, lines[:10] + [record(11, ZEROS)[0]] + lines[10:]),
        ("another key", 2, lines[:1] + [lines[1].replace(b'"mode":null', b'"mod":null')] + lines[2:])):
    put(changed)
    done = audit("verify")
    tap.ok(done.returncode == 1 and one_line(done) and f"line {number} ".encode() in done.stderr + b" " or
           f"line {number}\n".encode() in done.stderr, f"{name}: verify names line {number}", done.stderr)
    verdict = json.loads(audit("verify", "--json").stdout)
    tap.ok(verdict["intact"] is False and verdict["bad_line"] == number and verdict["fault"],
           f"{name}: verify --json names it")
    done = audit("show", "--json")
    shown = json.loads(done.stdout)
    tap.ok(done.returncode == 1 and f"line {number}".encode() in done.stderr and b"\x1b" not in done.stderr and
           len(shown) >= 49, f"{name}: show names it and shows the rest")
put(lines[:30])
tap.ok(audit("verify").returncode == 0, "a cut tail alone does not show")
done = audit("verify", "--since", hashes[-1])
tap.ok(done.returncode == 1 and b"its tail was cut off" in done.stderr, "--since finds it")
tap.ok(audit("verify", "--since", hashes[29]).returncode == 0, "--since of a hash that is there")

# ---- hostile text -----------------------------------------------------------------------------
line, _ = record(1, ZEROS, name="\u5317\u4eac" * 40, reason="=HYPERLINK(1)", party="-2+3", result="+1514")
escaped, _ = record(1, ZEROS, reason="BEL")
body = escaped[:escaped.index(b',"hash"')].replace(b"BEL", b"\\u001b]0;x\\u0007\\u202e\\n"[:-2])
put([body + b',"hash":"' + hashlib.sha256(body).hexdigest().encode() + b'"}\n'])
done = audit("show")
tap.ok(done.returncode == 0 and b"\x1b" not in done.stdout and b"\x07" not in done.stdout and
       "\u202e".encode() not in done.stdout, "no control character reaches the terminal", done.stdout)
put([line])
row = dict(zip(KEYS, list(csv.reader(io.StringIO(audit("show", "--format", "csv").stdout.decode())))[1]))
tap.ok((row["reason"], row["party"], row["result"]) == ("'=HYPERLINK(1)", "'-2+3", "+1514"),
       "a sheet takes no text for a formula")
tap.ok(audit("show", "--ascii").stdout.isascii(), "--ascii")

# ---- the journal ------------------------------------------------------------------------------
put(lines)
bin_folder = os.path.join(home, "bin")
os.mkdir(bin_folder)


def journal(text, code=0, complaint=""):
    with open(os.path.join(home, "journal.txt"), "w") as f:
        f.write(text)
    program = os.path.join(bin_folder, "journalctl")
    with open(program, "w") as f:
        f.write(f'#!/bin/sh\nprintf "%s\\n" "$@" >{home}/args\n/bin/cat {home}/journal.txt\n'
                f'[ -z "{complaint}" ] || echo "{complaint}" >&2\nexit {code}\n')
    os.chmod(program, stat.S_IRWXU)
    return audit("verify", "--against", "journald", env={"PATH": bin_folder})


def audit_linked():
    return audit("verify", "--against", "journald",
                 env={"PATH": bin_folder, "XDG_STATE_HOME": home + ".link"})


heads = "".join(f"audit {i + 1} {h} {path}\n" for i, h in enumerate(hashes))
other = f"audit 3 {ZEROS} {path}.old\naudit 1 {ZEROS} /elsewhere\nquite other\naudit 1 ab {path}\n" * 3
done = journal(other + heads + other)
tap.ok(done.returncode == 0 and b"heads in the journal: 50, all in the chain" in done.stdout, "the journal's heads are all there", done)
with open(os.path.join(home, "args")) as f:
    args = f.read().split("\n")
tap.ok("--identifier=callhud" in args and "--output=cat" in args and "--no-pager" in args and
       f"_UID={os.getuid()}" in args, "journalctl is asked for callhud's own lines of this user")
put(lines[:49])
done = journal(heads)
tap.ok(done.returncode == 1 and b"1 of 50 heads" in done.stderr and hashes[-1].encode() in done.stderr,
       "a cut tail is found", done.stderr)
anew, _ = chain(60, reason="nicer")
put(anew)
done = journal(heads)
tap.ok(done.returncode == 1 and b"50 of 50 heads" in done.stderr, "a file written anew is found")
os.remove(path)
tap.ok(journal(heads).returncode == 1, "a removed file is found")
put(lines)
os.symlink(home, home + ".link")
os.rename(path, path + ".away")
tap.ok(audit_linked().returncode == 1, "also by another way to it")
os.rename(path + ".away", path)
done = audit_linked()
os.remove(home + ".link")
tap.ok(done.returncode == 0, "another way to the same file has the same heads", done.stderr)
done = journal("")
tap.ok(done.returncode == 1 and b"nothing to compare with" in done.stderr, "an empty journal proves nothing")
done = journal("", 1)
tap.ok(done.returncode == 1 and b"nothing to compare with" in done.stderr, "also when it ends with 1")
done = journal(heads, 1, "Failed to open: no rights")
tap.ok(done.returncode == 1 and b"no rights" in done.stderr, "why journalctl failed is said")
os.remove(os.path.join(bin_folder, "journalctl"))
done = audit("verify", "--against", "journald", env={"PATH": bin_folder})
tap.ok(done.returncode == 1 and b"journalctl does not start" in done.stderr and one_line(done),
       "no journalctl: said", done.stderr)

# ---- readers that go, files that are large ----------------------------------------------------
count = 100000
many, many_hashes = chain(count)
put(many)
pipe = subprocess.run(["bash", "-c", f"{CALLHUD} audit show --json | head -n 1"], env=ENV,
                      capture_output=True, timeout=60)
tap.ok(pipe.stderr == b"" and pipe.stdout.startswith(b"[{"), "a reader that has seen enough is no fault",
       pipe.stderr)
with open("/dev/full", "wb") as full:
    done = subprocess.run([CALLHUD, "audit", "show"], env=ENV, stdout=full, stderr=subprocess.PIPE,
                          timeout=60)
tap.ok(done.returncode == 1 and b"cannot write to standard output" in done.stderr, "a full device is one")


def check_here():
    previous = ZEROS
    with open(path, "rb") as f:
        for wanted, stored in enumerate(f, 1):
            parsed = json.loads(stored)
            at = stored.rindex(b',"hash":')
            previous_stored, previous = parsed["previous"], hashlib.sha256(stored[:at]).hexdigest()
            if parsed["sequence"] != wanted or previous != parsed["hash"] or not previous_stored:
                return False
    return True


start = time.monotonic()
done = audit("verify")
took = time.monotonic() - start
start = time.monotonic()
good = check_here()
reference = time.monotonic() - start
tap.ok(done.returncode == 0 and good and took < 2 * reference,
       f"{count} records take no longer than twice what this test takes ({took:.2f} s, {reference:.2f} s)")


def peak_kb():
    pid = os.posix_spawn(CALLHUD, [CALLHUD, "audit", "verify"], ENV,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    return os.wait4(pid, 0)[2].ru_maxrss


large = peak_kb()
size_kb = os.path.getsize(path) // 1024
put(many[:10])
small = peak_kb()
tap.ok(large - small < 8192 < size_kb, f"{size_kb} kB cost {large - small} kB of memory")
put(many)
tap.ok(datetime.datetime.fromisoformat(json.loads(many[0])["time"].replace("Z", "+00:00")) is not None and
       audit("verify", "--since", many_hashes[0]).returncode == 0, "--since of the first of many")
tap.end()
