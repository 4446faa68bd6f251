"""A port of this machine's loopback that leads to an address in another network."""
import contextlib
import socket
import threading

from namespace import Inside

CHUNK = 65536


class Forwarder:
    """To `address` (host, port) as the process `pid` sees it. Ended by `close`, with all that goes through it."""

    def __init__(self, pid, address):
        self._pid, self._address = pid, address
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
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

    def _serve(self, outer):
        try:
            with Inside(self._pid):
                inner = socket.create_connection(self._address, timeout=10)
        except OSError:
            outer.close()  # Nobody listens there: so it looks from here, too.
            return
        inner.settimeout(None)
        with self._lock:
            self._open |= {outer, inner}
        asking = threading.Thread(target=copy, args=(outer, inner), daemon=True)
        asking.start()
        copy(inner, outer)
        asking.join()
        with self._lock:
            self._open -= {outer, inner}
        outer.close()
        inner.close()


def copy(source, sink):
    """Until that side has nothing more to say; the other one may go on."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
