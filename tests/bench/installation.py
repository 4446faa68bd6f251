"""A server of its own for one benchmark: started on a fresh directory, driven from outside, gone without a trace at the end."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("end_to_end", "gitea"):
    sys.path.insert(0, str(HERE.parent / folder))
sys.dont_write_bytecode = True

from gitea import wait_for  # noqa: E402
from leftovers import PROC, Watch, link, read  # noqa: E402
from ramet import Ramet, address_of, binary  # noqa: E402
from rows import say  # noqa: E402


class OwnWatch(Watch):
    """Knows processes by their own traces of the directory only: on a machine that others use, user ids may be theirs as well, and
    a mount of ours is seen in every namespace that was made while it was there."""

    def _remember_uids(self, processes):
        pass

    def _is_related(self, process):
        folder = PROC / str(process.pid)
        texts = [read(folder / "cmdline"), read(folder / "environ"), *(link(folder / name) for name in ("cwd", "exe", "root"))]
        with contextlib.suppress(OSError):
            texts += [link(entry) for entry in (folder / "fd").iterdir()]
        return self.mentions("\n".join(texts))


class Installation:
    """`with Installation() as here:`; `here.ramet` drives it."""

    def __init__(self, store_gib=0):
        if not binary().exists():
            sys.exit(f"{binary()} does not exist: run `make build`")
        self.ramet = Ramet()
        self.watch = OwnWatch([self.ramet.directory])
        self._before = self.watch.take()
        self._connection = None
        if store_gib and os.geteuid() == 0:
            self._local("storage", "init", "--data-dir", self.ramet.data, "--size", str(store_gib))

    def __enter__(self):
        # A benchmark that is told to end still takes everything down.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
        self.ramet.start()
        return self

    def __exit__(self, kind, error, _):
        if error is not None and not isinstance(error, SystemExit):
            say(f"{kind.__name__}: {error}\nthe server's log:\n{self.ramet.log_tail()}")
        self.ramet.remove(self.watch)
        # Killed supervisors leave their control groups, which are empty now: those below go first.
        for line in sorted(self.watch.leftovers(self._before), reverse=True):
            if line.startswith("cgroups: "):
                with contextlib.suppress(OSError):
                    os.rmdir(line.removeprefix("cgroups: "))
        left = self.watch.leftovers(self._before)
        if left:
            say("left behind:\n" + "\n".join(left[:20]))

    @property
    def database(self):
        return self.ramet.data / "state" / "ramet.db"

    def query(self, statement, *values):
        """Of the server's own store, read only."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def get(self, path):
        """Status and JSON, over one connection that is kept: for asking often."""
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(address_of(self.ramet.url), timeout=30)
            try:
                self._connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {self.ramet.token}"})
                reply = self._connection.getresponse()
                return reply.status, json.loads(reply.read() or b"null")
            except (OSError, http.client.HTTPException):
                self._connection.close()
                self._connection = None
                if attempt == 2:
                    raise

    def preview(self, name):
        status, preview = self.get(f"/previews/{name}")
        return preview if status == 200 else None

    def environment(self, name):
        status, environment = self.get(f"/environments/{name}")
        return environment if status == 200 else None

    def wait_ready(self, name, newer_than=0, deadline_s=120, pause_s=0.004):
        """When it was first seen ready, in a newer generation than this, as seconds since 1970, and what was seen."""
        seen = {}

        def ready():
            seen["now"] = found = self.preview(name) or self.environment(name)
            if found and found["state"] in ("failed", "needs_human", "degraded"):
                raise AssertionError(f"{name} is {found['state']}: {found.get('reason')}\n{self.ramet.cli('why', name).out}")
            is_ready = found and found["state"] == "ready" and found["observed_generation"] == found["generation"] > newer_than
            return found if is_ready else None
        found = wait_for(ready, lambda: f"{name} to be ready: {seen['now']}", deadline_s, pause_s)
        return time.time(), found

    def _local(self, *arguments):
        done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"`ramet {' '.join(map(str, arguments))}` ended with {done.returncode}: {done.stdout}{done.stderr}")


__all__ = ["Installation", "wait_for"]
