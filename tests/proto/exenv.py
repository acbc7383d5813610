"""The built-in exchange for tests, people who use callhud on it, and other editors of their lists.

    from exenv import Exchange, Person, Relay, Meter, Follower, stories, tap

Everything is bounded in time, and everything started is stopped. Standard library only.

The service's limits (five sign-ins a minute, some fifty requests) are raised at the exchange where a test
is not about them: callhud goes by what the answers say.
"""
import atexit
import base64
import glob
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from labenv import CALLHUD, HERE, Tap, lines_until, next_line  # noqa: E402

BUILD = os.environ.get("CALLHUD_BUILD", os.path.dirname(os.path.abspath(CALLHUD)))
OUTSIDE = "+17778732492"
ACCOUNT = "/restapi/v1.0/account/~"
LIMIT_S = 40
tap = Tap()
folders = tempfile.mkdtemp(prefix="callhud-ex-", dir="/tmp")
atexit.register(shutil.rmtree, folders, True)


def wait(is_so, what, limit=LIMIT_S, step=0.05):
    """The first true value of is_so(), or AssertionError."""
    deadline = time.monotonic() + limit
    while True:
        value = is_so()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {limit} s: {what}")
        time.sleep(step)


def request(method, url, body=None, headers=(), timeout=20):
    """(status, parsed body or text)."""
    asked = urllib.request.Request(url, method=method, headers=dict(headers))
    data = body
    if body is not None and not isinstance(body, bytes):
        data = json.dumps(body).encode()
        asked.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(asked, data, timeout=timeout) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as e:
        status, text = e.code, e.read()
    try:
        return status, json.loads(text) if text else None
    except ValueError:
        return status, text.decode(errors="replace")


def start_exchange(port_file, *options, limit=LIMIT_S):
    """(process, what its port file says) of a `callhud exchange` that listens."""
    def written():
        try:
            return os.stat(port_file).st_mtime_ns
        except FileNotFoundError:
            return None

    before = written()
    process = subprocess.Popen([CALLHUD, "exchange", "--port-file", port_file, *map(str, options)],
                               stdout=subprocess.DEVNULL)
    atexit.register(process.kill)
    wait(lambda: written() not in (None, before) or process.poll() is not None, "the exchange starts",
         limit)
    if process.poll() is not None:
        raise AssertionError(f"the exchange ended at once, with {process.returncode}")
    return process, port_of(port_file)


def port_of(port_file):
    with open(port_file, encoding="utf-8") as f:
        return json.load(f)


def control(port, method, path, body=None):
    """A request of the control of an exchange, with what its port file says."""
    status, answer = request(method, f"http://127.0.0.1:{port['port']}/exchange{path}", body,
                             {"Authorization": "Bearer " + port["control_token"]}, timeout=60)
    if status >= 300:
        raise AssertionError(f"{method} /exchange{path}: {status} {answer}")
    return answer


def modes(state):
    """Of GET /exchange/state: (extension, mode) of each supervision that is confirmed."""
    return [(s["extension"], s["mode"]) for s in state["supervisions"] if s["confirmed"]]


class Exchange:
    """A running `callhud exchange` with a state file."""

    def __init__(self, name, users=12, switches="", seed=1, speed=1, is_generous=True):
        self.name = name
        self.folder = os.path.join(folders, name)
        os.mkdir(self.folder)
        self.arguments = ["--users", str(users), "--rate", "0", "--speed", str(speed), "--seed", str(seed)]
        if switches:
            self.arguments += ["--switch", switches]
        self.state_file = os.path.join(self.folder, "exchange.json")
        self.port_file = os.path.join(self.folder, "port.json")
        self.is_generous = is_generous
        self.process = None
        self.tokens = {}
        self.start()
        atexit.register(self.close)

    def start(self, listen="127.0.0.1:0"):
        self.tokens = {}
        self.process, self.port = start_exchange(self.port_file, "--listen", listen, "--state",
                                                 self.state_file, *self.arguments)
        self.url = f"http://127.0.0.1:{self.port['port']}"
        if self.is_generous:
            self.control("PATCH", "/limits", {"window": 1, "light": 100000, "medium": 100000,
                                              "heavy": 100000, "auth": 100000})

    def restart(self):
        """The same place, the same people and lists."""
        self.close()
        self.revive()

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def revive(self):
        """At the same place again."""
        self.start(f"127.0.0.1:{self.port['port']}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    # ---- its control --------------------------------------------------------------------------------

    def control(self, method, path, body=None):
        return control(self.port, method, path, body)

    def state(self):
        return self.control("GET", "/state")

    def user(self, extension):
        return next(u for u in self.state()["users"] if u["extension"] == extension)

    def stored(self, extension=None):
        """The extensions of somebody's lines, the reserved ones left out."""
        lines = self.state()["appearances"].get(extension or self.port["supervisor"], [])
        return [line["extension"] for line in lines if not line["reserved"]]

    def states(self, extension):
        return [c["state"] for c in self.user(extension)["calls"]]

    def call(self, extension, *then):
        call = self.control("POST", "/calls", {"from": OUTSIDE, "to": extension})["id"]
        wait(lambda: self.states(extension), f"a call rings at {extension}")
        for step in then:
            self.control("POST", f"/calls/{call}/{step}")
        return call

    def hang_up(self, call):
        self.control("POST", f"/calls/{call}/hangup")

    def modes(self):
        return modes(self.state())

    # the phone of the supervisor

    def device(self, step, body=None):
        self.control("POST", f"/devices/{self.port['device']}/{step}", body)

    def rings(self):
        return set(self.states(self.port["supervisor"])) & {"ringing", "dialling"}

    def lift(self):
        wait(self.rings, "our phone rings")
        self.device("answer")

    def key(self, digits):
        wait(lambda: "connected" in self.states(self.port["supervisor"]), "our phone is lifted")
        self.device("dial", {"digits": digits})

    def fault(self, kind, **more):
        self.control("POST", "/faults", {"kind": kind, **more})

    def calm(self):
        """No fault is armed any more."""
        for kind, fault in self.control("GET", "/faults")["faults"].items():
            if fault["left"] or fault["left_ms"]:
                self.control("POST", "/faults", {"kind": kind, "count": 0, "ms": 0})

    def ids(self):
        """extension -> id, of those who are in the directory."""
        page = self.rest("GET", "/directory/entries?perPage=2000&showFederated=false")
        return {r["extensionNumber"]: str(r["id"]) for r in page["records"] if "extensionNumber" in r}

    # ---- another editor, with plain REST ------------------------------------------------------------

    def token(self, extension):
        if extension not in self.tokens:
            jwt = self.port["jwt"].replace(f"jwt-{self.port['supervisor']}-", f"jwt-{extension}-")
            form = urllib.parse.urlencode({
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": jwt,
                "client_id": self.port["client_id"], "client_secret": self.port["client_secret"]}).encode()
            basic = base64.b64encode(f"{self.port['client_id']}:{self.port['client_secret']}".encode())
            status, answer = request("POST", self.url + "/restapi/oauth/token", form, {
                "Authorization": "Basic " + basic.decode(),
                "Content-Type": "application/x-www-form-urlencoded"})
            if status != 200:
                raise AssertionError(f"sign-in of {extension}: {status} {answer}")
            self.tokens[extension] = answer["access_token"]
        return self.tokens[extension]

    def rest(self, method, path, body=None, extension=None, want=200):
        """A request of a person; what fails for a fault or for a lapsed token is asked again."""
        extension = extension or self.port["supervisor"]
        for _ in range(60):
            try:
                status, answer = request(method, self.url + ACCOUNT + path, body,
                                         {"Authorization": "Bearer " + self.token(extension)})
            except (OSError, AssertionError):
                time.sleep(0.2)
                continue
            if status == want:
                return answer
            if status == 401:
                self.tokens.pop(extension, None)
            elif status not in (429, 500, 503):
                break
            time.sleep(0.2)
        raise AssertionError(f"{method} {path} of {extension}: {status} {answer}")

    def lines(self, extension=None):
        return self.rest("GET", "/extension/~/presence/line?perPage=1000", extension=extension)["records"]

    def edit(self, change, extension=None, ids=None):
        """Another editor: change(list of extensions, reserved ones left out) gives the new list."""
        ids = ids or self.ids()
        lines = self.lines(extension)
        reserved = [l for l in lines if l.get("notEditableOnHud")]
        before = [l["extension"]["extensionNumber"] for l in lines if not l.get("notEditableOnHud")]
        after = change(list(before))
        body = [{"id": l["id"], "extension": {"id": l["extension"]["id"]}} for l in reserved]
        body += [{"id": str(len(reserved) + 1 + i), "extension": {"id": ids[e]}} for i, e in enumerate(after)]
        self.rest("PUT", "/extension/~/presence/line", body, extension=extension)
        return before, after


class Editor:
    """Another editor of somebody's list: the official clients, or plain REST where there is no node."""

    def __init__(self, exchange, extension=None):
        self.exchange = exchange
        self.extension = extension or exchange.port["supervisor"]
        done = subprocess.run(["sh", os.path.join(HERE, "clients", "install.sh")], text=True, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode not in (0, 77):
            raise AssertionError(f"the clients cannot be installed: {done.stderr}")
        self.is_official = done.returncode == 0
        self.why = done.stderr.partition("\n")[0]
        self.process = None
        if self.is_official:
            modules = os.path.join(os.path.abspath(os.path.join(BUILD, "clients")), "node_modules")
            self.process = subprocess.Popen(
                ["node", os.path.join(HERE, "ex_editor.js"), exchange.port_file, self.extension], text=True,
                env=dict(os.environ, NODE_PATH=modules), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            atexit.register(self.close)
            self.hear("ready")

    def hear(self, word):
        said = next_line(self.process.stdout, LIMIT_S)
        if not said or word not in json.loads(said):
            raise AssertionError(f"the official client: {word}: {said}")
        return json.loads(said)[word]

    def ask(self, word, what):
        self.process.stdin.write(json.dumps({word: what}) + "\n")
        self.process.stdin.flush()
        return self.hear(word)

    def put(self, extensions):
        if self.is_official:
            return self.ask("put", extensions)
        self.exchange.edit(lambda before: extensions, self.extension)
        return 200

    def get(self):
        if self.is_official:
            return self.ask("get", True)
        return [line["extension"]["extensionNumber"] for line in self.exchange.lines(self.extension)
                if not line.get("notEditableOnHud")]

    def hears(self, news):
        """So many changes of the list were told to the official client."""
        return not self.is_official or self.ask("news", news) >= news

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


class Person:
    """A profile of one who uses callhud: configuration, state, cache."""

    def __init__(self, exchange, extension=None, name=None, server=None, lines="", monitor="list"):
        self.exchange = exchange
        self.extension = extension or exchange.port["supervisor"]
        self.folder = os.path.join(exchange.folder, name or f"person-{self.extension}")
        os.makedirs(self.folder, mode=0o700)
        self.state = os.path.join(self.folder, "state")
        self.list_file = os.path.join(self.state, "callhud", "list-x.json")
        self.config = os.path.join(self.folder, "config.ini")
        self.configure(server, lines, monitor)

    def configure(self, server=None, lines="", monitor="list"):
        port = self.exchange.port
        with open(self.config, "w", encoding="utf-8") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(f"[profile x]\nbackend = ringcentral\nserver = {server or self.exchange.url}\n"
                    f"client_id = {port['client_id']}\nmonitor = {monitor}\nring_timeout = 5\n{lines}\n")
        env = {k: v for k, v in os.environ.items()
               if k not in ("NO_COLOR", "COLORTERM", "TMUX", "LINES", "COLUMNS", "LC_CTYPE", "LANG")}
        self.env = dict(env, CALLHUD_X_CLIENT_SECRET=port["client_secret"],
                        CALLHUD_X_JWT=port["jwt"].replace(f"jwt-{port['supervisor']}-",
                                                          f"jwt-{self.extension}-"),
                        XDG_STATE_HOME=self.state, XDG_CACHE_HOME=os.path.join(self.folder, "cache"),
                        XDG_CONFIG_HOME=self.folder, HOME=self.folder, LC_ALL="C.UTF-8", TZ="UTC",
                        TERM="xterm-256color")

    def command(self, *arguments):
        return [CALLHUD, "--config", self.config, *arguments]

    def start(self, *arguments, **more):
        more = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **more}
        process = subprocess.Popen(self.command(*arguments), env=self.env, stdout=subprocess.PIPE, text=True,
                                   **more)
        atexit.register(process.kill)
        return process

    def run(self, *arguments, timeout=LIMIT_S, text_in="", to=subprocess.PIPE, **more):
        """(exit code, what it wrote to stdout, to stderr)."""
        done = subprocess.run(self.command(*arguments), env=self.env, timeout=timeout, check=False,
                              text=True, errors="replace", stdout=to, stderr=subprocess.PIPE,
                              input=text_in, **more)
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments):
        """What a command prints as JSON; it must succeed."""
        code, out, said = self.run(*arguments, "--json")
        if code:
            raise AssertionError(f"{' '.join(arguments)}: exit {code}: {said}")
        return json.loads(out)

    def rows(self, state):
        return [r for r in self.json("list", "show") if r["state"] == state]

    def here(self):
        """The extensions on the keys here, the reserved ones left out."""
        rows = [r for r in self.json("list", "show") if r["state"] != "reserved" and r["key"] is not None]
        return [r["extension"] for r in sorted(rows, key=lambda r: r["key"])]

    def log(self):
        try:
            with open(os.path.join(self.state, "callhud", "callhud.log"), encoding="utf-8",
                      errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def minute_later(self):
        """As far as the service's limits are concerned: what it told us of them is forgotten. While none of
        the person runs."""
        for path in glob.glob(os.path.join(self.state, "callhud", "shared-*")):
            os.unlink(path)


class Follower:
    """callhud watch --json: what it has printed last of each user."""

    def __init__(self, person, *arguments):
        self.users = {}
        self.lines = []
        self.bad = []
        self.process = person.start("watch", "--json", *arguments)
        threading.Thread(target=self.read, daemon=True).start()
        atexit.register(self.stop)

    def read(self):
        for line in self.process.stdout:
            try:
                user = json.loads(line)
            except ValueError:
                self.bad.append(line)
                continue
            self.lines.append(user)
            self.users[user["extension"]] = user

    def wait(self, is_so, what, limit=LIMIT_S):
        return wait(lambda: is_so(self.users), what, limit)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        return self.process.returncode


class Relay:
    """Stands between callhud and the exchange. What is received in one go, each way, passes a hook."""

    def __init__(self, exchange):
        self.to = exchange.port["port"]
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def begin(self, client):
        """What the hooks of a connection are handed."""
        return client

    def to_exchange(self, data, connection):
        """What goes on to the exchange; nothing may."""
        return data

    def to_callhud(self, data, connection):
        return data

    def accept(self):
        while True:
            client, _ = self.server.accept()
            try:
                upstream = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                client.close()
                continue
            connection = self.begin(client)
            for way in ((client, upstream, self.to_exchange), (upstream, client, self.to_callhud)):
                threading.Thread(target=self.pump, args=(*way, connection), daemon=True).start()

    @staticmethod
    def pump(source, sink, hook, connection):
        try:
            while data := source.recv(65536):
                sink.sendall(hook(data, connection))
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Meter(Relay):
    """Counts what is asked, over HTTP and in websockets."""

    def __init__(self, exchange):
        self.asked = []  # (method, path)
        self.slow_s = 0  # how long a list that is written is on its way to the exchange
        super().__init__(exchange)

    def begin(self, client):
        held = [0]  # until when what was asked on this connection is on its way
        reader = self.reader(held)
        next(reader)
        return reader, held

    def to_exchange(self, data, connection):
        reader, held = connection
        reader.send(data)
        time.sleep(max(held[0] - time.monotonic(), 0))
        return data

    def reader(self, held):
        """Takes bytes from the client, notes requests."""
        data = yield
        while True:
            while b"\r\n\r\n" not in data:
                data += yield
            head, data = data.split(b"\r\n\r\n", 1)
            first, *fields = head.decode(errors="replace").split("\r\n")
            method, path, _ = first.split(" ", 2)
            self.asked.append((method, path))
            if self.slow_s and method == "PUT" and "presence/line" in path:
                held[0] = time.monotonic() + self.slow_s
            names = {f.split(":", 1)[0].lower(): f.split(":", 1)[1].strip() for f in fields if ":" in f}
            if names.get("upgrade", "").lower() == "websocket":
                yield from self.frames(data)
                return
            length = int(names.get("content-length", 0))
            while len(data) < length:
                data += yield
            data = data[length:]

    def frames(self, data):
        while True:
            while len(data) < 2:
                data += yield
            length, at = data[1] & 127, 2
            extra = {126: 2, 127: 8}.get(length, 0)
            while len(data) < at + extra + 4:
                data += yield
            if extra:
                length = int.from_bytes(data[at:at + extra], "big")
            at += extra
            mask = data[at:at + 4]
            at += 4
            while len(data) < at + length:
                data += yield
            text = bytes(b ^ mask[i & 3] for i, b in enumerate(data[at:at + length]))
            if data[0] & 15 == 1:
                try:
                    meta = json.loads(text)[0]
                    if "method" in meta:
                        self.asked.append((meta["method"], meta["path"]))
                except (ValueError, LookupError, TypeError):
                    self.asked.append(("?", repr(text[:80])))
            data = data[at + length:]

    def writes(self):
        """Requests that may change something, but for signing in and subscribing."""
        return [a for a in self.asked
                if a[0] != "GET" and "/oauth/" not in a[1] and "/subscription" not in a[1]]


# ---- several stories side by side -------------------------------------------------------------------

results = {}


def check(is_so, what, seen=""):
    """One test of the story that this thread tells."""
    results.setdefault(threading.current_thread().name, []).append((bool(is_so), what, seen))
    return is_so


def tell(story, *arguments):
    try:
        story(*arguments)
    except Exception as failure:  # pylint: disable=broad-except
        check(False, str(failure).partition("\n")[0], traceback.format_exc())


def stories(*told):
    """Each is (name, function, arguments...); they run side by side, then the results are printed."""
    threads = [threading.Thread(target=tell, name=name, args=rest, daemon=True) for name, *rest in told]
    for one in threads:
        one.start()
    try:
        for one in threads:
            one.join()
    finally:  # also when there is no time left for one of them
        for one in threads:
            for is_ok, what, seen in results.pop(one.name, []):
                tap.ok(is_ok, f"{one.name}: {what}", "" if is_ok else seen)


__all__ = ["ACCOUNT", "BUILD", "CALLHUD", "HERE", "LIMIT_S", "OUTSIDE", "Editor", "Exchange", "Follower",
           "Meter", "Person", "Relay", "check", "control", "folders", "lines_until", "modes", "next_line",
           "port_of", "request", "start_exchange", "stories", "tap", "wait"]
