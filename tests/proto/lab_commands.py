"""The commands that act, on the real Asterisk, through the dialplan that doctor --example prints: what they
print, how they end, and that the server is then as before. Who hears whom is measured in lab_act_audio."""
import crypt
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from actenv import CALLHUD, Act, ActLab, LockedTap, next_line, until

tap = LockedTap()
lab = ActLab(agents=3, supervisors=2, lines="ring_timeout = 5")
phone = lab.supervisors[0]
profile = "s" + phone
phones = lab.phones
answer_once = phones.answer


def lift(ext, timeout=5.0):
    """A leg that has just appeared is not the phone's yet (409)."""
    end = time.monotonic() + timeout
    while True:
        try:
            return answer_once(ext, timeout)
        except RuntimeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


phones.answer = lift


def settle():
    """A websocket that opens while a device's state changes can freeze this Asterisk for good (its device
    states and its sessions lock each other out; shown without callhud): commands in a row keep a distance."""
    time.sleep(0.4)


def checks(**more):
    settle()
    done = lab.command("doctor", "--json", profile=profile, **more)
    found = {}
    for line in json.loads(done.stdout):
        found.setdefault(line["check"], (line["result"], line["text"]))
    return done.returncode, found


def printed():
    """{file name: text} of doctor --example asterisk."""
    text = lab.command("doctor", "--example", "asterisk", profile=profile).stdout
    parts = re.split(r"^# ---- .*?([a-z_]+\.(?:conf|ini)) ----$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def clean(before, name):
    """The server is as before, and nothing is in a ledger."""
    same = until(lambda: not lab.difference(before))
    tap.ok(same and not lab.leftovers(), f"{name}: the server is as before", lab.difference(before))
    tap.ok(until(lambda: not lab.ledgers()), f"{name}: the list of things made is gone", lab.ledgers())


def command(*args, wanted=0, name=None, says="", json_out=False):
    settle()
    done = lab.command(*args, *(["--json"] if json_out else []), profile=profile)
    good = done.returncode == wanted and says in done.stderr
    if wanted >= 1:
        good = good and done.stderr.startswith("callhud: ") and not done.stdout
    tap.ok(good, name or " ".join(args),
           "" if good else f"exit {done.returncode}, out {done.stdout!r}, err {done.stderr!r}")
    return done


# ---- the sample -------------------------------------------------------------------------------------

etc = os.path.join(lab.dir, "pbx", "etc")
with open(os.path.join(etc, "extensions.conf")) as f:
    without = re.sub(r"^\[retrieve\]\n.*?(?=^\[|\Z)", "", f.read(), flags=re.M | re.S)
with open(os.path.join(etc, "extensions.conf"), "w") as f:
    f.write(without)
lab.cli("dialplan reload")
code, found = checks()
tap.ok(code == 0 and "pickup" in found.get("missing", ("", ""))[1] and
       "doctor --example asterisk" in found["missing"][1] and "listen" in found["actions"][1] and
       "pickup" not in found["actions"][1],
       "doctor says what is missing without the dialplan", found.get("missing"))
caller = phones.call("5551111", "Nobody", 101)
phones.leg(101, "Ring")
command("pickup", "101", wanted=4, says="doctor --example asterisk",
        name="without it pick up is refused, with what to do")
phones.drop(caller)

files = printed()
tap.ok(set(files) >= {"http.conf", "ari_callhud.conf", "extensions_callhud.conf", "config.ini"},
       "doctor prints every file", list(files))
with open(os.path.join(etc, "extensions_callhud.conf"), "w") as f:
    f.write(files["extensions_callhud.conf"])
with open(os.path.join(etc, "extensions.conf"), "a") as f:
    f.write("\n#include extensions_callhud.conf\n")
lab.cli("dialplan reload")
shown = lab.cli("dialplan show retrieve")
tap.ok(all(f"'{e}' =>" in shown for e in ("bridge", "pickupchan", "pickup")) and "PickupChan(" in shown,
       "Asterisk loads the printed dialplan", shown)

sample = files["ari_callhud.conf"].replace("[hud]", "[sample]").replace(
    "$6$...", crypt.crypt("pass-word-1", crypt.mksalt(crypt.METHOD_SHA512)))
with open(os.path.join(etc, "ari_callhud.conf"), "w") as f:
    f.write(sample)
with open(os.path.join(etc, "ari.conf"), "a") as f:
    f.write("\n#include ari_callhud.conf\n")
lab.cli("module reload res_ari")
user = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", "sample:pass-word-1", "-X",
                       "POST", lab.info["ari"]["url"] + "/asterisk/variable?variable=X&value=1"],
                      capture_output=True, text=True, timeout=20).stdout
tap.ok(user == "204", "Asterisk loads the printed user, who may write", user)

code, found = checks()
tap.ok(code == 0 and "missing" not in found and
       found["actions"] == ("ok", "listen whisper barge takeover pickup hangup dnd record: native"),
       "doctor finds all that is needed", found)
code, found = checks(config=lab.write_config(path=os.path.join(lab.home, "none.ini"),
                                             profiles=[(profile, "999")]))
tap.ok(code == 1 and found["phone"][0] == "FAIL", "doctor misses a phone that is none", found["phone"])

# ---- one action -------------------------------------------------------------------------------------

before = lab.picture()
caller = phones.call("5551001", "Alice", 101)
phones.leg(101, "Ring")
settle()
act = Act(lab, profile, "pickup", "101", "--reason", "training")
phones.answer(phone)
tap.ok(act.wait() == 0 and len(act.lines) == 1 and act.lines[0]["action"] == "pickup" and
       act.lines[0]["confirmed"] is True and act.lines[0]["extension"] == "101" and act.lines[0]["call"],
       "pickup of a ringing line", act.told())
tap.ok("rings: lift it" in act.error() and phone in act.error(), "the phone that rings is said",
       act.error())
tap.ok(until(lambda: lab.is_bridged(lab.leg_of(phone), lab.carrier_leg("5551001"))),
       "and the caller is with the supervisor")
phones.drop(caller)
clean(before, "pickup of a ringing line")

caller = lab.talk(101, "5551002")
lab.hold(101)
settle()
act = Act(lab, profile, "pickup", "101")
phones.answer(phone)
tap.ok(act.wait() == 0 and until(lambda: lab.is_bridged(lab.leg_of(phone), lab.carrier_leg("5551002"))),
       "pickup of a held line", act.told())
phones.drop(caller)
clean(before, "pickup of a held line")

command("pickup", "101", wanted=4, name="nothing to pick up")
command("hangup", "101", "--call", "pbx-1.1", wanted=4, says="101 has no call pbx-1.1")
command("hangup", "199", wanted=4, says="no monitored user has extension 199")
command("listen", "101", wanted=4, name="no call to listen to")
command("record", "101", "on", "--read-only", wanted=4, says="--read-only is on")

caller = lab.talk(102, "5551003")
call = lab.leg_of(102)
done = command("record", "102", "on", json_out=True)
tap.ok(json.loads(done.stdout or "{}").get("on") is True, "record on", done.stdout)
tap.ok("ends with the call" in done.stderr, "what ends a recording is said", done.stderr)
settle()
watched = json.loads(lab.command("status", "102", "--json", profile=profile).stdout)[0]["calls"]
tap.ok(watched and watched[0]["recorded"] is True, "a status of its own sees the recording", watched)
command("record", "102", "on", says="the call of 102 is recorded already")
command("record", "102", "off", "--call", call)
done = command("hangup", "102", "--call", call, json_out=True, name="hang up of a named call")
tap.ok(json.loads(done.stdout or "{}").get("call") == call, "hangup says which", done.stdout)
clean(before, "record and hangup")


def dnd_state():
    return lab.pbx.must("GET", "/deviceStates/Custom%3ADND103")["state"]


for word, wanted in ((["on"], "BUSY"), (["off"], "NOT_INUSE"), ([], "BUSY"), ([], "NOT_INUSE")):
    command("dnd", "103", *word, name=f"dnd {word} {wanted}")
    tap.ok(until(lambda: dnd_state() == wanted), f"the PBX says {wanted}", dnd_state())
done = command("dnd", "103", "off", json_out=True, says="103 has do not disturb off already")
tap.ok(json.loads(done.stdout or "{}").get("confirmed") is True, "what is so already is confirmed", done.stdout)

# ---- the own phone ----------------------------------------------------------------------------------

caller = lab.talk(101, "5551004")
before = lab.picture()
start = time.monotonic()
command("listen", "101", wanted=4, name="a phone that is not lifted")
took = time.monotonic() - start
tap.ok(4.5 < took < 9, "gives up after ring_timeout", f"{took:.1f} s")
clean(before, "not lifted")
phones.mode(phone, "busy")
command("whisper", "101", wanted=4, name="a phone that is busy")
phones.mode(phone, "ring")
clean(before, "busy")
lab.scenario("unregister", phone)
until(lambda: lab.pbx.must("GET", f"/endpoints/PJSIP/{phone}")["state"] == "offline", 10)
command("barge", "101", wanted=4, name="a phone that is offline")
lab.scenario("register", phone)
until(lambda: lab.pbx.must("GET", f"/endpoints/PJSIP/{phone}")["state"] == "online", 10)
clean(before, "offline")
nowhere = lab.write_config(server="http://127.0.0.1:1/ari", path=os.path.join(lab.home, "gone.ini"))
done = lab.command("listen", "101", profile=profile, config=nowhere, timeout=40)
tap.ok(done.returncode == 3 and done.stderr.startswith("callhud: "), "an unreachable server ends with 3",
       f"{done.returncode} {done.stderr}")

# ---- supervisions -----------------------------------------------------------------------------------


def supervise(*args, mode=None, **more):
    settle()
    act = Act(lab, profile, *args, **more)
    phones.answer(phone)
    if mode:
        line = act.confirmed(mode)
        tap.ok(line and set(line) == {"v", "time", "extension", "call", "mode", "confirmed"} and
               line["v"] == 1 and line["call"] == lab.leg_of(args[1]), f"{mode} is confirmed", act.told())
    return act


act = supervise("listen", "101", mode="listen")
for word in ("whisper", "barge", "whisper", "listen"):
    act.word(word)
    tap.ok(act.confirmed(word), f"the word {word}", act.told())
act.word("shout")
tap.ok(until(lambda: "no word 'shout'" in act.error()) and act.process.poll() is None,
       "an unknown word is said and changes nothing", act.told())
act.word("stop")
tap.ok(act.wait() == 0, "stop ends with 0", act.told())
clean(before, "stop")

act = supervise("whisper", "101", mode="whisper")
act.process.stdin.close()
time.sleep(0.5)
tap.ok(act.process.poll() is None, "the end of input changes nothing")
phones.drop(caller)
tap.ok(act.wait() == 0, "the end of the call ends with 0", act.told())
until(lambda: not lab.channels())
tap.ok(not lab.channels() and not lab.bridges(), "and nothing is left", lab.difference((set(), {})))

caller = lab.talk(101, "5551005")
before = lab.picture()
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    act = supervise("barge", "101", mode="barge")
    act.signal(number)
    tap.ok(act.wait() == 128 + number, f"signal {number} ends with {128 + number}", act.told())
    clean(before, f"signal {number}")
settle()
act = Act(lab, profile, "listen", "101")
phones.leg(phone, "Ring")
act.signal(signal.SIGINT)
tap.ok(act.wait() == 130, "an interrupt while the phone rings", act.told())
clean(before, "an interrupt while the phone rings")

settle()
act = Act(lab, profile, "listen", "101", json_lines=False)
phones.answer(phone)
until(lambda: act.bad, 5)
tap.ok(act.bad and re.fullmatch(rb"\d\d:\d\d:\d\d 101 Ada 101: listen, nobody hears you\n", act.bad[0]),
       "lines for people", act.told())
act.word("stop")
act.wait()
act = subprocess.Popen([CALLHUD, "--config", lab.config, "--profile", profile, "listen", "101", "--json"],
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       env=lab.callhud_env())
phones.answer(phone)
next_line(act.stdout)
act.stdout.close()
try:
    code = act.wait(8)
except subprocess.TimeoutExpired:
    code = None
    act.kill()
tap.ok(code == 0, "who reads no more ends it", code)
clean(before, "who reads no more")

act = supervise("listen", "101", mode="listen")
act.word("takeover")
tap.ok(act.confirmed("takeover") and act.wait() == 0, "take over ends it with 0", act.told())
tap.ok(until(lambda: lab.is_bridged(lab.leg_of(phone), lab.carrier_leg("5551005"))) and
       not lab.leg_of(101), "the caller is with the supervisor, the agent is not")
phones.drop(caller)
until(lambda: not lab.channels())
tap.ok(not lab.leftovers() and not lab.bridges() and not lab.ledgers(), "nothing is left of it",
       f"{lab.leftovers()} {lab.bridges()} {lab.ledgers()}")

# ---- terminals --------------------------------------------------------------------------------------


class Screen:
    """callhud on a terminal of its own, read as text."""

    def __init__(self, *args):
        settle()
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.text = ""

        def own():
            os.setsid()
            import fcntl
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([CALLHUD, "--config", lab.config, "--profile", profile, *args],
                                        stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env=lab.callhud_env(TERM="dumb"), preexec_fn=own)

    def wait(self, text, timeout=8.0, since=0):
        end = time.monotonic() + timeout
        while text not in self.text[since:] and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    break
        return text in self.text[since:]

    def type(self, text):
        os.write(self.master, text.encode())

    def ended(self):
        try:
            return self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None

    def is_as_before(self):
        return termios.tcgetattr(self.slave) == self.before


caller = lab.talk(101, "5551006")
before = lab.picture()
screen = Screen("listen", "101")
phones.answer(phone)
tap.ok(screen.wait("listen, nobody hears you"), "listen on a terminal", screen.text)
for key, words in (("w", "whisper, Ada 101 hears you"), ("b", "barge, both hear you")):
    screen.type(key)
    tap.ok(screen.wait(words), f"the key {key}", screen.text)
screen.type("x")
tap.ok(screen.ended() == 0 and screen.is_as_before(), "the key x ends it, the terminal is as before",
       screen.text)
clean(before, "keys")
screen = Screen("listen", "101")
phones.answer(phone)
screen.wait("nobody hears you")
screen.type("\x03")
tap.ok(screen.ended() == 130 and screen.is_as_before(), "Ctrl-C ends it, the terminal is as before",
       screen.text)
clean(before, "Ctrl-C")

screen = Screen("--plain")
screen.wait("live: the lamps are fresh")
screen.type("listen 101\n")
tap.ok(screen.wait("rings: lift it"), "plain lines say which phone rings", screen.text)
phones.answer(phone)
tap.ok(screen.wait("listen, nobody hears you"), "plain lines say what is confirmed", screen.text)
screen.type("barge 101\ny\n")
tap.ok(screen.wait("too early") and "both parties will hear you" in screen.text,
       "barge asks, and what was typed before is no answer", screen.text)
time.sleep(0.3)
screen.type("n\n")
tap.ok(screen.wait("left as it is") and "barge, both" not in screen.text, "n leaves it", screen.text)
screen.type("barge 101\n")
screen.wait("y does it", since=len(screen.text))
time.sleep(0.3)
screen.type("y\n")
tap.ok(screen.wait("barge, both hear you"), "y does it", screen.text)
screen.type("quit\n")
screen.wait("quit? that ends the supervision")
time.sleep(0.3)
screen.type("n\n")
screen.wait("left as it is", since=screen.text.rfind("quit?"))
screen.type("stop\n")
tap.ok(screen.wait("barge ended"), "stop ends it", screen.text)
tap.ok(until(lambda: not lab.difference(before)), "plain lines: the server is as before",
       lab.difference(before))
screen.type("hangup 101\n")
screen.wait("the call ends for both parties")
phones.drop(caller)
tap.ok(screen.wait("the call has ended or was taken meanwhile"), "a question goes with its call", screen.text)
screen.type("quit\n")
tap.ok(screen.ended() == 0, "quit", screen.text)

tap.ok(not lab.ledgers(), "and its list of things made is gone", lab.ledgers())

# ---- the record, and what was left ------------------------------------------------------------------

done = lab.command("audit", "verify", profile=profile)
tap.ok(done.returncode == 0, "the record is whole", done.stdout + done.stderr)
records, _ = lab.audit()
begins = [r for r in records if r["record"] == "begin"]
ends = {r["begin"] for r in records if r["record"] in ("end", "failed", "confirmed")}
tap.ok(all(b["sequence"] in ends for b in begins), "every begin has its fate",
       [b for b in begins if b["sequence"] not in ends])
tap.ok(any(r["reason"] == "training" for r in begins), "the reason is in it")

caller = lab.talk(101, "5551007")
before = lab.picture()
act = supervise("listen", "101", mode="listen")
act.kill()
code, found = checks()
tap.ok(found["leftovers"][0] == "warn" and found["cleaning"][0] == "ok",
       "doctor says what a killed run left, and removes it", found)
clean(before, "kill -9 and doctor")
tap.end()
