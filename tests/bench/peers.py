"""The durable-execution engines that Ramet's is measured beside. Each is installed once, by its own package manager, into a cache outside
of the checkout (XDG_CACHE_HOME) that is named by its version; nothing but the benchmark needs them."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from rows import say

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "ramet-bench"
RESTATE_SERVER = "1.7.12"
RESTATE_SDK = "1.17.2"
DBOS = "3.4.0"


def installed(name, install):
    """The folder, which is there completely or not at all."""
    folder = CACHE / name
    if not folder.exists():
        say(f"installing {name} into {CACHE}")
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            made = pathlib.Path(work) / "made"
            made.mkdir()
            install(made)
            made.rename(folder)
    return folder


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"`{' '.join(map(str, command))}` ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def free_ports(count):
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for_http(url, processes, method="GET", body=None, deadline_s=60):
    """Until it answers well; whoever is asked for must still run."""
    end = time.monotonic() + deadline_s
    while True:
        try:
            request = urllib.request.Request(url, method=method, data=body, headers={"content-type": "application/json"})
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status
        except (urllib.error.URLError, OSError) as error:
            ended = [process.args[0] for process in processes if process.poll() is not None]
            if ended or time.monotonic() > end:
                raise SystemExit(f"{method} {url}: {error}; ended: {ended}")
            time.sleep(0.1)


class Restate:
    """`with Restate() as restate:`: the server and one service, with fresh data."""
    name = f"Restate {RESTATE_SERVER}"

    def __init__(self):
        for tool in ("node", "npm"):
            if not shutil.which(tool):
                sys.exit(f"{self.name} needs {tool}: install Node.js 20 or newer")
        packages = [f"@restatedev/restate-server@{RESTATE_SERVER}", f"@restatedev/restate-sdk@{RESTATE_SDK}"]
        self._modules = installed(f"restate-{RESTATE_SERVER}-sdk-{RESTATE_SDK}",
                                  lambda folder: run("npm", "install", "--no-audit", "--no-fund", "--prefix", folder, *packages))
        self._processes = []
        self._directory = tempfile.TemporaryDirectory(prefix="ramet-bench-restate-")

    def __enter__(self):
        node, admin, self._ingress, service = free_ports(4)
        data = pathlib.Path(self._directory.name)
        program = next((self._modules / "node_modules/@restatedev").glob("restate-server-linux-*/bin/restate-server"))
        environment = {**os.environ, "RESTATE_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "RESTATE_LOGGING": "ERROR",
                       "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}", "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}",
                       "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}", "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{self._ingress}"}
        log = open(data / "log", "ab")
        for command in ([program, "--base-dir", data / "data", "--node-name", "one"],
                        ["node", HERE / "peers/restate_service.mjs", self._modules, service]):
            self._processes.append(subprocess.Popen([str(word) for word in command], env=environment, cwd=data, stdout=log, stderr=log))
        try:
            wait_for_http(f"http://127.0.0.1:{admin}/health", self._processes)
            wait_for_http(f"http://127.0.0.1:{self._ingress}/restate/health", self._processes)
            body = json.dumps({"uri": f"http://127.0.0.1:{service}"}).encode()
            wait_for_http(f"http://127.0.0.1:{admin}/deployments", self._processes, "POST", body)
        except SystemExit:
            say((data / "log").read_text(errors="replace")[-3000:])
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
                continue
            process.kill()
            process.wait()
        self._directory.cleanup()

    def _client(self, runs, steps, how):
        return json.loads(run("node", HERE / "peers/restate_client.mjs", self._ingress, runs, steps, how, timeout=180))

    def steps_per_second(self, runs, steps):
        return runs * steps / (self._client(runs, steps, "together")["all"] / 1000)

    def milliseconds_of_one(self, runs, steps):
        return self._client(runs, steps, "alone")["each"]


class Dbos:
    """On a database of its own, which is given."""
    name = f"DBOS {DBOS}"

    def __init__(self, url):
        pip = ["/usr/bin/python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
        self._modules = installed(f"dbos-{DBOS}", lambda folder: run(*pip, "--target", folder, f"dbos=={DBOS}"))
        self._url = url

    def steps_per_second(self, runs, steps):
        environment = {**os.environ, "PYTHONPATH": str(self._modules)}
        seconds = run("/usr/bin/python3", HERE / "peers/dbos_chains.py", self._url, runs, steps, timeout=300, cwd="/", env=environment)
        return runs * steps / float(seconds.strip().splitlines()[-1])
