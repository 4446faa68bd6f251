"""A throw-away PostgreSQL server for the length of a test, or of a command:

    postgres_server.py COMMAND…       runs it with RAMET_TEST_STORE=postgres://…, and ends the server afterwards

As root it runs as the user "postgres", as PostgreSQL refuses root. It listens on a free port of the loopback and in a folder of
its own; whoever is on this machine may connect as "ramet" (`trust`), or with the password of `PASSWORD` as "with_password".
"""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
PASSWORD = "a pass/word: with odd @ signs"


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class PostgresServer:
    """`durable` commits reach the disk, as in earnest; without, tests are quicker."""

    def __init__(self, durable=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ramet-pg-"))
        self.port = free_port()
        self._durable = durable
        self._user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)

    @property
    def url(self):
        return f"postgres://ramet@127.0.0.1:{self.port}/ramet"

    @property
    def url_with_password(self):
        return f"postgres://with_password@127.0.0.1:{self.port}/ramet"

    def start(self):
        if not (self.folder / "data").exists():
            self._make()
        self._run("pg_ctl", "start", "-w", "-s", "-D", self.folder / "data", "-l", self.folder / "log")
        return self

    def stop(self, mode="fast"):
        if self.is_running():
            self._run("pg_ctl", "stop", "-w", "-s", "-m", mode, "-D", self.folder / "data")

    def kill(self):
        """As if the machine of the database had lost its power: no process of it ends in good order."""
        self.stop("immediate")

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def is_running(self):
        return (self.folder / "data" / "postmaster.pid").exists()

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def sql(self, statement, database="ramet"):
        """As the superuser, through its socket; the rows as text."""
        done = self._run("psql", "-X", "-q", "-A", "-t", "-h", self.folder, "-p", str(self.port), "-U", "ramet", "-d", database,
                         "-v", "ON_ERROR_STOP=1", "-c", statement)
        return done.stdout.strip()

    def _make(self):
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "ramet", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
                  "--no-instructions")
        with open(data / "postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = '{self.folder}'\n"
                           "max_connections = 200\nlog_min_messages = warning\n")
            if not self._durable:
                settings.write("fsync = off\nfull_page_writes = off\n")
        (data / "pg_hba.conf").write_text("host all with_password 127.0.0.1/32 scram-sha-256\n"
                                          "local all all trust\nhost all all 127.0.0.1/32 trust\n")
        self._run("pg_ctl", "start", "-w", "-s", "-D", data, "-l", self.folder / "log")
        self.sql("CREATE DATABASE ramet ENCODING 'UTF8' TEMPLATE template0", database="postgres")
        self.sql(f"CREATE ROLE with_password LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        self.stop()

    def _run(self, program, *arguments):
        command = [PROGRAMS / program, *arguments]
        if self._user:
            command = ["setpriv", f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups", *command]
        done = subprocess.run(command, cwd="/", env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}, check=False, text=True,
                              stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL, stderr=subprocess.PIPE
                              if program != "pg_ctl" else subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{program} {' '.join(map(str, arguments))}: {done.stderr}"
        return done


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    server = PostgresServer()
    try:
        server.start()
        environment = {**os.environ, "RAMET_TEST_STORE": server.url}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main())
