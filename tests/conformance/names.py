"""Names below localhost are this machine (RFC 6761), which not every resolver knows."""

import socket

_resolve = socket.getaddrinfo


def _resolve_below_localhost(host, *rest, **named):
    below = isinstance(host, str) and host.endswith(".localhost")
    return _resolve("127.0.0.1" if below else host, *rest, **named)


socket.getaddrinfo = _resolve_below_localhost
