"""Calls the shop's API at $API_INTERNAL: one request, one connection."""
import json
import os
import socket

TIMEOUT_S = 10


class ApiError(Exception):
    pass


def call(method, path, body=None):
    """The parsed reply; anything but a success is an ApiError."""
    content = b"" if body is None else json.dumps(body).encode()
    try:
        status, reply = exchange(method, path, content)
    except OSError as error:
        raise ApiError(f"{method} {path}: {error}") from error
    if not 200 <= status < 300:
        raise ApiError(f"{method} {path}: {status} {reply[:200].decode(errors='replace')}")
    return json.loads(reply)


def exchange(method, path, content):
    address = os.environ["API_INTERNAL"].partition("://")[2].rstrip("/")
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port or 80)), timeout=TIMEOUT_S) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n"
                           f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        with connection.makefile("rb") as stream:
            return read_reply(stream)


def read_reply(stream):
    status_line = stream.readline().split()
    if len(status_line) < 2:
        raise ConnectionError("the connection was closed before a reply")
    length = None
    while (field := stream.readline()) not in (b"\r\n", b""):
        name, _, value = field.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(status_line[1]), stream.read(length) if length is not None else stream.read()
