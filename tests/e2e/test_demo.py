"""The demo in tmux: a newcomer's first look, acting from the keys, and nothing left behind."""
import glob
import os
import signal
import subprocess
import time

from termenv import CALLHUD, Home, Tap, Tmux, expect, wait_until
from exenv import control, lines_until, modes, port_of

tap = Tap()
home = Home("http://127.0.0.1:1/ari")
os.unlink(home.config)  # a newcomer has none
temporary = os.path.join(home.dir, "tmp")
os.mkdir(temporary)
env = home.env(TMPDIR=temporary)


class Demo:
    def __init__(self, *options, rows=24, cols=80):
        self.began = time.monotonic()
        # the shell tells how it ended
        self.tmux = Tmux(rows, cols, f"{CALLHUD} demo {' '.join(options)}; echo ended $?; sleep 60", env)
        if not wait_until(lambda: glob.glob(os.path.join(temporary, "callhud-demo.*", "config.ini")), 5):
            raise RuntimeError("no demo: " + self.tmux.screen())
        self.folder = glob.glob(os.path.join(temporary, "callhud-demo.*"))[0]
        self.port = port_of(os.path.join(self.folder, "port.json"))
        self.pids = processes()

    def control(self, *asked):
        return control(self.port, *asked)

    def call(self, number, to, is_answered=True):
        made = self.control("POST", "/calls", {"from": number, "to": to, "name": "Acme Ltd"})["id"]
        if is_answered:
            self.control("POST", f"/calls/{made}/answer")
        return made

    def user(self, extension):
        return next(u for u in self.control("GET", "/state")["users"] if u["extension"] == extension)

    def supervisions(self):
        return modes(self.control("GET", "/state"))

    def expect(self, test, name, timeout=5.0):
        return expect(tap, self.tmux, test, name, timeout)

    def becomes(self, test, name, timeout=5.0):
        """What is true at the exchange, whatever the screen shows."""
        tap.ok(wait_until(test, timeout, 0.05), name, self.tmux.screen())

    def select(self, extension):
        self.tmux.text(extension)
        time.sleep(0.7)

    def yes(self):
        self.expect(lambda s: "┌" in s and " y  " in s, "it asks")
        time.sleep(0.35)  # input of the first 250 ms is ignored
        self.tmux.text("y")

    def gone(self, name):
        tap.ok(wait_until(lambda: not os.listdir(temporary) and not processes(), 5), name,
               (os.listdir(temporary), processes()))


def processes():
    """The pids of the demo's processes: the console and its exchange."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/environ", "rb") as opened:
                is_ours = f"TMPDIR={temporary}".encode() in opened.read().split(b"\0")
            with open(f"/proc/{name}/cmdline", "rb") as opened:
                words = opened.read().split(b"\0")
        except (OSError, ValueError):
            continue
        if name.isdigit() and is_ours and words[0] == CALLHUD.encode() and words[1:2] == [b"demo"]:
            found.append(int(name))
    return sorted(found)


def child_of(pids):
    """The exchange: the one of the two whose parent is the other."""
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as opened:
            if int(opened.read().rsplit(")", 1)[1].split()[1]) in pids:
                return pid
    raise RuntimeError(f"no exchange among {pids}")


def first_look():
    demo = Demo()
    names = [u["name"] for u in demo.control("GET", "/state")["users"]][:3]
    shown = demo.expect(lambda s: " live" in s.split("\n")[0] and names[0].split()[0] in s,
                        "the grid is live", 6)
    tap.ok(time.monotonic() - demo.began < 3, "within three seconds", time.monotonic() - demo.began)
    demo.expect(lambda s: "■" in s and "║" in s, "calls are up and held at once")
    lesson = ("who rings", "pick up", "listen", "stop", "all keys")
    tap.ok(shown and all(word in shown.split("\n")[-2] for word in lesson), "a line teaches five keys",
           demo.tmux.screen())
    state = demo.control("GET", "/state")
    tap.ok(len(state["users"]) == 49 and len({u["department"] for u in state["users"][:48]}) == 5,
           "48 users in five departments, and their supervisor")
    tap.ok(len(demo.pids) == 2, "console and exchange", demo.pids)
    demo.tmux.keys("Down")
    demo.expect(lambda s: "who rings" not in s, "the line goes at the first key")
    demo.becomes(lambda: any(c["state"] == "ringing" for u in demo.control("GET", "/state")["users"]
                             for c in u["calls"]), "calls come in", 60)
    demo.tmux.text("q")
    demo.expect("ended 0", "q ends it")
    demo.gone("nothing is left: no process, no file")
    demo.tmux.stop()


def acts():
    demo = Demo("--rate", "0")
    demo.expect(lambda s: " live" in s.split("\n")[0], "no calls but ours", 6)
    talk = demo.call("+17778732492", "101")
    demo.expect("Acme", "a call is on the screen")
    demo.select("101")
    demo.tmux.text("L")
    demo.becomes(lambda: ("101", "listen") in demo.supervisions(), "L listens")
    demo.expect("LISTEN 101", "and the bar says so")
    demo.tmux.text("W")
    demo.becomes(lambda: ("101", "whisper") in demo.supervisions(), "W whispers")
    demo.expect("WHISPER 101", "and the bar says so")
    demo.tmux.text("B")
    demo.yes()
    demo.becomes(lambda: ("101", "barge") in demo.supervisions(), "B barges")
    demo.expect("BARGE 101", "and the bar says so")
    demo.tmux.text("X")
    demo.becomes(lambda: not demo.supervisions(), "X stops")
    tap.ok([c["id"] == talk or c["state"] for c in demo.user("101")["calls"]] and
           len(demo.user("101")["calls"]) == 1, "the call goes on without us", demo.user("101"))
    demo.tmux.text("T")
    demo.yes()
    demo.becomes(lambda: [c["state"] for c in demo.user("900")["calls"]] == ["connected"] and
                 not demo.user("101")["calls"], "T takes over: the call is ours, the agent is out")
    demo.expect("you have the call of 101", "and it says so")
    demo.control("POST", f"/calls/{talk}/hangup")
    demo.becomes(lambda: not demo.user("900")["calls"], "the caller hangs up")

    demo.call("+17778732493", "102", is_answered=False)
    demo.expect(lambda s: "102" in s.split("\n")[1], "a phone rings")
    demo.select("102")
    demo.tmux.text("P")
    demo.yes()
    demo.becomes(lambda: [c["state"] for c in demo.user("900")["calls"]] == ["connected"] and
                 not demo.user("102")["calls"], "P picks up: the call is on our phone")

    # The user's own record is not touched; that of the demo is in its folder.
    tap.ok(not os.path.exists(os.path.join(home.dir, "state")) and
           os.path.exists(os.path.join(demo.folder, "callhud", "audit.jsonl")),
           "the record is in the demo's folder")
    os.kill(demo.pids[0], signal.SIGKILL)
    demo.gone("after kill -9 nothing is left either")
    demo.tmux.stop()


def exchange_ends():
    """The exchange dies before its console: that is said, and what to do."""
    demo = Demo()
    demo.expect(lambda s: " live" in s.split("\n")[0], "live again", 6)
    exchange = child_of(demo.pids)
    os.kill(exchange, signal.SIGKILL)
    says = "the demo's exchange has ended: q, then start the demo anew"
    demo.expect(says, "a killed exchange is told in one line", 3)
    demo.expect(lambda s: "connecting" not in s.split("\n")[0] and " live" not in s.split("\n")[0],
                "and not looked for")
    demo.tmux.text("rL")  # keys that want a link
    time.sleep(1.5)
    shown = demo.tmux.screen()
    tap.ok("connecting" not in shown.split("\n")[0], "nor later", shown)
    demo.expect(says, "and told again", 7)
    demo.tmux.text("q")
    demo.expect("ended 0", "q ends the console")
    demo.gone("and its files are gone")
    demo.tmux.stop()


def console_crashes():
    demo = Demo("--users", "5")
    demo.expect(lambda s: " live" in s.split("\n")[0], "live once more", 6)
    for pid in demo.pids:
        with open(f"/proc/{pid}/limits", encoding="utf-8") as opened:
            limit = next(line for line in opened if line.startswith("Max core file size")).split()
        tap.ok(limit[4:6] == ["1", "1"], "no core is written, nor piped anywhere", limit)
    exchange = child_of(demo.pids)
    os.kill(next(pid for pid in demo.pids if pid != exchange), signal.SIGSEGV)
    demo.expect(lambda s: "ended 139" in s and "Sales" not in s, "a crash gives the terminal back")
    demo.gone("and ends the exchange")
    demo.tmux.stop()


def console_killed():
    """A console that is stopped, its terminal not attached anywhere: a kill ends the exchange too."""
    demo = Demo()
    exchange = child_of(demo.pids)
    console = next(pid for pid in demo.pids if pid != exchange)
    os.kill(console, signal.SIGSTOP)
    time.sleep(0.3)
    tap.ok(exchange in processes(), "the exchange goes on while the console is stopped")
    os.kill(console, signal.SIGKILL)
    demo.gone("killed while stopped: nothing is left")
    demo.tmux.stop()


def plain():
    """Without a screen: lines, and the same end."""
    process = subprocess.Popen([CALLHUD, "demo", "--plain"], env=env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines_until(process.stdout, "live:")
    port = port_of(glob.glob(os.path.join(temporary, "callhud-demo.*", "port.json"))[0])
    control(port, "POST", "/faults", {"kind": "drop-socket"})  # the link goes first: both are told
    tap.ok(lines_until(process.stdout, "link lost: closed"), "plain lines say that the link is cut")
    os.kill(child_of(processes()), signal.SIGKILL)
    said = lines_until(process.stdout, "exchange has ended")[-1]
    tap.ok("start the demo anew" in said, "plain lines say that the exchange has ended", said)
    process.stdin.write("q\n")
    process.stdin.flush()
    tap.ok(process.wait(10) == 0, "and q ends them", process.returncode)
    tap.ok(not os.listdir(temporary), "without a file left", os.listdir(temporary))


def picture():
    file = os.path.join(home.dir, "floor.txt")
    done = subprocess.run([CALLHUD, "shot", "--demo", "--size", "140x40", file], env=env, timeout=30,
                          capture_output=True, text=True)
    text = ""
    if done.returncode == 0:
        with open(file, encoding="utf-8") as opened:
            text = opened.read()
    tap.ok(" live" in text.split("\n")[0] and "Noor Haddad" in text, "shot --demo", (done.stderr, text[:2000]))
    tap.ok(not os.listdir(temporary), "and its files are gone", os.listdir(temporary))


for part in (first_look, acts, exchange_ends, console_crashes, console_killed, plain, picture):
    try:
        part()
    except Exception as e:  # the other parts still tell something
        tap.ok(False, f"{part.__name__} runs through", repr(e))
    for pid in processes():
        os.kill(pid, signal.SIGKILL)
tap.end()
