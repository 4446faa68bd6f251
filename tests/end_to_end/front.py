"""Stands between the product and the real Git host: passes everything on, remembers what went through, and can be told to be
down, slow or to answer nonsense."""
import http.client
import http.server
import re
import socket
import threading
import urllib.parse
from dataclasses import dataclass, field

HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}


@dataclass(frozen=True)
class Nonsense:
    """Instead of the host's own answer; `status` None closes the connection without a word."""
    status: int | None = 200
    body: bytes = b""
    headers: dict = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    body: bytes
    status: int


class Front:
    """`url` is the host's address for the product: addresses of the host in its answers are replaced by it."""

    def __init__(self):
        self.seen = []
        self._answers = []
        self._behind = ""
        self._server = None

    def start(self, behind):
        self._behind = behind
        front = self

        class Handler(_Handler):
            owner = front
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, pattern, nonsense):
        """From now on to every request whose path matches; `heal()` ends it."""
        self._answers.append((re.compile(pattern), nonsense))

    def heal(self):
        self._answers.clear()

    def find_answer(self, path):
        return next((nonsense for pattern, nonsense in self._answers if pattern.search(path)), None)

    def pass_on(self, method, path, headers, body):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self._behind).netloc, timeout=60)
        try:
            connection.request(method, path, body, {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP | {"host"}})
            reply = connection.getresponse()
            content = reply.read()
            kept = {name: value.replace(self._behind, self.url) for name, value in reply.getheaders() if name.lower() not in HOP_BY_HOP}
            if kept.get("Content-Type", "").startswith("application/json"):
                content = content.replace(self._behind.encode(), self.url.encode())
            return reply.status, kept, content
        finally:
            connection.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _handle(self):
        body = self._read_body()
        nonsense = self.owner.find_answer(self.path)
        if nonsense is None:
            status, headers, content = self.owner.pass_on(self.command, self.path, self.headers, body)
        else:
            status, headers, content = nonsense.status, nonsense.headers, nonsense.body
        self.owner.seen.append(Seen(self.command, self.path, body, status))
        if status is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def _read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_):
        pass
