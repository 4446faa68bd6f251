"""A real PostgreSQL and a real Redis for the shop's tests: free ports, a temporary directory, ended by process id."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg2

POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
PASSWORD = "p%40ss"  # Percent-encoded: the programs must decode it.
PLAIN_PASSWORD = "p@ss"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, deadline_s=20.0):
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline_s} s for {what}")
        time.sleep(0.005)
    return found


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def not_as_root():
    """PostgreSQL refuses root, and users that /etc/passwd does not know."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Server:
    """One program in a directory of its own."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ramet-shop-"))
        self.port = free_port()
        self._process = None
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")

    def __enter__(self):
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def prepare(self):
        pass

    def start(self):
        self._process = subprocess.Popen(self.command(), cwd=self.directory, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **not_as_root())
        wait_for(self.is_ready, f"{self.command()[0]} on port {self.port}")

    def is_ready(self):
        return answers(self.port)

    def stop(self):
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(20)


class Postgres(Server):
    def prepare(self):
        secret = self.directory / "password"
        secret.write_text(PLAIN_PASSWORD)
        secret.chmod(0o644)
        subprocess.run([POSTGRES / "initdb", "-D", "data", "-U", "shop", "-A", "scram-sha-256", "--pwfile", secret, "-N",
                        "-E", "UTF8", "--locale=C"], cwd=self.directory, check=True, stdout=subprocess.DEVNULL, **not_as_root())

    def command(self):
        return [POSTGRES / "postgres", "-D", "data", "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                "-c", f"unix_socket_directories={self.directory}", "-c", "fsync=off"]

    def is_ready(self):
        try:
            psycopg2.connect(self.url).close()
            return True
        except psycopg2.OperationalError:
            return False  # It listens before it lets anybody in.

    @property
    def url(self):
        return f"postgresql://shop:{PASSWORD}@127.0.0.1:{self.port}/postgres"


class RedisServer(Server):
    def command(self):
        return ["/usr/bin/redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--requirepass",
                PLAIN_PASSWORD]

    @property
    def url(self):
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"


class Service:
    """One of the shop's own programs, run as Ramet runs it."""

    def __init__(self, folder, program, environment):
        self._folder = folder
        self._program = program
        self.port = free_port()
        self._environment = {"PATH": "/usr/bin:/bin", "HOST": "127.0.0.1", "PORT": str(self.port), **environment}
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(["/usr/bin/python3", self._program], cwd=self._folder, env=self._environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def wait_until_it_listens(self):
        wait_for(lambda: answers(self.port) or self._ended(), f"{self._program} on port {self.port}")
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self, number=signal.SIGTERM):
        """Its exit code and the seconds until then."""
        started = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(10), time.monotonic() - started

    def _ended(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self._program} ended with {self.process.returncode}: {self.process.stdout.read()}")
        return False
