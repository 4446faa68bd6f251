"""What is compared with: the shortest script that does the same work by hand.

It knows everything beforehand: which commit, which artefacts, which golden copy, every variable. It fetches, copies the database's
files by reflink, starts the same programs with the same settings in the order of their needs, and waits for the same health.
No journal, no users, no passwords of its own, no sandbox, no supervision, no routes.
"""
import http.client
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

import psycopg2

from gitea import authorization, free_port
from shop import Elsewhere, golden_directory

PROGRAMS = "/usr/lib/postgresql/15/bin"
WITHOUT_CHECK_HEALTHY_S = 0.1  # The same rule as the product's for a service without a port.


@dataclass
class Program:
    """How the product runs one service: taken from a preview that runs."""
    arguments: list
    directory: str
    environment: dict


@dataclass
class Model:
    services: dict
    addresses: dict  # by name of service or database: "127.0.0.1:20001"
    configuration: str  # of PostgreSQL
    migrate: list = field(default_factory=lambda: ["/usr/bin/python3", "migrate.py"])


def model_of(shop, preview):
    services = {service["name"]: program_of(service["process_ids"][0]) for service in preview["services"]}
    addresses = {part["name"]: part["address"] for part in (*preview["services"], *preview["databases"])}
    port = addresses["db"].rpartition(":")[2]
    for process in shop.watch.related_processes().values():
        file = re.search(r"--config_file=(\S+)", process.command)
        if file and f"port = {port}\n" in (text := pathlib.Path(file.group(1)).read_text()):
            return Model(services, addresses, text)
    raise AssertionError(f"no PostgreSQL listens on {port}")


def program_of(pid):
    def parts(name):
        return [part for part in pathlib.Path(f"/proc/{pid}/{name}").read_text().split("\0") if part]
    environment = dict(pair.split("=", 1) for pair in parts("environ"))
    return Program(parts("cmdline"), os.readlink(f"/proc/{pid}/cwd"), environment)


class Floor:
    """`with Floor(shop, model) as floor:`; each `bring_up` is followed by `take_down`."""

    def __init__(self, shop, model):
        self._shop, self._model = shop, model
        self._place = Elsewhere(shop)
        self._mirror = self._place.inner / "mirror.git"
        self._running = []
        self._user = "postgres" if os.geteuid() == 0 else None
        self._empty = None

    def __enter__(self):
        subprocess.run(["git", "init", "--quiet", "--bare", self._mirror], check=True)
        self.fetch("refs/heads/main")
        return self

    def __exit__(self, *_):
        self.take_down()
        self._place.remove()

    # -- the two scripts

    def bring_up(self, number):
        """Seconds until everything is healthy."""
        began = time.monotonic()
        self.fetch(f"refs/pull/{number}/head")
        ports = self._ports()
        cache = self._start_redis(ports)
        self._clone(golden_directory(self._shop))
        self._start_postgres(ports)
        wait_until_redis(ports["cache"], cache)
        self._start_services(ports)
        return time.monotonic() - began

    def dump_and_restore(self, number, source):
        """The same with a dump of the base, restored into a server that was made before."""
        self._make_empty()
        began = time.monotonic()
        self.fetch(f"refs/pull/{number}/head")
        ports = self._ports()
        cache = self._start_redis(ports)
        self._clone(self._empty)
        self._start_postgres(ports)
        self._restore(ports, source)
        wait_until_redis(ports["cache"], cache)
        self._start_services(ports)
        return time.monotonic() - began

    def build_and_start(self, service, command, commit):
        """Seconds that the build's command takes, and those from its start until the service is healthy."""
        tree = self._place.inner / "tree"
        self.fetch(commit)
        tree.mkdir()
        archive = subprocess.run(["git", "--git-dir", self._mirror, "archive", commit], check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
        folder = tree / self._model.services[service].directory.partition("/tree/")[2]
        began = time.monotonic()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, shell=isinstance(command, str))
        built = time.monotonic()
        port = free_port()
        self._start(service, {**self._model.services[service].environment, "PORT": str(port)}, folder)
        wait_until_healthy(port)
        return built - began, time.monotonic() - built

    def take_down(self):
        for process in reversed(self._running):
            process.send_signal(signal.SIGQUIT if "postgres" in str(process.args[0]) else signal.SIGKILL)
        for process in self._running:
            process.wait(30)
        self._running = []
        for name in ("data", "run", "dump", "tree"):
            shutil.rmtree(self._place.inner / name, ignore_errors=True)

    # -- their steps

    def fetch(self, reference):
        gitea, account = self._shop.gitea, self._shop.gitea.alice
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1",
                       "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader",
                       "GIT_CONFIG_VALUE_0": f"Authorization: {authorization(account)}"}
        subprocess.run(["git", "--git-dir", self._mirror, "fetch", "--quiet", gitea.clone_url(self._shop.repository), reference],
                       check=True, env=environment)

    def _ports(self):
        return {name: free_port() for name in ("db", "cache", "api", "web", "worker")}

    def _clone(self, directory):
        data = self._place.inner / "data"
        subprocess.run(["cp", "-a", "--reflink=auto", directory, data], check=True)
        if self._user:
            entry = pwd.getpwnam(self._user)
            subprocess.run(["chown", "-R", f"{entry.pw_uid}:{entry.pw_gid}", data], check=True)
        data.chmod(0o700)

    def _start_postgres(self, ports):
        run = self._place.inner / "run"
        run.mkdir()
        (run / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
        (run / "pg_ident.conf").write_text("")
        seen = self._place.outer
        ours = {"data_directory": seen / "data", "hba_file": seen / "run/pg_hba.conf", "ident_file": seen / "run/pg_ident.conf",
                "unix_socket_directories": seen / "run", "port": ports["db"]}
        kept = [line for line in self._model.configuration.splitlines() if line.partition(" ")[0] not in ours]
        (run / "postgresql.conf").write_text("\n".join([*kept, *(f"{name} = '{value}'" for name, value in ours.items())]) + "\n")
        if self._user:
            shutil.chown(run, self._user)
        self._running.append(subprocess.Popen(
            [f"{PROGRAMS}/postgres", f"--config_file={seen / 'run/postgresql.conf'}"], user=self._user, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}))
        wait_until_ready(self._place.inner / "data", self._running[-1])

    def _start_redis(self, ports):
        password = re.search(r"://[^:]*:([^@]*)@", self._environment("api", ports)["REDIS_URL"]).group(1)
        self._running.append(subprocess.Popen(
            ["redis-server", "--port", str(ports["cache"]), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", password],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"))
        return self._running[-1]

    def _start_services(self, ports):
        api = self._model.services["api"]
        subprocess.run(self._model.migrate, cwd=api.directory, env=self._environment("api", ports), check=True, stdout=subprocess.DEVNULL)
        worker = self._start("worker", self._environment("worker", ports))
        started = time.monotonic()
        self._start("api", self._environment("api", ports))
        wait_until_healthy(ports["api"])
        self._start("web", self._environment("web", ports))
        wait_until_healthy(ports["web"])
        time.sleep(max(0.0, started + WITHOUT_CHECK_HEALTHY_S - time.monotonic()))
        assert worker.poll() is None, "the worker ended"

    def _start(self, service, environment, directory=None):
        program = self._model.services[service]
        self._running.append(subprocess.Popen(program.arguments, cwd=directory or program.directory, env=environment,
                                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return self._running[-1]

    def _environment(self, service, ports):
        filled = dict(self._model.services[service].environment)
        for name, value in filled.items():
            for part, address in self._model.addresses.items():
                if address:
                    value = value.replace(address, f"127.0.0.1:{ports[part]}")
            filled[name] = value
        return {**filled, "PORT": str(ports[service])}

    def _make_empty(self):
        if self._empty is not None:
            return
        self._empty = self._place.inner / "empty"
        self._empty.mkdir()
        if self._user:
            shutil.chown(self._empty, self._user)
        subprocess.run([f"{PROGRAMS}/initdb", "-D", self._place.outer / "empty", "-U", "ramet", "--auth=trust", "-E", "UTF8",
                        "--locale=C.UTF-8"], check=True, user=self._user, stdout=subprocess.DEVNULL, cwd="/")

    def _restore(self, ports, source):
        """`source` is the base's database as a URL."""
        name = source.rpartition("/")[2].partition("?")[0]
        role = re.search(r"//([^:@]+)[:@]", source).group(1)
        dump = self._place.inner / "dump"
        subprocess.run([f"{PROGRAMS}/pg_dump", "-Fd", "-j2", "-f", dump, "-d", source], check=True)
        connection = psycopg2.connect(host="127.0.0.1", port=ports["db"], user="ramet", dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE ROLE "{role}" LOGIN')
            cursor.execute(f'CREATE DATABASE "{name}" OWNER "{role}"')
        connection.close()
        subprocess.run([f"{PROGRAMS}/pg_restore", "-j2", "--no-owner", f"--role={role}", "-h", "127.0.0.1", "-p", str(ports["db"]),
                        "-U", "ramet", "-d", name, dump], check=True)


# -- health, asked as often as the product's own supervisors do

def wait_until_ready(data, process):
    """As PostgreSQL itself says in its pid file."""
    while True:
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except OSError:
            lines = []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        assert process.poll() is None, "PostgreSQL ended"
        time.sleep(0.002)


def wait_until_redis(port, process):
    import socket
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "Redis ended"
        time.sleep(0.002)


def wait_until_healthy(port, deadline_s=30):
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.005)
    raise AssertionError(f"nothing healthy on port {port}")
