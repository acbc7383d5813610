"""A small ARI server for what a real Asterisk will not say on demand: hostile names, bad bytes, a
thousand users, floods, answers of every status. Standard library only; loopback only.

    server = FakeAri(users=["101", "102"]); server.port
    server.ring("101", name=b'...raw JSON string bytes...'); server.send(b"raw frame")

Shapes after the captured answers in the contract (Asterisk 22.10.1).
"""
import base64
import hashlib
import json
import socket
import struct
import threading
import time
import urllib.parse

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def stamp(ms=None):
    t = time.time() if ms is None else ms / 1000
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%03d+0000" % int(t * 1000 % 1000)


class FakeAri:
    def __init__(self, users, rest_over_ws=True, version="22.10.1", port=0, host="127.0.0.1"):
        self.users = list(users)
        self.rest_over_ws = rest_over_ws
        self.version = version
        self.channels = {}  # id -> raw JSON text of the channel (bytes)
        self.bridges = {}
        self.held = set()   # ids of channels on hold
        self.devices = {}   # name -> state
        self.offline = set()
        self.subscribed = {}  # application -> names of devices
        self.sockets = []
        self.lock = threading.Lock()
        self.writing = threading.Lock()  # one frame at a time, whoever sends it
        self.requests = []  # (method, path)
        self.answers = {}   # path prefix -> (status, content type, body bytes): overrides
        self.upgrade = None  # (status, headers, body) instead of an upgrade
        self.is_mute = False  # pongs are not sent
        self.delay = 0  # seconds before each answer
        self.opened = 0     # websockets so far
        self.closes = []    # (monotonic seconds, why) for each one that ended
        self.pings = 0
        self.counter = 0
        self.listener = socket.create_server((host, port))
        self.port = self.listener.getsockname()[1]
        self.closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    # ---- what the test does ----------------------------------------------------------------------

    def url(self):
        return f"http://127.0.0.1:{self.port}/ari"

    def channel(self, extension, state, name=b'"Caller"', number=b'"5551234"', channel_id=None,
                app="AppDial"):
        """Raw JSON bytes of a channel; name and number are raw JSON string tokens."""
        self.counter += 1
        channel_id = channel_id or f"fake-{int(time.time())}.{self.counter}"
        raw = (b'{"id":"%s","name":"PJSIP/%s-%08x","state":"%s","protocol_id":"","caller":{"name":"",'
               b'"number":"%s"},"connected":{"name":%s,"number":%s},"accountcode":"","dialplan":'
               b'{"context":"internal","exten":"","priority":1,"app_name":"%s","app_data":'
               b'"(Outgoing Line)"},"creationtime":"%s","language":"en"}'
               % (channel_id.encode(), extension.encode(), self.counter, state.encode(),
                  extension.encode(), name, number, app.encode(), stamp().encode()))
        return channel_id, raw

    def event(self, kind, channel_raw, more=b""):
        self.send(b'{"type":"%s","timestamp":"%s",%s"channel":%s,"asterisk_id":"02:00","application":'
                  b'"x"}' % (kind.encode(), stamp().encode(), more, channel_raw))

    def ring(self, extension, name=b'"Caller"', number=b'"5551234"'):
        channel_id, raw = self.channel(extension, "Down", name, number)
        self.event("ChannelCreated", raw)
        raw = raw.replace(b'"state":"Down"', b'"state":"Ringing"')
        with self.lock:
            self.channels[channel_id] = raw
        self.event("ChannelStateChange", raw)
        return channel_id

    def answer(self, channel_id):
        with self.lock:
            raw = self.channels[channel_id].replace(b'"state":"Ringing"', b'"state":"Up"')
            self.channels[channel_id] = raw
        self.event("ChannelStateChange", raw)

    def hold(self, channel_id, is_on=True):
        with self.lock:
            (self.held.add if is_on else self.held.discard)(channel_id)
        self.event("ChannelHold" if is_on else "ChannelUnhold", self.channels[channel_id])

    def end(self, channel_id):
        with self.lock:
            raw = self.channels.pop(channel_id)
        self.event("ChannelDestroyed", raw, b'"cause":16,"cause_txt":"Normal Clearing",')

    def device(self, name, state):
        self.devices[name] = state
        self.send(json.dumps({"type": "DeviceStateChanged", "application": "x", "timestamp": stamp(),
                              "device_state": {"name": name, "state": state},
                              "asterisk_id": "02:00"}).encode())

    def send(self, frame):
        """One text frame to every open websocket."""
        with self.lock:
            sockets = list(self.sockets)
        for s in sockets:
            try:
                self._frame(s, 1, frame)
            except OSError:
                with self.lock:
                    if s in self.sockets:
                        self.sockets.remove(s)

    def drop(self):
        with self.lock:
            sockets, self.sockets = self.sockets, []
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def close(self):
        self.closing = True
        self.listener.close()
        self.drop()

    # ---- HTTP and websocket ----------------------------------------------------------------------

    def _accept(self):
        while not self.closing:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        data = b""
        try:
            while True:
                while b"\r\n\r\n" not in data:
                    more = s.recv(65536)
                    if not more:
                        return
                    data += more
                head, data = data.split(b"\r\n\r\n", 1)
                lines = head.decode("latin-1").split("\r\n")
                method, target, _ = lines[0].split(" ", 2)
                headers = {k.strip().lower(): v.strip() for k, v in
                           (l.split(":", 1) for l in lines[1:] if ":" in l)}
                length = int(headers.get("content-length", "0"))
                while len(data) < length:
                    data += s.recv(65536)
                body, data = data[:length], data[length:]
                if headers.get("upgrade", "").lower() == "websocket":
                    self._websocket(s, headers, data, target)
                    return
                path = target.split("/ari/", 1)[-1]
                status, kind, answer = self._answer(method, path, body)
                s.sendall(b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
                          % (status, kind.encode(), len(answer), answer))
        except (OSError, ValueError):
            pass
        finally:
            s.close()

    def _answer(self, method, path, body):
        self.requests.append((method, path))
        if self.delay:
            time.sleep(self.delay)
        for prefix, answer in self.answers.items():
            if path.startswith(prefix):
                return answer
        url = urllib.parse.urlsplit(path)
        name = urllib.parse.unquote(url.path)
        ok = lambda raw: (200, "application/json", raw)
        with self.lock:
            if name == "endpoints" or name == "endpoints/PJSIP":
                ids = lambda u: [i for i, raw in self.channels.items()
                                 if b'"name":"PJSIP/%s-' % u.encode() in raw]
                return ok(json.dumps([{"technology": "PJSIP", "resource": u,
                                       "state": "offline" if u in self.offline else "online",
                                       "channel_ids": ids(u)} for u in self.users]).encode())
            if name == "channels":
                return ok(b"[" + b",".join(self.channels.values()) + b"]")
            if name == "bridges":
                return ok(b"[" + b",".join(self.bridges.values()) + b"]")
            if name == "asterisk/info":
                return ok(json.dumps({"system": {"version": self.version, "entity_id": "02:00"},
                                      "config": {"name": "fake"}}).encode())
            if name.startswith("deviceStates/"):
                device = name[len("deviceStates/"):]
                return ok(json.dumps({"name": device,
                                      "state": self.devices.get(device, "NOT_INUSE")}).encode())
            if name.endswith("/variable"):
                channel_id = name.split("/")[1]
                if channel_id not in self.channels:
                    return 404, "application/json", b'{"message":"Channel not found"}'
                if "rtp" not in url.query:
                    return ok(b'{"value":""}')
                return ok(b'{"value":"1"}' if channel_id in self.held else b'{"value":"0"}')
            if name.endswith("eventFilter"):
                return ok(b"{}")
            if name.startswith("applications/"):
                return self._application(method, name.split("/")[1], url.query, ok)
        return 404, "application/json", b'{"message":"Resource not found"}'

    def _application(self, method, app, query, ok):
        """What is subscribed; without Asterisk's pitfalls."""
        devices = self.subscribed.setdefault(app, [])
        for source in urllib.parse.parse_qs(query).get("eventSource", [""])[0].split(","):
            scheme, _, device = source.partition(":")
            if scheme != "deviceState":
                continue
            if method == "POST" and device not in devices:
                devices.append(device)
            elif method == "DELETE" and device in devices:
                devices.remove(device)
        return ok(json.dumps({"name": app, "device_names": devices}).encode())

    def _websocket(self, s, headers, data, target):
        if self.upgrade:
            status, more, body = self.upgrade
            s.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), more, body))
            return
        key = headers["sec-websocket-key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        protocol = headers.get("sec-websocket-protocol")
        s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Accept: " + accept + b"\r\n" +
                  (b"Sec-WebSocket-Protocol: " + protocol.encode() + b"\r\n" if protocol else b"") +
                  b"\r\n")
        with self.lock:
            self.opened += 1
            self.sockets.append(s)
        try:
            why = self._frames(s, data)
        except OSError as e:
            why = str(e)
        with self.lock:
            if s in self.sockets:
                self.sockets.remove(s)
            self.closes.append((time.monotonic(), why))

    def _frames(self, s, data):
        """Serves a websocket until it ends; returns why it did."""
        while True:
            while True:
                frame, data = self._take(data)
                if frame:
                    break
                more = s.recv(65536)
                if not more:
                    return "closed without a frame"
                data += more
            opcode, payload = frame
            if opcode == 8:
                return "close frame"
            if opcode == 9:
                self.pings += 1
                if not self.is_mute:
                    self._frame(s, 10, payload)
            if opcode == 1 and self.rest_over_ws:
                self._rest(s, json.loads(payload))

    def _rest(self, s, request):
        status, kind, body = self._answer(request["method"], request["uri"], b"")
        head = json.dumps({"type": "RESTResponse", "transaction_id": request.get("transaction_id", ""),
                           "request_id": request.get("request_id", ""), "status_code": status,
                           "reason_phrase": "X", "uri": request["uri"], "content_type": kind}).encode()
        # The body is a JSON string made of raw bytes, so that bad ones arrive as they are.
        text = body.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        self._frame(s, 1, head[:-1] + b',"message_body":"' + text + b'"}')

    @staticmethod
    def _take(data):
        if len(data) < 2:
            return None, data
        opcode, length, at = data[0] & 15, data[1] & 127, 2
        if length == 126:
            if len(data) < 4:
                return None, data
            length, at = struct.unpack(">H", data[2:4])[0], 4
        elif length == 127:
            if len(data) < 10:
                return None, data
            length, at = struct.unpack(">Q", data[2:10])[0], 10
        masked = data[1] & 128
        mask = data[at:at + 4] if masked else b""
        at += 4 if masked else 0
        if len(data) < at + length:
            return None, data
        payload = data[at:at + length]
        if masked:
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        return (opcode, payload), data[at + length:]

    def _frame(self, s, opcode, payload):
        n = len(payload)
        head = bytes([0x80 | opcode])
        if n < 126:
            head += bytes([n])
        elif n < 65536:
            head += bytes([126]) + struct.pack(">H", n)
        else:
            head += bytes([127]) + struct.pack(">Q", n)
        with self.writing:
            s.sendall(head + payload)
