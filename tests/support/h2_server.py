#!/usr/bin/python3
"""h2_server.py DIRECTORY: an HTTP/2 server for the tests of the client, on a free port of the loopback, with DIRECTORY/server.crt and
server.key; writes its port to DIRECTORY/port. It does what the path says:

    /together/N    answers only when N requests are open on this connection, with "connection K of C": which one of how many so far
    /echo          answers with method and body
    /bytes/N       answers with N bytes
    /silent        answers never
    /reset         resets the stream
    /last          answers, and says that the connection takes no more
"""
import pathlib
import socket
import ssl
import sys
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

connections = 0


class Connection:
    """One connection, on a thread of its own."""

    def __init__(self, raw, number):
        self._socket, self._number = raw, number
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._requests = {}  # By stream: [headers, body].
        self._together = {}  # By count: the streams that wait for so many.
        self._unsent = {}  # By stream: what the window has no room for yet.

    def serve(self):
        self._h2.initiate_connection()
        self._flush()
        while data := self._socket.recv(65536):
            for event in self._h2.receive_data(data):
                self._handle(event)
            self._send_what_fits()
            self._flush()

    def _handle(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self._requests[event.stream_id] = [dict(event.headers), b""]
        elif isinstance(event, h2.events.DataReceived):
            self._requests[event.stream_id][1] += event.data
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._unsent.pop(event.stream_id, None)
        elif isinstance(event, h2.events.StreamEnded):
            self._answer(event.stream_id, *self._requests.pop(event.stream_id))

    def _answer(self, stream, headers, body):
        word, _, count = headers[b":path"].decode().lstrip("/").partition("/")
        if word == "together":
            waiting = self._together.setdefault(count, [])
            waiting.append(stream)
            if len(waiting) == int(count):
                for each in self._together.pop(count):
                    self._reply(each, f"connection {self._number} of {connections}".encode())
        elif word == "echo":
            self._reply(stream, headers[b":method"] + b" " + body)
        elif word == "bytes":
            self._reply(stream, b"x" * int(count))
        elif word == "reset":
            self._h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif word == "last":
            self._reply(stream, b"no more")
            self._send_what_fits()
            self._h2.close_connection(last_stream_id=stream)

    def _reply(self, stream, body):
        self._h2.send_headers(stream, [(":status", "200")])
        self._unsent[stream] = body

    def _send_what_fits(self):
        for stream, body in list(self._unsent.items()):
            while body:
                room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size, len(body))
                if room == 0:
                    break
                self._h2.send_data(stream, body[:room])
                body = body[room:]
            self._unsent[stream] = body
            if not body:
                self._h2.end_stream(stream)
                del self._unsent[stream]

    def _flush(self):
        if data := self._h2.data_to_send():
            self._socket.sendall(data)


def serve(context, raw):
    global connections
    try:
        with context.wrap_socket(raw, server_side=True) as secured:
            connections += 1
            Connection(secured, connections).serve()
    except (OSError, h2.exceptions.ProtocolError):
        pass  # The client has left.


def main():
    directory = pathlib.Path(sys.argv[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.crt", directory / "server.key")
    context.set_alpn_protocols(["h2"])
    listener = socket.create_server(("127.0.0.1", 0))
    (directory / "port.new").write_text(str(listener.getsockname()[1]))
    (directory / "port.new").rename(directory / "port")
    while True:
        raw, _ = listener.accept()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(context, raw), daemon=True).start()


if __name__ == "__main__":
    main()
