"""A mail server on loopback that keeps what arrives, so that a person can read the code they were sent."""

import re
import socketserver
import threading
import time
from email import message_from_string, policy


class Mailbox:
    """Listens on a free port; `url` is what `--smtp` takes."""

    def __init__(self):
        self._letters = []
        letters = self._letters

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self):
                converse(self.rfile, self.wfile, letters)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"smtp://127.0.0.1:{server.server_address[1]}"

    def count(self):
        """How many letters have come."""
        return len(self._letters)

    def code(self, since, within=15):
        """The eight digits of the first letter with a code after the first `since` letters."""
        ends = time.monotonic() + within
        while time.monotonic() < ends:
            for letter in self._letters[since:]:
                text = message_from_string(letter, policy=policy.default).get_body(("plain",)).get_content()
                if found := re.search(r"\b(\d{4}) ?(\d{4})\b", text):
                    return "".join(found.groups())
            time.sleep(0.05)
        raise TimeoutError("no mail with a code came")


def converse(reader, writer, letters):
    """RFC 5321, as much as a tenant needs."""
    say = lambda line: writer.write(line.encode() + b"\r\n")
    say("220 mailbox.test")
    while line := reader.readline():
        verb = line.decode().strip().upper()
        if verb == "QUIT":
            return say("221 bye")
        if verb != "DATA":
            say("250 yes")
            continue
        say("354 go on")
        text = []
        while (line := reader.readline()) not in (b".\r\n", b""):
            text.append(line.decode().removeprefix("."))
        letters.append("".join(text))
        say("250 kept")
