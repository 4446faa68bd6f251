#!/usr/bin/python3
"""Webhooks at 500 a second, signed by the secret of a real Gitea, against the disk's own commits; then kill -9 in the midst of them.

Latency counts from the moment at which a request was due, whether or not it could be sent then. The disk is measured in turn with
the load, by durable commits of one row of the same size into an SQLite of the same kind beside the server's. Prints JSON rows.
"""
import argparse
import asyncio
import ctypes
import gc
import os
import pathlib
import signal
import sqlite3
import tempfile
import time
import urllib.parse
import uuid

from installation import Installation, wait_for
from rows import percentile, row, say

from checkout import Checkout
from gitea import Gitea
from tiny import BASE, write_project

CONNECTIONS = 32
PROBES_PER_SECOND = 200


class Pacer:
    """Waits to the microsecond. The event loop's own sleep ends up to a millisecond late, which is as long as what is measured."""

    class _Timer(ctypes.Structure):
        _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "after_s", "after_ns")]

    def __init__(self):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = self._libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._fired = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._file, self._on_timer)

    def _on_timer(self):
        os.read(self._file, 8)
        self._fired.set()

    async def sleep(self, seconds):
        self._fired.clear()
        timer = self._Timer(0, 0, int(seconds), max(1, int(seconds % 1 * 1e9)))
        self._libc.timerfd_settime(self._file, 0, ctypes.byref(timer), None)
        await self._fired.wait()

    def close(self):
        asyncio.get_running_loop().remove_reader(self._file)
        os.close(self._file)


class Load:
    """Sends copies of one delivery, each with an id of its own, on a schedule that does not wait for answers."""

    def __init__(self, delivery, rate):
        url = urllib.parse.urlsplit(delivery["request"]["url"])
        self._host, self._port, self._path = url.hostname, url.port, url.path
        self._body = delivery["request"]["body"].encode()
        self._headers = {name: value for name, value in delivery["request"]["headers"].items()
                         if name.lower() not in ("x-gitea-delivery", "x-github-delivery", "x-gogs-delivery", "content-length", "host")}
        self._rate = rate
        self.body_size = len(self._body)
        self.latencies, self.accepted, self.problems = [], [], []

    async def run(self, seconds, at=None):
        """`at` is (seconds, action): called once while the load goes on."""
        free = asyncio.Queue()
        for _ in range(CONNECTIONS):
            free.put_nowait(await asyncio.open_connection(self._host, self._port))
        gc.disable()  # It stops the client for milliseconds, and that is not the server's time.
        began, tasks, pacer = time.perf_counter(), [], Pacer()
        for index in range(int(seconds * self._rate)):
            due = began + index / self._rate
            if (wait := due - time.perf_counter()) > 0:
                await pacer.sleep(wait)
            if at and time.perf_counter() - began > at[0]:
                at[1]()
                break
            tasks.append(asyncio.create_task(self._send(free, due)))
        await asyncio.gather(*tasks)
        pacer.close()
        gc.enable()
        while not free.empty():
            free.get_nowait()[1].close()

    async def _send(self, free, due):
        reader, writer = connection = await free.get()
        name = str(uuid.uuid4())
        try:
            writer.write(self._request(name))
            status = await self._status(reader)
            if status == 202:
                self.accepted.append(name)
                self.latencies.append(time.perf_counter() - due)
            else:
                self.problems.append(f"answered {status}")
        except (OSError, asyncio.IncompleteReadError) as error:
            self.problems.append(repr(error))
        free.put_nowait(connection)

    async def _status(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        return int(head.split(b" ", 2)[1])

    def _request(self, name):
        headers = {**self._headers, "Host": f"{self._host}:{self._port}", "X-Gitea-Delivery": name, "Content-Length": len(self._body)}
        head = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        return f"POST {self._path} HTTP/1.1\r\n{head}\r\n".encode() + self._body


def probe_disk(folder, seconds, size):
    """Seconds of each durable commit of one row, one after the other, `PROBES_PER_SECOND`."""
    taken = []
    with tempfile.TemporaryDirectory(dir=folder) as place:
        connection = sqlite3.connect(pathlib.Path(place) / "probe.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE probe (id INTEGER PRIMARY KEY, body BLOB)")
        began = time.perf_counter()
        while (now := time.perf_counter()) - began < seconds:
            connection.execute("INSERT INTO probe (body) VALUES (?)", (os.urandom(size),))
            taken.append(time.perf_counter() - now)
            time.sleep(max(0.0, 1 / PROBES_PER_SECOND - taken[-1]))
        connection.close()
    return taken


def real_deliveries(here, gitea, repository, work):
    """A pull request was opened, and is closed again: what its hook sent about it, and about the comment that it got."""
    work.push("change", {"README.md": "a change\n"})
    number = gitea.open_pull_request(repository, "change", "main")
    here.wait_ready(f"pr-{number}")
    gitea.close(repository, number)
    wait_for(lambda: here.preview(f"pr-{number}") is None, "the preview to be gone")
    hook = gitea.hooks(repository)[0]["id"]

    def sent(event):
        return [found for found in gitea.deliveries(hook) if found["event"] == event and found["succeeded"]]
    return [wait_for(lambda: sent(event), f"a delivery {event} of Gitea's")[0] for event in ("pull_request", "pull_request_comment")]


def measure(here, deliveries, options):
    loads, disk = [Load(delivery, options.rate) for delivery in deliveries], []
    asyncio.run(Load(deliveries[0], options.rate).run(1))  # Warm-up.
    for number in range(options.rounds):
        disk += probe_disk(here.ramet.directory, options.seconds, loads[0].body_size)
        for load in loads:
            asyncio.run(load.run(options.seconds))
        told = "; ".join(f"p50 {percentile(load.latencies, 0.5) * 1000:.2f} ms, p99 {percentile(load.latencies, 0.99) * 1000:.2f} ms" for load in loads)
        say(f"so far: {told}; the disk's p50 {percentile(disk, 0.5) * 1000:.2f} ms, p99 {percentile(disk, 0.99) * 1000:.2f} ms")
    return loads, disk


def report(name, load, disk):
    mine, peer = percentile(load.latencies, 0.99) * 1000, percentile(disk, 0.99) * 1000
    row(f"{name}, p99", mine, "ms", "≤ 3× the disk's commit", mine <= 3 * peer and not load.problems, peer, mine / peer)
    if load.problems:
        say(f"{len(load.problems)} problems: {load.problems[:3]}")


def kill_in_the_midst(here, delivery, options):
    """How many were answered 202, and how many of them are not in the store afterwards."""
    load = Load(delivery, options.rate)
    asyncio.run(load.run(options.seconds, at=(options.seconds / 2, lambda: os.kill(here.ramet.pid, signal.SIGKILL))))
    here.ramet._process.wait(30)
    stored = {name for (name,) in here.query("SELECT delivery_id FROM delivery")}
    here.ramet.start()
    after = {name for (name,) in here.query("SELECT delivery_id FROM delivery")}
    return len(load.accepted), len(set(load.accepted) - (stored & after))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    with Gitea() as gitea, Installation() as here:
        repository = gitea.create_repository("tiny")
        with Checkout(gitea, repository) as work, tempfile.TemporaryDirectory() as folder:
            write_project(pathlib.Path(folder) / "project")
            work.push_tree("main", pathlib.Path(folder) / "project")
            here.ramet.run("git", "connect", "gitea", "--url", gitea.url, "--repo", repository, stdin=gitea.alice.token)
            here.wait_ready(BASE)
            deliveries = real_deliveries(here, gitea, repository, work)
        (pulls, comments), disk = measure(here, deliveries, options)
        answered, lost = kill_in_the_midst(here, deliveries[0], options)
    name = f"webhook accepted and stored at {options.rate}/s"
    report(f"{name}, each a reason to read the pull request again", pulls, disk)
    report(f"{name}, none a reason to do anything", comments, disk)
    problems, sent = len(pulls.problems + comments.problems), len(pulls.latencies + comments.latencies)
    row(f"{name}: not answered 202 of {sent + problems:,}", problems, "requests", "0", problems == 0)
    row(f"kill -9 at {options.rate} webhooks/s: lost of {answered:,} answered 202", lost, "webhooks", "0", lost == 0)


if __name__ == "__main__":
    main()
