#!/usr/bin/env python3
"""A badly behaved websocket and HTTP server for the net tests: the path says how.

usage: net_server.py DIR      DIR holds NAME.crt and NAME.key for each TLS port
First line on stdout: "NAME=PORT ..." of all ports. Then it answers one line for each line on stdin:
  count NAME     connections accepted on that port so far
  gone ID        1 when the connection with that number was closed by the client, else 0
It ends at the end of stdin.
"""
import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

counts = {}
gone = set()
serial = 0
lock = threading.Lock()
ports = {}


def frame(payload, opcode=1, final=True):
    if isinstance(payload, str):
        payload = payload.encode()
    head = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        head += bytes([len(payload)])
    elif len(payload) < 65536:
        head += bytes([126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([127]) + struct.pack(">Q", len(payload))
    return head + payload


class Peer:
    def __init__(self, sock, number):
        self.sock, self.number, self.buffer = sock, number, b""

    def fill(self):
        more = self.sock.recv(65536)
        if not more:
            raise ConnectionError
        self.buffer += more

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def request(self):
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
            if self.buffer[:1] == b"\x16":  # TLS to a plain port
                self.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                raise ConnectionError
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = dict((k.lower(), v) for k, v in (line.split(": ", 1) if ": " in line else
                                                   (line.rstrip(":"), "") for line in lines[1:]))
        body = self.take(int(headers.get("content-length", "0")))
        return method, path, headers, body

    def frame(self):
        first, second = self.take(2)
        size = second & 127
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        mask = self.take(4)
        data = self.take(size)
        return first & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(data))

    def send(self, data):
        self.sock.sendall(data)

    def wait_gone(self):
        try:
            while True:
                self.fill()
        except OSError:
            pass


def sni(peer):
    """The name the client sent in its TLS hello; "none" without one."""
    return getattr(peer.sock, "sni", None) or "none"


def note_sni(sock, name, _):
    sock.sni = name


def echo(peer):
    while True:
        opcode, data = peer.frame()
        if opcode == 8:
            peer.send(frame(data, 8))
            return
        peer.send(frame(data, 10 if opcode == 9 else opcode))


def websocket(peer, path, headers):
    key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    if path == "/badaccept":
        accept = "x" * 28
    answer = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: %s\r\n" % accept)
    if "sec-websocket-protocol" in headers:
        answer += "Sec-WebSocket-Protocol: %s\r\n" % headers["sec-websocket-protocol"].split(",")[0]
    answer = (answer + "\r\n").encode()
    if path == "/together":
        answer += frame("one") + frame("two") + frame("")
    peer.send(answer)
    if path == "/headers":
        peer.send(frame(json.dumps(dict(headers, path=path, number=peer.number, sni=sni(peer)))))
    elif path == "/bytewise":
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in frame("hello") + frame("b" * 300) + frame(b"", 9) + frame("end"):
            peer.send(bytes([byte]))
            time.sleep(0.0005)
    elif path == "/fragments":
        text = bytes(97 + i % 26 for i in range(200000))
        for at in range(0, len(text), 4000):
            last = at + 4000 >= len(text)
            peer.send(frame(text[at:at + 4000], 1 if at == 0 else 0, last))
            if at == 40000:
                peer.send(frame(b"still there?", 9))
    elif path == "/big":
        try:
            peer.send(frame("x" * 2000000))
        except OSError:
            pass
    elif path == "/bigfragments":
        try:
            peer.send(frame("x" * 1000, 1, False))
            for _ in range(2000):
                peer.send(frame("x" * 1000, 0, False))
        except OSError:
            pass
    elif path == "/close1011":
        peer.send(frame(struct.pack(">H", 1011) + b"boom", 8))
    elif path == "/halfopen":
        time.sleep(3600)
    elif path == "/abort":
        time.sleep(0.1)
        return
    elif path == "/reset":
        time.sleep(0.1)  # else the reset may overtake the handshake
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return
    elif path == "/binary":
        peer.send(frame(b"\x00\x01\x02", 2) + frame("text"))
    elif path == "/badutf8":
        peer.send(frame(b"a\xff\xc3(b") + frame("after"))
    elif path == "/badopcode":
        peer.send(frame("x", 5))
    elif path.startswith("/flood"):
        for i in range(int(path[6:] or "20000")):
            peer.send(frame("%06d" % i + "x" * 1500))
    echo(peer)


def http(peer, method, path, headers, body):
    """False when the connection is to be closed."""
    def answer(status, content, *extra):
        lines = ["HTTP/1.1 %s" % status, "Content-Length: %d" % len(content),
                 "Content-Type: application/json"] + list(extra)
        peer.send(("\r\n".join(lines) + "\r\n\r\n").encode() + content)

    if path.startswith("/http/status/"):
        answer(path[13:] + " Whatever", b'{"message":"as asked"}')
    elif path == "/http/echo":
        answer("200 OK", json.dumps({"method": method, "headers": headers, "body": body.decode(),
                                     "number": peer.number, "sni": sni(peer)}).encode())
    elif path == "/http/slow":
        time.sleep(3600)
    elif path == "/http/trickle":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(1000):
            peer.send(b"x")
            time.sleep(0.05)
    elif path == "/http/big":
        answer("200 OK", b"y" * 300000)
    elif path == "/http/chunked":
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
    elif path == "/http/endless":
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            peer.send(b"1000\r\n" + b"z" * 4096 + b"\r\n")
    elif path == "/http/cut":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
        return False
    elif path == "/http/nothing":
        return False
    elif path == "/http/garbage":
        peer.send(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
        return False
    elif path == "/http/redirect":
        answer("302 Found", b"", "Location: http://127.0.0.1:%d/http/echo" % ports["target"])
    elif path == "/http/retry":
        answer("429 Too Many Requests", b"{}", "Retry-After: 7")
    elif path == "/http/retrynever":
        answer("429 Too Many Requests", b"{}", "Retry-After: 9223372036854775807")
    elif path == "/http/limits":
        answer("200 OK", b"{}", "X-Rate-Limit-Group: light\r\nx-rate-limit-REMAINING: 49\r\n"
               "RCRequestId: 1")
    elif path == "/http/manyheaders":
        answer("200 OK", b"{}", "\r\n".join("X-Filler-%d: %d" % (i, i) for i in range(200)))
    elif path == "/http/none":
        answer("204 No Content", b"")
    else:
        answer("404 Not Found", b"<html>no</html>")
    return True


def refuse(peer, path):
    code = int(path.split("/")[2])
    extra = ""
    if code == 401:
        extra = 'WWW-Authenticate: Basic realm="x"\r\n'
    if 300 <= code < 400:
        extra = "Location: ws://127.0.0.1:%d/echo?access_token=geheim\r\n" % ports["target"]
    body = "<html><head><title>%d</title></head><body>no</body></html>" % code
    peer.send(("HTTP/1.1 %d Refused\r\n%sContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"
               % (code, extra, len(body), body)).encode())


def serve(sock, number):
    peer = Peer(sock, number)
    try:
        while True:
            method, path, headers, body = peer.request()
            if headers.get("upgrade", "").lower() == "websocket":
                if path.startswith("/refuse/"):
                    refuse(peer, path)
                    peer.wait_gone()
                elif path == "/garbage":
                    peer.send(b"220 mail.example ESMTP\r\n250 hello\r\n\r\n")
                elif path == "/hangup":
                    pass
                else:
                    websocket(peer, path, headers)
                    if path not in ("/abort", "/reset"):
                        peer.wait_gone()
                break
            if not http(peer, method, path, headers, body):
                break
    except (OSError, ValueError, KeyError):
        pass
    gone.add(number)
    sock.close()


def accept(name, listener, context):
    global serial
    while True:
        sock, _ = listener.accept()
        with lock:
            counts[name] += 1
            serial += 1
            number = serial
        threading.Thread(target=begin, args=(name, sock, number, context), daemon=True).start()


def begin(name, sock, number, context):
    if name == "silent":
        time.sleep(3600)
    if context is not None:
        try:
            sock = context.wrap_socket(sock, server_side=True)
        except (OSError, ssl.SSLError):
            sock.close()
            gone.add(number)
            return
    serve(sock, number)


def listen(name, family=socket.AF_INET, address="127.0.0.1", context=None):
    listener = socket.socket(family)
    listener.bind((address, 0))
    listener.listen(64)
    ports[name] = listener.getsockname()[1]
    counts[name] = 0
    threading.Thread(target=accept, args=(name, listener, context), daemon=True).start()


def main():
    for name in ("plain", "target", "silent"):
        listen(name)
    try:
        listen("six", socket.AF_INET6, "::1")
    except OSError:
        ports["six"] = 0
    refused = socket.socket()
    refused.bind(("127.0.0.1", 0))  # bound and not listening: connects are refused
    ports["refused"] = refused.getsockname()[1]
    for entry in sorted(os.listdir(sys.argv[1])):
        if entry.endswith(".crt") and os.path.exists(os.path.join(sys.argv[1], entry[:-4] + ".key")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(sys.argv[1], entry),
                                    os.path.join(sys.argv[1], entry[:-4] + ".key"))
            context.sni_callback = note_sni
            listen(entry[:-4], context=context)
            if ports["six"]:
                listen(entry[:-4] + "6", socket.AF_INET6, "::1", context)
    print(" ".join("%s=%d" % item for item in ports.items()), flush=True)
    for line in sys.stdin:
        word, what = line.split()
        print(counts[what] if word == "count" else int(int(what) in gone), flush=True)


main()
