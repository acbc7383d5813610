"""callhud doctor against the real Asterisk: each fault is named, and no password is shown."""
import json
import os
import time

from labenv import CALLHUD, Lab, Tap, run

tap = Tap()
lab = Lab(agents=4)
url = lab.info["ari"]["url"]
secrets = [lab.info["ari"]["password"], lab.info["ari"]["ro_password"]]


def doctor(*args, profile="lab", config=None):
    done = run([CALLHUD, "--config", config or lab.config, "--profile", profile, "doctor", "--json",
                *args], check=False, env=lab.callhud_env())
    checks = {}
    for line in json.loads(done.stdout):
        checks.setdefault(line["check"], (line["result"], line["text"]))
    leaked = [s for s in secrets if s in done.stdout + done.stderr]
    tap.ok(not leaked, f"no password in the output ({profile}, {' '.join(args)})")
    return done.returncode, checks


def profile(server=url, user="hud", password="hud.pass", more="monitor = 101-104", mode=0o600):
    path = os.path.join(lab.home, "other.ini")
    with open(path, "w") as f:
        os.fchmod(f.fileno(), mode)
        f.write(f"[profile x]\nserver = {server}\nuser = {user}\n"
                f"password_file = {lab.home}/{password}\n{more}\n")
    return path


def fault(name, check, words, result="FAIL", **what):
    """The named check has the result and says the words; everything after it is skipped."""
    code, checks = doctor(profile="x", config=profile(**what))
    got = checks.get(check, ("", ""))
    good = got[0] == result and all(w in got[1] for w in words)
    good = good and code == (1 if result == "FAIL" else 0)
    tap.ok(good, name, "" if good else f"exit {code}: {json.dumps(checks, indent=1)}")
    return checks


code, checks = doctor()
tap.ok(code == 0, "nothing is wrong with the lab", "" if code == 0 else checks)
for check in ("configuration", "profile", "password", "state", "keys", "theme", "libwebsockets",
              "address", "sign-in", "asterisk", "events", "rights", "clock", "users", "phone", "audit",
              "leftovers", "actions", "list"):
    tap.ok(checks.get(check, ("",))[0] == "ok", f"{check} is ok", checks.get(check))
tap.ok("read and write" in checks["rights"][1], "the right to write is seen")
tap.ok(checks["scope"][0] == "warn", "ARI's lack of narrower rights is said")

code, checks = doctor(profile="readonly")
tap.ok(code == 0 and checks["rights"][0] == "ok" and "only read" in checks["rights"][1],
       "a user that may only read is no fault", checks["rights"])
tap.ok(checks["missing"][0] == "warn" and "read_only" in checks["missing"][1] and
       "listen" in checks["missing"][1] and "actions" not in checks,
       "what such a user cannot do is named, with the reason", checks.get("missing"))
tap.ok(checks["list"][0] == "warn" and "read_only = no" in checks["list"][1],
       "the list of such a user is kept on this machine alone", checks["list"])
code, checks = doctor("--read-only")
tap.ok(checks["rights"][0] == "skip" and checks["actions"][0] == "skip",
       "with --read-only nothing is tried")

# ---- acting: the phone, the dialplan, the record, what killed runs left

code, checks = doctor(profile="x", config=profile())
tap.ok(code == 0 and checks["phone"][0] == "warn" and "phone = PJSIP/EXT" in checks["phone"][1] and
       "listen" in checks["missing"][1] and "hangup" in checks["actions"][1] and
       checks["list"][0] == "warn" and "phone = PJSIP/EXT" in checks["list"][1],
       "without a phone of one's own", checks)
code, checks = doctor(profile="x", config=profile(more="monitor = 101-104\nphone = PJSIP/104\n"
                                                       "retrieve_context = nowhere"))
tap.ok(code == 0 and checks["missing"][0] == "warn" and "'nowhere'" in checks["missing"][1] and
       "--example asterisk" in checks["missing"][1] and "pickup" in checks["missing"][1] and
       "pickup" not in checks["actions"][1] and "listen" in checks["actions"][1],
       "a dialplan that is not there", checks)
state = os.path.join(lab.home, "state", "callhud")
record = os.path.join(state, "audit.jsonl")
lab.callhud("dnd", "101", "on")
lab.callhud("dnd", "101", "off")
code, checks = doctor()
tap.ok(checks["audit"][0] == "ok" and "4 records, whole" in checks["audit"][1], "the record is whole",
       checks["audit"])
with open(record, "rb") as f:
    whole = f.read()
with open(record, "wb") as f:
    f.write(whole.replace(b'"101"', b'"102"', 1))
code, checks = doctor()
tap.ok(code == 1 and checks["audit"][0] == "FAIL" and "line 1" in checks["audit"][1],
       "a record that was changed is a fault", checks["audit"])
os.unlink(record)
os.mkdir(record)
code, checks = doctor()
tap.ok(code == 1 and checks["audit"][0] == "FAIL" and "not recorded" in checks["audit"][1],
       "a record that cannot be written is a fault", checks["audit"])
os.rmdir(record)
for server, name in ((url, "made-lab-AAAAAA"), ("http://127.0.0.9:1/ari", "made-lab-BBBBBB")):
    with open(os.path.join(state, name), "w") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(server + "\n+channels/callhud-00000000-left-1\n+bridges/callhud-00000000-left-2\n"
                         "-bridges/callhud-00000000-left-2\n")
code, checks = doctor("--read-only")
tap.ok(checks["leftovers"][0] == "warn" and "2 killed runs left 2 things" in checks["leftovers"][1] and
       "cleaning" not in checks, "what killed runs left is counted", checks["leftovers"])
code, checks = doctor()
tap.ok(checks["cleaning"][0] == "ok" and not os.path.exists(os.path.join(state, "made-lab-AAAAAA")) and
       os.path.exists(os.path.join(state, "made-lab-BBBBBB")),
       "what this server has of it is removed, another's stays", checks)
os.unlink(os.path.join(state, "made-lab-BBBBBB"))

with open(os.path.join(lab.home, "bad.pass"), "w") as f:
    os.fchmod(f.fileno(), 0o600)
    f.write("wrong-password\n")
checks = fault("a wrong password", "sign-in", ["401", "ari.conf"], password="bad.pass")
tap.ok(checks["events"][0] == "skip" and checks["users"][0] == "skip", "what needs it is skipped")
fault("an unknown user", "sign-in", ["401"], user="nobody")
fault("another path", "sign-in", ["404", "/ari"], server=url.replace("/ari", "/elsewhere"))
fault("no TLS on this port", "sign-in", ["plain http"], server=url.replace("http:", "https:"))
fault("nobody listens", "sign-in", ["enabled = yes"], server="http://127.0.0.1:1/ari")
fault("a name that does not exist", "address", ["nowhere.invalid"],
      server="https://nowhere.invalid/ari")
fault("a user without a phone", "users", ["199"], more="monitor = 101-104,199")
fault("nobody is monitored", "users", ["nobody"], more="monitor = 901-904")
fault("a phone that does not exist", "phone", ["PJSIP/999"],
      more="monitor = 101-104\nphone = PJSIP/999")
fault("others can change the configuration", "configuration", ["chmod 600"], result="warn",
      mode=0o666)
fault("keys in each other's way", "keys", ["begins"], more="monitor = 101\n[keys]\nx = quit\nxy = help")

lab.scenario("unregister", "102")
deadline = time.monotonic() + 10
while time.monotonic() < deadline:
    code, checks = doctor()
    if "offline" in checks:
        break
    time.sleep(0.5)
tap.ok(checks.get("offline", ("",))[0] == "warn" and "102" in checks["offline"][1],
       "a phone that is not registered is named", checks.get("offline"))
os.chmod(os.path.join(lab.home, "hud.pass"), 0o644)
code, checks = doctor()
tap.ok(code == 1 and "chmod 600" in checks["password"][1] and checks["server"][0] == "skip",
       "a password that others can read is a fault", checks["password"])
tap.end()
