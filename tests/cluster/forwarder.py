"""Ways between this machine's network and another one: a port here that leads there, and the other way round."""
import contextlib
import socket
import threading

from namespace import Inside

CHUNK = 65536
LOOPBACK = "127.0.0.1"


class Way:
    """Takes connections of `listener`, and carries each to what `connect` gives. Ended by `close`, with all that goes through it."""

    def __init__(self, listener, connect):
        self._listener, self._connect = listener, connect
        self._open = {self._listener}
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def close(self):
        with self._lock:
            sockets, self._open = self._open, set()
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        with contextlib.suppress(OSError):  # Closed.
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, asking):
        try:
            asked = self._connect()
        except OSError:
            asking.close()  # Nobody listens there: so it looks from here, too.
            return
        asked.settimeout(None)
        with self._lock:
            self._open |= {asking, asked}
        questions = threading.Thread(target=copy, args=(asking, asked), daemon=True)
        questions.start()
        copy(asked, asking)
        questions.join()
        with self._lock:
            self._open -= {asking, asked}
        asking.close()
        asked.close()


class Forwarder(Way):
    """A port of this machine's loopback that leads to `address` (host, port) as the process `pid` sees it."""

    def __init__(self, pid, address):
        def connect():
            with Inside(pid):
                return socket.create_connection(address, timeout=10)
        super().__init__(socket.create_server((LOOPBACK, 0), backlog=128), connect)


class Entrance(Way):
    """A port of the address `host`, which the process `pid` has, that leads to a port of this machine's loopback."""

    def __init__(self, pid, host, port):
        with Inside(pid):
            listener = socket.create_server((host, 0), backlog=128)
        super().__init__(listener, lambda: socket.create_connection((LOOPBACK, port), timeout=10))


def copy(source, sink):
    """Until that side has nothing more to say; the other one may go on."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
