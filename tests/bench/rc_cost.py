"""What a RingCentral floor costs by its size: memory, time per event, resync, the console. The client
follows all people of a `callhud exchange` whose account has raised limits: with those that the service
documents, 100,000 people take ten minutes to read, which is the service's time and not ours.

Judged are ratios within one run: memory grows at most as the floor does, an event costs at most half
as much again on the largest floor as on the smallest, a key is answered. The reference is the same
program on the smallest floor, measured beside it at the same time."""
from benchenv import *
import atexit
import signal

from exenv import control, folders, start_exchange

LARGE = os.environ.get("CALLHUD_LARGE_FLOOR") == "1"
SIZES = [100, 1000, 10000] + ([100000] if LARGE else [])
CALLS_A_SECOND = 60          # each some six events on its way
SECONDS, ROUNDS = (6, 3) if LARGE else (3, 3)
PATIENCE_S = 300
EVENT_LIMIT = 1.5            # times the smallest floor's
MEMORY_LIMIT = 1.5           # times what a person took one size below: tables grow by doubling
LOOKS_LIMIT = 12
KEY_LIMIT_MS = 100
KEYS = 11
RAISED = {"light": 200, "medium": 200, "heavy": 200, "auth": 200, "window": 1}

tap = Tap()


class Exchange:
    """So many people, and so many calls a second."""

    def __init__(self, users):
        self.users = users
        self.folder = os.path.join(folders, str(users))
        os.mkdir(self.folder)
        self.process, self.port = start_exchange(
            os.path.join(self.folder, "port.json"), "--users", users, "--rate", CALLS_A_SECOND, "--seed", 5, limit=60)
        self.control("PATCH", "/limits", RAISED)

    def control(self, *asked):
        return control(self.port, *asked)

    def close(self):
        self.process.terminate()
        self.process.wait(30)


class Client:
    """One callhud on it: what it writes to its log is how it is measured."""

    def __init__(self, exchange, command):
        self.exchange, self.command = exchange, command
        self.folder = os.path.join(exchange.folder, command[0])
        os.mkdir(self.folder)
        self.log = os.path.join(self.folder, "log")
        config = os.path.join(self.folder, "config.ini")
        with open(config, "w") as f:
            f.write(f"[profile x]\nbackend = ringcentral\nmonitor = all\n"
                    f"server = http://127.0.0.1:{exchange.port['port']}\n"
                    f"client_id = {exchange.port['client_id']}\n")
        env = dict(os.environ, CALLHUD_X_CLIENT_SECRET=exchange.port["client_secret"],
                   CALLHUD_X_JWT=exchange.port["jwt"], LC_ALL="C.UTF-8", TZ="UTC",
                   XDG_STATE_HOME=self.folder, XDG_CACHE_HOME=exchange.folder)
        self.arguments = [CALLHUD, "--config", config, "--log", self.log, *command]
        self.start = time.monotonic()
        if command[0] == "console":
            env["TERM"] = "xterm-256color"
            self.pty = Pty(self.arguments, binary=False, rows=50, cols=200, env=env)
            self.process = self.pty.process
        else:
            self.process = subprocess.Popen(self.arguments, env=env, stdout=subprocess.DEVNULL)
            atexit.register(self.process.kill)

    def lines(self, text):
        if not os.path.exists(self.log):
            return []
        with open(self.log, errors="replace") as f:
            return [line for line in f if text in line]

    def wait_line(self, text, count, seconds=PATIENCE_S):
        return wait_until(lambda: self.process.poll() is not None or
                          len(self.lines(text)) >= count, seconds) and self.process.poll() is None

    def resynced(self, count=1):
        return self.wait_line("snapshot done", count)

    def stats(self):
        before = len(self.lines("stats events="))
        os.kill(self.process.pid, signal.SIGUSR1)
        assert self.wait_line("stats events=", before + 1, 30)
        return {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", self.lines("stats events=")[-1])}

    def cpu_us(self):
        """Microseconds of processor time, finer than the clock ticks of stat."""
        with open(f"/proc/{self.process.pid}/schedstat") as f:
            return int(f.read().split()[0]) / 1000

    def rss_kb(self):
        return memory_kb(self.process.pid)["Rss"]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


def event_us(clients):
    """Of each client the processor time for one event, all in the same seconds: the quietest
    round counts."""
    best = [None] * len(clients)
    for _ in range(ROUNDS):
        before = [(c.stats()["events"], c.cpu_us()) for c in clients]
        time.sleep(SECONDS)
        for i, c in enumerate(clients):
            events, cpu = c.stats()["events"] - before[i][0], c.cpu_us() - before[i][1]
            if events > 50 and (best[i] is None or cpu / events < best[i]):
                best[i] = cpu / events
    return best


def resync(client):
    """Seconds and processor seconds until all is read anew, as after a sleep of the machine."""
    done, start, cpu = len(client.lines("snapshot done")), time.monotonic(), client.cpu_us()
    os.kill(client.process.pid, signal.SIGCONT)
    is_done = client.resynced(done + 1)
    return is_done, time.monotonic() - start, (client.cpu_us() - cpu) / 1e6


def key_ms(console):
    """From the key of the help to the first words of it on the terminal, while events come."""
    pty = console.pty
    size, start = len(pty.bytes), time.monotonic()
    pty.type("?")
    while b"Enter runs" not in pty.bytes[size:] and time.monotonic() - start < 5:
        time.sleep(0.001)
    took = time.monotonic() - start
    pty.type("\x1b")
    time.sleep(0.3)
    return took * 1000


def keys(exchange):
    """A key on the largest floor and one on the smallest, in turn: what the machine is busy with
    otherwise delays both."""
    consoles = [Client(e, ["console"]) for e in (reference.exchange, exchange)]
    if tap.ok(all(c.resynced() for c in consoles), f"{exchange.users} people: the console shows them"):
        time.sleep(1)
        small, large = zip(*[[key_ms(c) for c in consoles] for _ in range(KEYS)])
        figure(tap, f"the console on a floor of {exchange.users}",
               f"key to screen p50 {percentile(large, 50):.0f} ms, worst {max(large):.0f} ms while "
               f"{CALLS_A_SECOND} calls a second come (on one of {SIZES[0]} {percentile(small, 50):.0f} "
               f"and {max(small):.0f} ms); RSS {consoles[1].rss_kb() / 1024:.1f} MB")
        tap.ok(percentile(large, 50) <= KEY_LIMIT_MS + percentile(small, 50),
               f"{exchange.users} people: a key takes {KEY_LIMIT_MS} ms more than with {SIZES[0]} at most",
               f"{percentile(large, 50):.0f} ms, {percentile(small, 50):.0f} ms")
    for c in consoles:
        c.close()


def bench_floor(users):
    done = subprocess.run([tool("bench_floor"), str(users)], stdout=subprocess.PIPE, text=True,
                          timeout=120)
    return {k: int(v) / 1e6 for k, v in re.findall(r"(\w+) ns_each (\d+)", done.stdout)}


reference = Client(Exchange(SIZES[0]), ["watch", "--json"])
tap.ok(reference.resynced(), f"{SIZES[0]} people are shown")
rss, ratio, cost = {}, {}, {}
for users in SIZES:
    is_first = users == SIZES[0]
    exchange = reference.exchange if is_first else Exchange(users)
    client = reference if is_first else Client(exchange, ["watch", "--json"])
    if not tap.ok(client.resynced(), f"{users} people: the state is read"):
        continue
    costs = event_us([reference] if is_first else [reference, client])
    own, theirs = costs[0], costs[-1]
    if not tap.ok(own and theirs, f"{users} people: events come", costs):
        continue
    ratio[users], cost[users] = theirs / own, theirs
    is_done, took, cpu = resync(client)
    rss[users] = client.rss_kb()
    tap.ok(is_done, f"{users} people: the state is read anew")
    figure(tap, f"a floor of {users}", f"RSS {rss[users] / 1024:.1f} MB; {theirs:.0f} us of processor "
           f"for an event ({ratio[users]:.2f} x that of {SIZES[0]}); resync {took:.1f} s, of it "
           f"{cpu:.2f} s our processor, {cpu / users * 1e6:.0f} us for each person")
    if not is_first:
        client.close()
        if users == SIZES[-1]:
            keys(exchange)
        exchange.close()
reference.close()
reference.exchange.close()

for small, large in zip(SIZES, SIZES[1:]):
    if small in rss and large in rss:
        tap.ok(rss[large] <= rss[small] * large / small,
               f"memory from {small} to {large} people grows no faster than the floor",
               f"{rss[small]} kB, {rss[large]} kB")
def each_kb(small, large):
    """What a person takes, without the program itself."""
    return (rss[large] - rss[small]) / (large - small)


if len(rss) == len(SIZES):
    each, before = each_kb(SIZES[-2], SIZES[-1]), each_kb(SIZES[-3], SIZES[-2])
    figure(tap, "memory for a person", f"{each:.2f} kB up to {SIZES[-1]}, {before:.2f} kB up to "
           f"{SIZES[-2]}")
    tap.ok(each <= before * MEMORY_LIMIT, f"a person of {SIZES[-1]} takes no more memory than one of "
           f"{SIZES[-2]}", f"{each:.2f} kB, {before:.2f} kB")
if SIZES[-1] in ratio:
    tap.ok(ratio[SIZES[-1]] <= EVENT_LIMIT,
           f"an event of {SIZES[-1]} people costs at most {EVENT_LIMIT} times one of {SIZES[0]}",
           f"{ratio[SIZES[-1]]:.2f}")
pictures = {users: bench_floor(users) for users in SIZES}
first, last = pictures[SIZES[0]], pictures[SIZES[-1]]
for users, c in pictures.items():
    figure(tap, f"pictures of {users}", f"frame after an event {c['frame']:.2f} ms, key and frame "
           f"{c['key']:.2f} ms, noting an event {c['event'] * 1000:.1f} us; a look at each person "
           f"{c['walk']:.2f} ms")
tap.ok(last["frame"] <= 3 * first["frame"] + LOOKS_LIMIT * last["walk"],
       f"a picture of {SIZES[-1]} takes {LOOKS_LIMIT} looks at each more than one of {SIZES[0]} at "
       "most", last)
tap.ok(last["key"] <= 3 * first["key"] + LOOKS_LIMIT * last["walk"], "and so do a key and its picture")
tap.ok(last["event"] <= 5 * first["event"], "what the screens note of an event is no walk", last)
tap.end()
