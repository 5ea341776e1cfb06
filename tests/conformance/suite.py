"""The conformance suite, through its HTTP API."""

import base64
import json
import struct
import urllib.parse
import urllib.request
import zlib


class Suite:
    """A running suite at `address`, which takes whoever asks for its developer."""

    def __init__(self, address, tls):
        self.address, self._tls = address, tls

    def version(self):
        about = self._ask("GET", "server")
        return about["version"]

    def make_plan(self, name, variant, configuration):
        """Answers the plan's id and its modules."""
        plan = self._ask("POST", "plan", {"planName": name, "variant": json.dumps(variant)}, configuration)
        return plan["id"], plan["modules"]

    def start(self, plan, module):
        """Starts a module; answers the id of this run."""
        query = {"test": module["testModule"], "plan": plan, "variant": json.dumps(module["variant"])}
        return self._ask("POST", "runner", query)["id"]

    def info(self, run):
        """Has `status` and `result`."""
        return self._ask("GET", f"info/{run}")

    def to_visit(self, run):
        """The addresses that a browser has to visit, each with its method."""
        browser = self._ask("GET", f"runner/{run}").get("browser") or {}
        return [(one["url"], one["method"]) for one in browser.get("urlsWithMethod", [])]

    def visited(self, run, url):
        self._ask("POST", f"runner/browser/{run}/visit", {"url": url})

    def log(self, run):
        return self._ask("GET", f"log/{run}")

    def fill_picture(self, run, placeholder):
        """The suite waits for a screenshot for somebody to judge. It gets one pixel."""
        self._ask("POST", f"log/{run}/images/{placeholder}", body=f"data:image/png;base64,{pixel()}", kind="text/plain")

    def _ask(self, method, path, query=None, body=None, kind="application/json"):
        url = f"{self.address}/api/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, {"Content-Type": kind}, method=method)
        with urllib.request.urlopen(request, context=self._tls, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def pixel():
    """A PNG."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0\xff")), chunk(b"IEND", b"")]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode()
