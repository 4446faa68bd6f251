"""A little HTTP server that keeps what a webhook brings, to be asked about it."""
import hashlib
import hmac
import http.server
import json
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    headers: dict
    body: bytes

    @property
    def event(self):
        return self.headers["x-gitea-event"]

    @property
    def event_type(self):
        return self.headers["x-gitea-event-type"]

    @property
    def payload(self):
        return json.loads(self.body)

    def is_signed_with(self, secret):
        expected = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, self.headers.get("x-gitea-signature", ""))


class Listener:
    """Answers every POST with `status` and remembers it in `deliveries`, in the order of arrival."""

    def __init__(self, status=202):
        self.deliveries = []
        self.status = status
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def events(self):
        return [delivery.event_type for delivery in self.deliveries]

    def find(self, event_type):
        return next((delivery for delivery in self.deliveries if delivery.event_type == event_type), None)

    def _handler(self):
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                listener.deliveries.append(Delivery(headers, body))
                self.send_response(listener.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler
