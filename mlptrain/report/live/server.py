"""The page of `mlptrain watch`, served to this machine alone. The home of http.

It listens on 127.0.0.1; every address begins with a token that is drawn anew each time; a request
that was sent to another host name is refused, so that no page from elsewhere can ask under a name that
it has turned to this address (DNS rebinding). There is GET alone, and no request names a file.
"""

import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mlptrain.errors import EnvironmentFault
from mlptrain.report.console import say, stdout
from mlptrain.report.live.page import page
from mlptrain.report.live.tail import MOST_CLOSE, Watched
from mlptrain.storage.documents import finite

ADDRESS = "127.0.0.1"
OFTEN, SELDOM = 0.5, 5.0
"""Seconds, at least and at most, for which what was read is answered again, however many ask."""
SPARING = 100
"""Between the two, so many times the seconds of a core that reading took: no fit should feel it."""
PATIENCE = 10
"""Seconds in which a request has to be complete."""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class LiveServer(ThreadingHTTPServer):
    """Answers with the page and with what the runs have written."""

    daemon_threads = True

    def __init__(self, watched: Watched, port: int) -> None:
        self.watched = watched
        self.token = secrets.token_urlsafe(24)
        self._lock = threading.Lock()
        self._due, self._answer = 0.0, b""
        try:
            super().__init__((ADDRESS, port), Handler)
        except OSError as error:
            raise EnvironmentFault(
                f"--port {port}: {error.strerror}; choose another one, or leave it out"
            ) from error

    @property
    def url(self) -> str:
        """What is opened in a browser."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"

    def data(self) -> bytes:
        """Every curve as JSON, read as often as that takes a hundredth of a core."""
        with self._lock:
            if time.monotonic() > self._due:
                begun = time.thread_time()
                tails = self.watched.look()
                names = self.watched.names(tails)
                close, each = len(tails) <= MOST_CLOSE, zip(tails, names, strict=True)
                runs = [tail.document(name, close=close) for tail, name in each]
                document = {"place": str(self.watched.place), "more": self.watched.more, "runs": runs}
                self._answer = json.dumps(finite(document), allow_nan=False).encode()
                spent = time.thread_time() - begun
                self._due = time.monotonic() + min(max(OFTEN, SPARING * spent), SELDOM)
            return self._answer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that has gone is no error."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: LiveServer
    timeout = PATIENCE
    server_version = sys_version = ""

    def do_GET(self) -> None:
        """The page, or the data; 403 for another host, 404 for anything else."""
        port = self.server.server_port
        if self.headers.get("Host") not in (f"{ADDRESS}:{port}", f"localhost:{port}"):
            self._answer(403, "text/plain", b"forbidden\n")
            return
        token, _, name = self.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._answer(404, "text/plain", b"not found\n")
        elif name == "data":
            self._answer(200, "application/json", self.server.data())
        elif name == "":
            nonce = secrets.token_urlsafe(16)
            policy = (
                f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
                "connect-src 'self'; img-src data:; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            )
            self._answer(200, "text/html; charset=utf-8", page(nonce).encode(), policy)
        else:
            self._answer(404, "text/plain", b"not found\n")

    def _answer(self, code: int, kind: str, content: bytes, policy: str = "default-src 'none'") -> None:
        self.send_response(code)
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), **HEADERS}
        for name, value in {**headers, "Content-Security-Policy": policy}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the token would stand in the log."""


def serve(watched: Watched, port: int) -> None:
    """Serve until Ctrl-C; the address goes to stdout."""
    watched.look()
    with LiveServer(watched, port) as server:
        say(stdout(), server.url)
        stdout().file.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:  # how it is meant to end
            return
