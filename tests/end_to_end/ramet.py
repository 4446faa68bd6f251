"""Drives the release binary from outside: its commands, its documented JSON, its API, its proxy. Shares no code with it."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from gitea import wait_for

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
START_DEADLINE_S = 30
NOT_FOUND = 3  # Exit code of the table in the manual.


def binary():
    return pathlib.Path(os.environ.get("RAMET_BINARY", CHECKOUT / "build" / "release" / "ramet"))


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text)


class CommandFailed(AssertionError):
    pass


class Ramet:
    """One server on its own data directory. `kill()` and `start()` again keep directory, ports and token. `arguments` are more of
    `ramet up`; `number` tells servers apart that share a directory."""

    def __init__(self, directory=None, arguments=(), number=1):
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="ramet-e2e-")).resolve()
        self.arguments = list(arguments)
        self._suffix = "" if number == 1 else f"-{number}"
        self.directory.chmod(0o755)  # What runs under other user ids must get through.
        self.data = self.directory / "data"
        self._temporary = self.directory / "tmp"
        self._temporary.mkdir(exist_ok=True)
        self._temporary.chmod(0o1777)
        self._process = None
        self._listen = self._proxy_listen = "127.0.0.1:0"
        self.url = self.proxy = self.token = ""

    # -- the server's life

    def start(self):
        first_line = self.directory / f"up{self._suffix}.json"
        with open(first_line, "wb") as out, open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [binary(), "up", "--no-input", "-o", "json", "--data-dir", self.data, "--listen", self._listen,
                 "--proxy-listen", self._proxy_listen, *self.arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=self._server_environment(), cwd=self.directory)
        wait_for(lambda: first_line.read_text().endswith("\n") or self._ended(), "`ramet up` to say that it is ready", START_DEADLINE_S)
        ready = json.loads(first_line.read_text().splitlines()[0])
        self.url, self.proxy = ready["url"], ready["proxy"]
        self.token = ready.get("token") or self.token
        self._listen, self._proxy_listen = address_of(self.url), address_of(self.proxy)
        return self

    def kill(self):
        """As a power cut would end the server: no handler runs."""
        self._end(signal.SIGKILL)

    def stop(self):
        """In good order; what runs goes on without it. Returns the exit code."""
        return self._end(signal.SIGTERM)

    def restart_after_kill(self):
        self.kill()
        return self.start()

    @property
    def pid(self):
        return self._process.pid if self._process else None

    @property
    def _log(self):
        return self.directory / f"server{self._suffix}.log"

    def log_tail(self, lines=40):
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def remove(self, watch):
        """Ends by process id whatever `watch` finds of this installation, unmounts, removes the directory."""
        if self._process:
            self.kill()
        wait_for(lambda: not kill_all(watch.related_processes()), "all processes of the installation to end")
        for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()[::-1]:
            if line.split()[1].startswith(f"{self.directory}/"):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _end(self, number):
        process, self._process = self._process, None
        process.send_signal(number)
        return process.wait(30)

    def _ended(self):
        if self._process.poll() is not None:
            raise AssertionError(f"`ramet up` ended with {self._process.returncode}:\n{self.log_tail()}")
        return False

    def _server_environment(self):
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.directory),
                "TMPDIR": str(self._temporary), "LANG": "C.UTF-8"}

    def _command_environment(self):
        return {**self._server_environment(), "RAMET_URL": self.url, "RAMET_TOKEN": self.token, "NO_COLOR": "1"}

    # -- commands

    def cli(self, *arguments, stdin=None, deadline_s=180):
        """Runs one command and returns how it ended, whatever that is."""
        done = subprocess.run([binary(), *map(str, arguments)], env=self._command_environment(), cwd=self._temporary, text=True,
                              input=stdin if stdin is not None else "", capture_output=True, timeout=deadline_s)
        return Done(done.returncode, done.stdout, done.stderr)

    def begin(self, *arguments):
        """A command that goes on: its process, with pipes for all three streams. The caller ends it."""
        return subprocess.Popen([binary(), *map(str, arguments)], env=self._command_environment(), cwd=self._temporary,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments, **options):
        """The same for a command that must succeed."""
        done = self.cli(*arguments, **options)
        if done.code != 0:
            raise CommandFailed(f"`ramet {' '.join(map(str, arguments))}` ended with {done.code}\n{done.out}\n{done.err}")
        return done

    def json(self, *arguments, **options):
        return self.run(*arguments, "-o", "json", **options).json

    def show(self, name):
        """`ramet preview show NAME -o json`, or None when there is none."""
        done = self.cli("preview", "show", name, "-o", "json")
        if done.code == NOT_FOUND:
            return None
        if done.code != 0:
            raise CommandFailed(f"`ramet preview show {name}` ended with {done.code}\n{done.err}")
        return done.json

    def connection_url(self, environment, database="db"):
        return self.run("db", "connect", environment, database, "--print").out.strip()

    # -- API and proxy

    def api(self, method, path, body=None):
        """Status and parsed reply; for polling, as a command would start a process each time."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method,
                                         headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def find_preview(self, name):
        """What the API says of it now; None when it is gone. A server that does not answer is an error."""
        status, preview = self.api("GET", f"/previews/{name}")
        if status == 404:
            return None
        assert status == 200, f"GET /previews/{name}: {status} {preview}"
        return preview

    def run_of(self, preview):
        status, run = self.api("GET", f"/runs/{preview['run']}")
        assert status == 200, f"GET /runs/{preview['run']}: {status} {run}"
        return run

    def request(self, url, method="GET", path="/", body=None, deadline_s=10):
        """Through the proxy to a public URL: `*.localhost` is not resolved everywhere, so the Host header says it."""
        host = urllib.parse.urlsplit(url).netloc
        connection = http.client.HTTPConnection(address_of(self.proxy), timeout=deadline_s)
        try:
            headers = {"Host": host} | ({"Content-Type": "application/json"} if body is not None else {})
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read().decode())
        finally:
            connection.close()


class Load:
    """Asks one URL through the proxy all the time, in the background; `failures` says what went wrong, with the time."""

    def __init__(self, ramet, url, path):
        self._ramet, self._url, self._path = ramet, url, path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.failures, self.answered = [], 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _ask(self):
        began = time.monotonic()
        while not self._stop.is_set():
            problem = self._problem()
            if problem:
                self.failures.append(f"after {time.monotonic() - began:.3f} s: {problem}")
            else:
                self.answered += 1
            self._stop.wait(0.005)

    def _problem(self):
        try:
            answer = self._ramet.request(self._url, path=self._path)
            return None if answer.status == 200 else f"{answer.status} {answer.text[:200]}"
        except OSError as error:
            return repr(error)
        except http.client.HTTPException as error:
            return repr(error)


def kill_all(processes):
    """How many there were to kill; what they forked meanwhile is found when it is called again."""
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len([process for process in processes.values() if not process.is_zombie])


def address_of(url):
    return urllib.parse.urlsplit(url if "://" in url else f"//{url}").netloc
