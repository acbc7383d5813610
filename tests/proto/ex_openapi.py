#!/usr/bin/env python3
"""Answers of the built-in exchange against the service's own description of them.

The description is not part of this project: CALLHUD_OPENAPI names the file (OpenAPI 3 as JSON), or it
lies in shared/ beside the project. Without it everything here is skipped. Standard library only; the exchange is a real one on
loopback. What is checked of an answer: the status is one that the description knows, required
fields, types, enums, times, and that there is no field that it does not know.
"""
import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
CALLHUD = os.environ.get("CALLHUD", os.path.join(HERE, "..", "..", "build", "callhud"))
BESIDE = os.path.join(HERE, "..", "..", "..", "shared", "contracts", "ringcentral-openapi.json")
FILE = os.environ.get("CALLHUD_OPENAPI") or (BESIDE if os.path.exists(BESIDE) else "")
ACC = "/restapi/v1.0/account/{accountId}"
EXT = ACC + "/extension/{extensionId}"
PARTY = ACC + "/telephony/sessions/{telephonySessionId}/parties/{partyId}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$")

# Seen on the service and in no description: the answer to PUT presence/permission echoes its body.
KNOWN_EXTRA = {("PUT", EXT + "/presence/permission", "extensions")}


class Schema:
    def __init__(self, document):
        self.document = document

    def resolve(self, schema):
        while "$ref" in schema:
            at = self.document
            for step in schema["$ref"].lstrip("#/").split("/"):
                at = at[step.replace("~1", "/").replace("~0", "~")]
            schema = at
        return schema

    def fields(self, schema):
        """Names of all properties, of all parts."""
        schema = self.resolve(schema)
        names = set(schema.get("properties", {}))
        for part in schema.get("allOf", []) + schema.get("oneOf", []) + schema.get("anyOf", []):
            names |= self.fields(part)
        return names

    def is_open(self, schema):
        schema = self.resolve(schema)
        parts = schema.get("allOf", []) + schema.get("oneOf", []) + schema.get("anyOf", [])
        if parts:
            return any(self.is_open(part) for part in parts)
        return "properties" not in schema

    def faults(self, schema, value, where, strict=True):
        schema = self.resolve(schema)
        if value is None and schema.get("nullable"):
            return []
        for key in ("oneOf", "anyOf"):
            if key in schema:
                tries = [self.faults(part, value, where) for part in schema[key]]
                return [] if any(not one for one in tries) else min(tries, key=len)
        found = []
        for part in schema.get("allOf", []):
            found += self.faults(part, value, where, strict=False)
        found += self.own_faults(schema, value, where)
        if strict and isinstance(value, dict) and not self.is_open(schema):
            for name in sorted(set(value) - self.fields(schema)):
                found.append(f"{where}.{name}: no such field")
        return found

    def own_faults(self, schema, value, where):
        kinds = {"object": dict, "array": list, "string": str, "boolean": bool}
        kind = schema.get("type")
        if kind in kinds and not isinstance(value, kinds[kind]):
            return [f"{where}: {type(value).__name__}, not {kind}"]
        if kind in ("integer", "number") and (isinstance(value, bool) or not isinstance(
                value, int if kind == "integer" else (int, float))):
            return [f"{where}: {type(value).__name__}, not {kind}"]
        found = []
        if "enum" in schema and value not in schema["enum"]:
            found.append(f"{where}: {value!r} is none of {schema['enum'][:8]}")
        if schema.get("format") == "date-time" and not TIME.match(str(value)):
            found.append(f"{where}: {value!r} is no time")
        if schema.get("format") == "int32" and not -2**31 <= value < 2**31:
            found.append(f"{where}: {value} has more than 32 bits")
        if isinstance(value, dict):
            for name in schema.get("required", []):
                if name not in value:
                    found.append(f"{where}.{name}: missing")
            for name, part in schema.get("properties", {}).items():
                if name in value:
                    found += self.faults(part, value[name], f"{where}.{name}")
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                found += self.faults(schema["items"], item, f"{where}[{i}]")
        return found

    def answer(self, method, path, status, body):
        """What is wrong with an answer; []: nothing."""
        operation = self.document["paths"][path][method.lower()]
        responses = operation["responses"]
        described = responses.get(str(status)) or responses.get("default")
        if described is None:
            # Only the good ones are listed for many; an error has its own shape.
            if 200 <= status < 300:
                return [f"status {status} is none of {sorted(responses)}"]
            described = {}
        described = self.resolve(described)
        content = described.get("content", {})
        if not content:
            if 200 <= status < 300 and body is not None:
                return [f"a body with status {status}"]
            return [] if status < 300 else error_faults(body)
        schema = content.get("application/json", next(iter(content.values()))).get("schema", {})
        if status >= 400:
            return error_faults(body)
        if body is None:
            return ["no body"]
        found = self.faults(schema, body, "body")
        extra = {f"body.{name}: no such field" for m, p, name in KNOWN_EXTRA
                 if (m, p) == (method, path)}
        return [fault for fault in found if fault not in extra]


def error_faults(body):
    """The two levels of an error."""
    if not isinstance(body, dict):
        return ["an error without a JSON object"]
    found = [f"{name}: missing" for name in ("errorCode", "message", "errors") if name not in body]
    for inner in body.get("errors", []):
        found += [f"errors.{name}: missing" for name in ("errorCode", "message")
                  if name not in inner]
    return found if body.get("errors") else found + ["errors: empty"]


class Exchange:
    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory(prefix="callhud-openapi-")
        port_file = os.path.join(self.folder.name, "port.json")
        environment = dict(os.environ, XDG_STATE_HOME=self.folder.name,
                           XDG_CONFIG_HOME=self.folder.name)
        self.process = subprocess.Popen(
            [CALLHUD, "exchange", "--port-file", port_file, *options], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while not os.path.exists(port_file):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the exchange did not start: " + self.stop())
            time.sleep(0.02)
        with open(port_file, encoding="utf-8") as opened:
            self.port = json.load(opened)
        self.base = f"http://127.0.0.1:{self.port['port']}"
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": self.port["jwt"]}
        pair = f"{self.port['client_id']}:{self.port['client_secret']}".encode()
        status, token = self.send("POST", "/restapi/oauth/token",
                                  urllib.parse.urlencode(form).encode(),
                                  {"Authorization": "Basic " + base64.b64encode(pair).decode(),
                                   "Content-Type": "application/x-www-form-urlencoded"})
        if status != 200:
            raise RuntimeError(f"sign-in: {status} {token}")
        self.signed_in = (status, token)
        self.token = token["access_token"]

    def send(self, method, path, data=None, headers=None):
        request = urllib.request.Request(self.base + path, data=data, method=method,
                                         headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text.strip() else None

    def ask(self, method, path, body=None, accept=None):
        headers = {"Authorization": "Bearer " + self.token}
        if accept:
            headers["Accept"] = accept
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        return self.send(method, path, data, headers)

    def control(self, method, path, body=None):
        status, answer = self.send(
            method, "/exchange" + path, None if body is None else json.dumps(body).encode(),
            {"Authorization": "Bearer " + self.port["control_token"],
             "Content-Type": "application/json"})
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            said = self.process.communicate(timeout=10)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            said = self.process.communicate()[1]
        self.folder.cleanup()
        return said or ""


class Run:
    def __init__(self, schema, exchange):
        self.schema, self.exchange = schema, exchange
        self.count = self.failed = 0

    def report(self, name, faults):
        self.count += 1
        self.failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {self.count} - {name}", flush=True)
        for fault in faults[:20]:
            print(f"# {fault}", flush=True)

    def do(self, method, path, expected, ids=None, query="", body=None, accept=None, name=""):
        """Asks, and checks. path is as the description has it; ids fills its holes."""
        filled = path
        for key, value in {"accountId": "~", "extensionId": "~", **(ids or {})}.items():
            filled = filled.replace("{" + key + "}", str(value))
        status, answer = self.exchange.ask(method, filled + query, body, accept)
        faults = [] if status == expected else [f"status {status}, not {expected}: {answer}"]
        faults += self.schema.answer(method, path, status, answer)
        self.report(f"{method} {path.removeprefix(ACC)}{query} {status} {name}".strip(), faults)
        return answer


def presence(run, agents, queue):
    one, two = agents[0], agents[1]
    detailed = "?detailedTelephonyState=true&sipData=true"
    run.do("GET", EXT + "/presence", 200)
    run.do("GET", EXT + "/presence", 200, {"extensionId": one}, detailed, name="in a call")
    run.do("GET", EXT + "/presence", 200, {"extensionId": queue}, detailed, name="of a queue")
    run.do("GET", EXT + "/presence", 404, {"extensionId": 17})
    run.do("GET", ACC + "/presence", 200, query=detailed + "&perPage=20")
    run.do("PUT", EXT + "/presence", 200, body={"userStatus": "Busy", "message": "lunch"})
    run.do("PUT", EXT + "/presence", 400, body={"userStatus": "Lunch"})
    run.do("GET", EXT + "/unified-presence", 200)
    run.do("GET", EXT + "/unified-presence", 207, {"extensionId": f"{one},{two}"})
    run.do("PATCH", EXT + "/unified-presence", 200, body={"glip": {"visibility": "Visible"}})
    run.do("GET", EXT + "/presence/line", 200, query="?perPage=1000")
    run.do("GET", EXT + "/presence/line/{lineId}", 200, {"lineId": 3})
    run.do("GET", EXT + "/presence/line/{lineId}", 404, {"lineId": 999})
    run.do("PUT", EXT + "/presence/line", 200,
           body=[{"id": "3", "extension": {"id": str(two)}}])
    run.do("PUT", EXT + "/presence/line", 400, body={"records": []})
    run.do("PUT", EXT + "/presence/permission", 200, body={"extensions": [{"id": str(one)}]})
    run.do("GET", EXT + "/presence/permission", 200)
    run.do("GET", EXT + "/features", 200)
    run.do("GET", EXT + "/grant", 200, query="?perPage=max")
    run.do("GET", ACC + "/call-queues/{groupId}/presence", 200, {"groupId": queue})
    run.do("GET", EXT + "/call-queue-presence", 200, {"extensionId": one})


def directory(run, agents, queue):
    run.do("GET", ACC, 200)
    run.do("GET", ACC + "/directory/entries", 200)
    run.do("GET", ACC + "/directory/entries/{entryId}", 200, {"entryId": agents[2]})
    run.do("POST", ACC + "/directory/entries/search", 200, body={"searchString": "a"})
    run.do("GET", ACC + "/extension", 200, query="?perPage=1000")
    run.do("GET", EXT, 200)
    run.do("GET", EXT, 200, {"extensionId": queue}, name="of a queue")
    run.do("GET", EXT + "/device", 200)
    device = run.exchange.port["device"]
    run.do("GET", ACC + "/device/{deviceId}", 200, {"deviceId": device})
    run.do("GET", EXT + "/webapp-devices", 200)
    run.do("GET", ACC + "/sites", 200)
    run.do("GET", ACC + "/call-queues", 200)
    run.do("GET", ACC + "/call-queues/{groupId}", 200, {"groupId": queue})
    run.do("GET", ACC + "/call-queues/{groupId}/members", 200, {"groupId": queue})
    run.do("GET", ACC + "/department/{departmentId}/members", 200, {"departmentId": queue})
    run.do("GET", ACC + "/call-recording", 200)
    run.do("PUT", ACC + "/call-recording", 200, body={"automatic": {"enabled": True}})
    run.do("POST", ACC + "/call-recording/bulk-assign", 204,
           body={"addedExtensions": [{"id": str(agents[0]), "callDirection": "All"}]})
    run.do("GET", ACC + "/call-recording/extensions", 200)
    run.do("PUT", EXT + "/favorite", 200, body={"records": [{"extensionId": str(agents[0])}]})
    run.do("GET", EXT + "/favorite", 200)
    run.do("GET", EXT + "/active-calls", 200, {"extensionId": agents[0]})
    run.do("GET", ACC + "/active-calls", 200)
    run.do("GET", "/restapi", 200)
    run.do("GET", "/restapi/{apiVersion}", 200, {"apiVersion": "v1.0"})


def groups(run, agents):
    path = ACC + "/call-monitoring-groups"
    run.do("GET", path, 200)
    made = run.do("POST", path, 200, body={"name": "Night"})
    one = {"groupId": made.get("id")}
    run.do("PUT", path + "/{groupId}", 200, one, body={"name": "Late"})
    run.do("POST", path + "/{groupId}/bulk-assign", 204, one, body={
        "addedExtensions": [{"id": str(agents[0]), "permissions": ["Monitored"]}]})
    run.do("GET", path + "/{groupId}/members", 200, one)
    run.do("DELETE", path + "/{groupId}", 204, one)
    run.do("PUT", path + "/{groupId}", 404, one, body={"name": "Gone"})


def calls(run, session, agent):
    """One call, from its ringing to its end."""
    exchange = run.exchange
    where = {"telephonySessionId": session}
    path = ACC + "/telephony/sessions/{telephonySessionId}"
    whole = run.do("GET", path, 200, where)
    party = [one for one in whole["parties"] if str(one.get("extensionId")) == str(agent)][-1]["id"]
    where["partyId"] = party
    run.do("GET", PARTY, 200, where)
    exchange.control("POST", f"/calls/{session}/answer")
    run.do("POST", PARTY + "/hold", 200, where)
    run.do("POST", PARTY + "/unhold", 200, where)
    run.do("PATCH", PARTY, 200, where, body={"muted": True})
    recording = run.do("POST", PARTY + "/recordings", 201, where, body={})
    run.do("PATCH", PARTY + "/recordings/{recordingId}", 200,
           {**where, "recordingId": (recording or {}).get("id")}, body={"active": False})
    run.do("POST", path + "/supervise", 201, where, body={
        "mode": "Listen", "supervisorDeviceId": exchange.port["device"],
        "agentExtensionId": str(agent)})
    run.do("POST", ACC + "/telephony/call-out", 201, where, body={
        "from": {"deviceId": exchange.port["device"]}, "to": {"phoneNumber": "+16505550199"}})
    run.do("DELETE", path, 204, where)
    run.do("GET", path, 404, where)


def main():
    if not FILE:
        print("ok 1 - answers are as described # SKIP no description of the service: CALLHUD_OPENAPI names it")
        return 0
    with open(FILE, encoding="utf-8") as opened:
        schema = Schema(json.load(opened))
    exchange = Exchange("--users", "40", "--rate", "0", "--seed", "3")
    run = Run(schema, exchange)
    try:
        run.report("POST /restapi/oauth/token",
                   schema.answer("POST", "/restapi/oauth/token", *exchange.signed_in))
        status, token = exchange.ask("POST", "/restapi/oauth/wstoken")
        run.report("POST /restapi/oauth/wstoken",
                   schema.answer("POST", "/restapi/oauth/wstoken", status, token))
        users = exchange.ask("GET", "/restapi/v1.0/account/~/extension?type=User")[1]["records"]
        queues = exchange.ask("GET", "/restapi/v1.0/account/~/call-queues")[1]["records"]
        agents, queue = [one["id"] for one in users], queues[0]["id"]
        session = exchange.control("POST", "/calls", {"from": "+17778732492", "to": "101"})["id"]
        groups(run, agents)
        calls(run, session, agents[0])
        exchange.control("POST", "/calls", {"from": "+17778732492", "to": "101"})
        presence(run, agents, queue)
        directory(run, agents, queue)
    finally:
        exchange.stop()
    print(f"1..{run.count}")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
