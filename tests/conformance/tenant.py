"""A tenant by itself (`polder-tenant`), and its administration over its socket."""

import hashlib
import http.client
import json
import secrets
import socket
import subprocess
import time
import warnings
from base64 import urlsafe_b64encode

from joserfc import jwt
from joserfc.jwk import OKPKey

from mailbox import Mailbox

# RFC 9864 renames what the control plane's assertions are signed with.
warnings.filterwarnings("ignore", "EdDSA is deprecated")


class Tenant:
    """Started with fresh data in `folder`, as `issuer`, behind what ends its TLS and passes on to `listen`."""

    def __init__(self, program, folder, issuer, listen):
        self.issuer, self.mailbox = issuer, Mailbox()
        self._socket = f"{folder}/admin.sock"
        self._key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "EdDSA"}, private=True)
        self._kid = self._key.thumbprint()
        public = self._key.as_dict(private=False) | {"kid": self._kid, "use": "sig", "alg": "EdDSA"}
        (folder / "admin.jwk").write_text(json.dumps(public))
        (folder / "data").mkdir()
        subprocess.run([program, "seal-key", f"{folder}/seal.key"], check=True)
        self._log = open(folder / "log", "w")
        self._process = subprocess.Popen(
            [program, "--data", f"{folder}/data", "--seal-key", f"{folder}/seal.key", "--issuer", issuer]
            + ["--listen", listen, "--admin-listen", f"unix:{self._socket}", "--admin-key", f"{folder}/admin.jwk"]
            + ["--smtp", self.mailbox.url, "--mail-from", "noreply@polder.test", "--lifeline"],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
        )

    def __enter__(self):
        self._wait()
        # The driver fills in forms faster than people do, many times an hour.
        self.ask("PATCH", "/settings", {"proof_of_work": "never"})
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(20)

    def _wait(self):
        for _ in range(600):
            if self._process.poll() is not None:
                raise RuntimeError(f"the tenant ended; {self._log.name} says why")
            try:
                if self.ask("GET", "/health")["keys_complete"]:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise TimeoutError("the tenant does not come up")

    def application(self, **wish):
        """Registers an application; the answer has `client_id` and, where it keeps one, `client_secret`."""
        return self.ask("POST", "/applications", {"type": "web", **wish})

    def ask(self, method, target, body=None):
        """A call to the tenant's administration, with the assertion that it asks for."""
        body = json.dumps(body).encode() if body is not None else b""
        now = int(time.time())
        claims = {
            "aud": self.issuer,
            "sub": "conformance",
            "actor": "system",
            "iat": now,
            "exp": now + 30,
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": target,
            "body": urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode(),
        }
        header = {"alg": "EdDSA", "typ": "polder-admin+jwt", "kid": self._kid}
        token = jwt.encode(header, claims, self._key, algorithms=["EdDSA"])
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self._socket)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {target}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None
