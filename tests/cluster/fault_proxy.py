"""Stands before an API server, passes on what it is asked, and does to requests and answers what a test says. HTTP/1.1: who speaks HTTP/2 comes down to it."""
import contextlib
import http.client
import http.server
import json
import socket
import ssl
import threading
import urllib.parse
from dataclasses import dataclass

from front import HOP_BY_HOP

CHANGING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # Without the query.
    is_watch: bool
    name: str = ""  # Of what is created, as all of a kind are at one path.

    @property
    def is_change(self):
        return self.method in CHANGING


@dataclass(frozen=True)
class Lose:
    """It is done, and nobody hears of it."""

    def meets(self, request):
        return not request.is_watch


@dataclass(frozen=True)
class Cut:
    """The connection ends before it is passed on."""

    def meets(self, request):
        return True


@dataclass(frozen=True)
class Answer:
    """What the server says in place of doing it."""
    status: int
    reason: str
    headers: tuple = ()  # Pairs.

    def meets(self, request):
        """A delete that meets a conflict has hit another object."""
        return self.status != 409 or request.method in ("POST", "PATCH")

    @property
    def body(self):
        return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": self.status, "reason": self.reason,
                           "message": "the test says so"}).encode()


class FaultProxy:
    """Use it with `with`. `fault` answers what a Request meets, or None."""

    def __init__(self, cluster):
        pki = cluster.directory / "pki"
        self._upstream = urllib.parse.urlsplit(cluster.url)
        self._to_server = ssl.create_default_context(cafile=pki / "ca.crt")
        self._to_server.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self._to_client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._to_client.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
        self._to_client.set_alpn_protocols(["http/1.1"])
        self._lock = threading.Lock()
        self._watches = set()  # Connections.
        self.fault = lambda request: None

    def __enter__(self):
        proxy = self

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                raw, address = super().get_request()
                return proxy._to_client.wrap_socket(raw, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, request, client_address):
                pass  # Who breaks connections off hears of it.

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                proxy._handle(self)
            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.cut_watches()

    # -- what a test does

    @contextlib.contextmanager
    def each_once(self, faults):
        """Every request meets one of the faults that it can meet the first time, by method, path and name; which one each met."""
        met = {}

        def decide(request):
            with self._lock:
                possible = [fault for fault in faults if fault.meets(request)]
                if request in met or not possible:
                    return None
                met[request] = possible[len(met) % len(possible)]
                return met[request]
        self.fault = decide
        try:
            yield met
        finally:
            self.fault = lambda request: None

    def cut_watches(self):
        with self._lock:
            for connection in self._watches:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    # -- one request

    def _handle(self, client):
        body = client.rfile.read(int(client.headers.get("Content-Length", 0)))
        path, _, query = client.path.partition("?")
        name = json.loads(body)["metadata"]["name"] if client.command == "POST" else ""
        request = Request(client.command, path, "watch=" in query, name)
        fault = self.fault(request)
        if isinstance(fault, Answer):
            return self._send(client, fault.status, {**dict(fault.headers), "Content-Type": "application/json"}, fault.body)
        if isinstance(fault, Cut):
            return self._hang_up(client)
        connection = http.client.HTTPSConnection(self._upstream.hostname, self._upstream.port, context=self._to_server)
        try:
            headers = {name: value for name, value in client.headers.items() if name.lower() not in HOP_BY_HOP | {"host"}}
            connection.request(client.command, client.path, body or None, headers)
            answer = connection.getresponse()
            if request.is_watch and answer.status == 200:
                self._stream(client, connection, answer)
            else:
                content = answer.read()
                if isinstance(fault, Lose):
                    self._hang_up(client)
                else:
                    kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
                    self._send(client, answer.status, kept, content)
        except (OSError, http.client.HTTPException):
            self._hang_up(client)
        finally:
            connection.close()

    def _stream(self, client, connection, answer):
        client.send_response(200)
        client.send_header("Content-Type", answer.getheader("Content-Type"))
        client.send_header("Transfer-Encoding", "chunked")
        client.end_headers()
        with self._lock:
            self._watches.add(connection.sock)
        try:
            while piece := answer.read1(65536):
                client.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            client.wfile.write(b"0\r\n\r\n")
        finally:
            with self._lock:
                self._watches.discard(connection.sock)
            client.close_connection = True

    @staticmethod
    def _send(client, status, headers, content):
        client.send_response(status)
        for name, value in headers.items():
            client.send_header(name, value)
        client.send_header("Content-Length", str(len(content)))
        client.end_headers()
        client.wfile.write(content)

    @staticmethod
    def _hang_up(client):
        client.close_connection = True
        with contextlib.suppress(OSError):
            client.connection.shutdown(socket.SHUT_RDWR)
