"""The few Redis commands that the shop needs. The usual client takes 60 ms to import, longer than the whole start."""
import os
import socket


class RedisError(Exception):
    pass


class Redis:
    """One connection, for one thread. Any failure closes it; the next command connects again."""

    def __init__(self, url=None, timeout_s=5.0):
        self._url = url or os.environ["REDIS_URL"]
        self._timeout_s = timeout_s
        self._socket = None
        self._stream = None

    def call(self, *command):
        """Sends one command and returns its reply: str, int, list or None."""
        try:
            if self._socket is None:
                self._connect()
            return self._exchange(command)
        except OSError as error:
            self.close()
            raise RedisError(f"{command[0]}: {error}") from error

    def close(self):
        if self._socket is not None:
            self._stream.close()
            self._socket.close()
        self._socket = self._stream = None

    def _connect(self):
        user, password, host, port, database = parse_url(self._url)
        self._socket = socket.create_connection((host, port), timeout=self._timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")
        if password:
            self._exchange(("AUTH", user, password) if user else ("AUTH", password))
        if database != "0":
            self._exchange(("SELECT", database))

    def _exchange(self, command):
        parts = [part.encode() for part in command]
        self._socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self._read()

    def _read(self):
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection was closed")
        kind, value = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(value.decode())
        if kind == b"+":
            return value.decode()
        if kind == b":":
            return int(value)
        if int(value) < 0:
            return None
        if kind == b"*":
            return [self._read() for _ in range(int(value))]
        return self._stream.read(int(value) + 2)[:-2].decode()


def parse_url(url):
    """`redis://user:password@host:port/database` → its five parts; user and password may be missing."""
    rest = url.partition("://")[2]
    authority, _, database = rest.partition("/")
    credentials, _, address = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    host, _, port = address.partition(":")
    return decode(user), decode(password), host, int(port or 6379), database or "0"


def decode(text):
    if "%" not in text:
        return text
    from urllib.parse import unquote  # Not at the start: it is rarely needed.
    return unquote(text)
