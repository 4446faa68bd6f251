"""A small HTTP/1.1 server that starts in a few milliseconds: one thread per connection, stops at once and in good order.

The standard library's server takes three times as long to import as everything else here together.
"""
import json
import os
import signal
import socket
import sys
import threading
import time

MAX_HEADER_LINE = 8192
MAX_BODY = 1 << 20
DRAIN_DEADLINE_S = 5.0
LINGER_S = 2.0
LINGER_BYTES = 16 << 20
REASONS = {200: "OK", 201: "Created", 303: "See Other", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
           413: "Content Too Large", 422: "Unprocessable Content", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable"}


class Refused(Exception):
    """What a handler raises to answer with a status and a message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Request:
    def __init__(self, method, target, headers, body):
        self.method = method
        self.path, _, query = target.partition("?")
        self.headers = headers
        self.body = body
        self._query = query

    def parameter(self, name, default=None):
        for pair in self._query.split("&"):
            key, _, value = pair.partition("=")
            if key == name:
                return value
        return default

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Refused(400, "the body is not JSON") from None


class Reply:
    def __init__(self, status, body, content_type="application/json", headers=()):
        self.status = status
        self.body = body if isinstance(body, bytes) else body.encode()
        self.headers = [("Content-Type", content_type), *headers]


def json_reply(status, value):
    return Reply(status, json.dumps(value) + "\n")


class Server:
    """Calls `handler(Request) -> Reply` for each request, from many threads, until SIGTERM or SIGINT."""

    def __init__(self, handler, host, port):
        self._handler = handler
        self._listener = socket.create_server((host, port), backlog=128)
        self._busy = 0
        self._stopping = False
        self._changed = threading.Condition()
        self._quiet = os.environ.get("LOG_LEVEL", "info") not in ("debug", "info")

    def run(self):
        """In the main thread. Requests that are being answered when the signal comes are answered."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        try:
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._converse, args=(connection,), daemon=True).start()
        finally:
            self._listener.close()
            self._drain()

    def _drain(self):
        end = time.monotonic() + DRAIN_DEADLINE_S
        with self._changed:
            self._stopping = True
            while self._busy and time.monotonic() < end:
                self._changed.wait(0.1)

    def _converse(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream:
            try:
                while self._answer_one(connection, stream):
                    pass
                linger(connection)
            except OSError:
                pass  # The client has gone.

    def _answer_one(self, connection, stream):
        line = stream.readline(MAX_HEADER_LINE)
        if not line.strip():
            return False
        with self._changed:
            self._busy += 1
        try:
            started = time.monotonic()
            request, reply = self._exchange(line, stream)
            keep = request is not None and not self._stopping and wants_keep_alive(request)
            connection.sendall(encode(reply, keep))
            self._log(request, reply, started)
            return keep
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _exchange(self, line, stream):
        request = None
        try:
            request = parse(line, stream)
            return request, self._handler(request)
        except Refused as refused:
            return request, json_reply(refused.status, {"error": str(refused)})
        except OSError:
            raise
        except Exception as error:  # One bad request must not end the service.
            print(f"error: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return request, json_reply(500, {"error": "internal error"})

    def _log(self, request, reply, started):
        if request is None or self._quiet or request.path == "/healthz":
            return
        taken = (time.monotonic() - started) * 1000
        print(f"{request.method} {request.path} {reply.status} {taken:.1f} ms", file=sys.stderr, flush=True)


def parse(line, stream):
    parts = line.split()
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
        raise Refused(400, "not an HTTP/1.1 request line")
    method, target, version = (part.decode("latin-1") for part in parts)
    headers = {":version": version}
    while (field := stream.readline(MAX_HEADER_LINE)) not in (b"\r\n", b"\n", b""):
        name, colon, value = field.decode("latin-1").partition(":")
        if not colon:
            raise Refused(400, "a header without a colon")
        headers[name.strip().lower()] = value.strip()
    return Request(method, target, headers, read_body(headers, stream))


def read_body(headers, stream):
    if "transfer-encoding" in headers:
        return read_chunks(stream)
    length = headers.get("content-length", "0")
    if not length.isdigit():
        raise Refused(400, "Content-Length is not a number")
    if int(length) > MAX_BODY:
        raise Refused(413, "the body is too large")
    return stream.read(int(length))


def read_chunks(stream):
    body = b""
    while size := int(stream.readline(MAX_HEADER_LINE).split(b";")[0] or b"0", 16):
        if len(body) + size > MAX_BODY:
            raise Refused(413, "the body is too large")
        body += stream.read(size)
        stream.readline(MAX_HEADER_LINE)
    while stream.readline(MAX_HEADER_LINE) not in (b"\r\n", b"\n", b""):
        pass
    return body


def linger(connection):
    """Reads on after the last answer: to close with something unread resets the connection, and the client loses the answer."""
    connection.shutdown(socket.SHUT_WR)
    end, left = time.monotonic() + LINGER_S, LINGER_BYTES
    while left > 0 and (wait := end - time.monotonic()) > 0:
        connection.settimeout(wait)
        data = connection.recv(65536)
        if not data:
            return
        left -= len(data)


def wants_keep_alive(request):
    connection = request.headers.get("connection", "").lower()
    return connection == "keep-alive" if request.headers[":version"] == "HTTP/1.0" else connection != "close"


def encode(reply, keep):
    lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines += [f"Content-Length: {len(reply.body)}", f"Connection: {'keep-alive' if keep else 'close'}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + reply.body


def serve(handler):
    """On $HOST:$PORT, as Ramet gives them."""
    Server(handler, os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])).run()
