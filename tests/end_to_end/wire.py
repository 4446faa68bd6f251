"""HTTP as an attacker writes it: bytes on a socket, where a client library would tidy up or refuse to send."""
import hashlib
import hmac
import json
import socket
import urllib.error
import urllib.request
import uuid

from ramet import Answer, address_of

CAP = 25 << 20


class Wire:
    """One connection to `url`."""

    def __init__(self, url, deadline_s=15):
        host, _, port = address_of(url).rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=deadline_s)
        self._read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, data):
        """False when the other side has closed already."""
        try:
            self._socket.sendall(data)
            return True
        except OSError:
            return False

    def answer(self):
        """The next answer; its body must have a length."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(self._read) < int(headers.get("content-length", 0)):
            self._more()
        size = int(headers.get("content-length", 0))
        body, self._read = self._read[:size], self._read[size:]
        return Answer(int(first.split()[1]), headers, body.decode())

    def is_closed(self):
        """Whether the other side ends the connection without another byte."""
        try:
            return not self._read and self._socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def _more(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError(f"closed after {self._read[:200]!r}")
        self._read += data


def exchange(url, data):
    """Sends the bytes as they are. The answer, and whether the connection was closed after it."""
    with Wire(url) as wire:
        wire.send(data)
        answer = wire.answer()
        return answer, answer.headers.get("connection") == "close" and wire.is_closed()


def post(url, body, headers):
    """An honest request with any bytes as its body."""
    request = urllib.request.Request(url, data=body, method="POST", headers=headers)
    return ask(request)


def ask(request):
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, {name.lower(): value for name, value in error.headers.items()}, error.read().decode())


class Hook:
    """Signs deliveries as the Git host does, which was given `url` and `secret`."""

    def __init__(self, url, secret):
        self.url = url
        self._secret = secret.encode()

    def deliver(self, body, event="pull_request", signature=None, identity=None):
        """`signature` is put in place of the right one; an empty one is left out."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = self.sign(data) if signature is None else signature
        headers = {"Content-Type": "application/json", "X-Gitea-Event": event, "X-Gitea-Delivery": identity or str(uuid.uuid4())}
        return post(self.url, data, headers | ({"X-Gitea-Signature": signed} if signed else {}))

    def sign(self, data):
        return hmac.new(self._secret, data, hashlib.sha256).hexdigest()
