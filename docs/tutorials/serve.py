"""Answer predictions over HTTP with an exported model and nothing but the standard library.

    python serve.py model.py 8731

POST a JSON list of rows, each a mapping of columns; the answer is a list of probabilities by class.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location

MOST = 1_000_000
"""Bytes of a question."""


def loaded(path):
    """The exported model as a module."""
    spec = spec_from_file_location("model", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Answer(BaseHTTPRequestHandler):
    """One question."""

    def do_POST(self):
        """Rows in, probabilities out; what the model refuses is a 400 with its reason."""
        size = int(self.headers.get("Content-Length", 0))
        if size > MOST:
            self.reply(413, {"error": f"more than {MOST} bytes"})
            return
        try:
            rows = json.loads(self.rfile.read(size))
            self.reply(200, self.server.model.predict_proba(rows).round(4).tolist())
        except ValueError as error:
            self.reply(400, {"error": str(error)})

    def reply(self, status, body):
        """Status and JSON."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode() + b"\n")


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Answer)
    server.model = loaded(sys.argv[1])
    server.serve_forever()
