"""A real Gitea server for tests and the demonstration: `with Gitea() as gitea: ...`, or `gitea.py serve --dir D`.

It listens on a free loopback port, runs as an unprivileged user, keeps everything in one directory and is ended by its
process id. The program comes from scripts/gitea, which builds it from its Go module once.
"""
import argparse
import base64
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass

from gitea_interface import GiteaError, GiteaInterface, authorization, owner_of, replay, wait_for

__all__ = ["Account", "Gitea", "GiteaError", "authorization", "free_port", "owner_of", "replay", "wait_for"]

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
START_DEADLINE_S = 60
STOP_DEADLINE_S = 10


@dataclass(frozen=True)
class Account:
    name: str
    password: str
    token: str = ""

    @property
    def email(self):
        return f"{self.name}@gitea.test"


def build():
    """The path of the server's program; takes minutes when it is not in the cache yet."""
    script = CHECKOUT / "scripts" / "gitea"
    return pathlib.Path(subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gitea(GiteaInterface):
    """One server with an administrator and two users. Not for several threads."""

    def __init__(self, directory=None):
        self._owns_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="ramet-gitea-")).resolve()
        self._accounts_file = self.directory / "accounts.json"
        self._process = None
        self.port = 0
        self.accounts = {}

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *_):
        self.remove()

    # -- the server's life

    def start(self):
        """Starts it, and makes the accounts when the directory is new. A stopped server comes back on its old port."""
        if not self._accounts_file.exists():
            self._install()
        known = json.loads(self._accounts_file.read_text())
        self.port = known["port"]
        self._process = self._run_as_user(["web"], subprocess.Popen)
        wait_for(self._is_up, lambda: f"Gitea to answer on {self.url}; its log:\n{self.log_tail()}", START_DEADLINE_S)
        self.accounts = {name: Account(**account) for name, account in known["accounts"].items()}
        if not all(account.token for account in self.accounts.values()):
            self._make_users_and_tokens()
        return self

    def stop(self):
        """Ends the server by its process id and keeps its directory."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def remove(self):
        """Ends the server; a directory that it made itself is removed."""
        self.stop()
        if self._owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def pid(self):
        return self._process.pid if self._process else None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin(self):
        return self.accounts["root-admin"]

    @property
    def alice(self):
        return self.accounts["alice"]

    @property
    def bob(self):
        return self.accounts["bob"]

    def log_tail(self, lines=20):
        log = self.directory / "server.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(none)"

    def _is_up(self):
        if self._process.poll() is not None:
            raise GiteaError(f"Gitea ended with code {self._process.returncode}; its log:\n{self.log_tail()}")
        try:
            return self.api("GET", "/version", user=None)
        except GiteaError:
            return None

    def _install(self):
        program = build()
        self.directory.mkdir(parents=True, exist_ok=True)
        # The cache may lie in a home that the server's user cannot enter.
        link_tree(program, self.directory / "gitea")
        link_tree(program.parent.parent / "static", self.directory / "static")
        self.port = free_port()
        (self.directory / "app.ini").write_text(configuration(self.directory, self.port))
        for made in ("data", "repositories", "home"):
            (self.directory / made).mkdir(exist_ok=True)
        self._give_to_user()
        admin = Account("root-admin", secrets.token_hex(12))
        self._run_as_user(["migrate"], checked_run)
        self._run_as_user(["admin", "user", "create", "--admin", "--username", admin.name, "--password", admin.password,
                           "--email", admin.email, "--must-change-password=false"], checked_run)
        users = [admin, Account("alice", secrets.token_hex(12)), Account("bob", secrets.token_hex(12))]
        self._remember(users)

    def _make_users_and_tokens(self):
        admin = self.accounts["root-admin"]
        for account in self.accounts.values():
            if account.name != admin.name:
                self.api("POST", "/admin/users", {"username": account.name, "password": account.password,
                                                  "email": account.email, "must_change_password": False}, admin)
        self._remember([Account(account.name, account.password, self._make_token(account))
                        for account in self.accounts.values()])

    def _make_token(self, account):
        made = self.api("POST", f"/users/{account.name}/tokens", {"name": "tests", "scopes": ["all"]}, account)
        return made["sha1"]

    def _remember(self, accounts):
        self.accounts = {account.name: account for account in accounts}
        known = {"port": self.port, "accounts": {name: asdict(account) for name, account in self.accounts.items()}}
        self._accounts_file.touch(mode=0o600)
        self._accounts_file.write_text(json.dumps(known))

    def _give_to_user(self):
        if os.geteuid() != 0:
            return
        user = pwd.getpwnam("nobody")
        os.chown(self.directory, user.pw_uid, user.pw_gid)
        for path in self.directory.iterdir():
            if path.name not in ("gitea", "static"):
                os.chown(path, user.pw_uid, user.pw_gid)

    def _run_as_user(self, arguments, runner):
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory / "home"), "GIT_TERMINAL_PROMPT": "0",
                       "GITEA_WORK_DIR": str(self.directory)}
        options = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            environment["USER"] = "nobody"
            options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with open(self.directory / "server.log", "ab") as log:
            # It must not outlive tests that were killed.
            return runner(["setpriv", "--pdeathsig", "KILL", self.directory / "gitea", "--config", self.directory / "app.ini", *arguments],
                          env=environment, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                          stderr=subprocess.STDOUT, start_new_session=True, **options)


def checked_run(command, **options):
    done = subprocess.run(command, **options)
    if done.returncode != 0:
        log = pathlib.Path(options["cwd"], "server.log").read_text(errors="replace")
        raise GiteaError(f"`gitea {' '.join(map(str, command[6:8]))}` ended with {done.returncode}: {log[-2000:]}")
    return done


def link_tree(source, destination):
    """Hard links where they are possible, copies otherwise: no 100 MB written for each server."""
    def link(from_path, to_path):
        try:
            os.link(from_path, to_path)
        except OSError:
            shutil.copy2(from_path, to_path)
    if source.is_dir():
        shutil.copytree(source, destination, copy_function=link)
    else:
        link(source, destination)


def configuration(directory, port):
    return f"""\
APP_NAME = Gitea for tests
RUN_MODE = prod
RUN_USER = {pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() else "nobody"}
WORK_PATH = {directory}
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
STATIC_ROOT_PATH = {directory}/static
APP_DATA_PATH = {directory}/data
DISABLE_SSH = true
OFFLINE_MODE = true
GRACEFUL_HAMMER_TIME = 2s
[database]
DB_TYPE = sqlite3
PATH = {directory}/data/gitea.db
SQLITE_JOURNAL_MODE = WAL
[repository]
ROOT = {directory}/repositories
DEFAULT_BRANCH = main
[git]
HOME_PATH = {directory}/home
[security]
INSTALL_LOCK = true
SECRET_KEY = {secrets.token_hex(32)}
[oauth2]
JWT_SECRET = {base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")}
[service]
DISABLE_REGISTRATION = true
[webhook]
ALLOWED_HOST_LIST = loopback
DELIVER_TIMEOUT = 10
[session]
PROVIDER = memory
[indexer]
ISSUE_INDEXER_TYPE = db
[actions]
ENABLED = false
[packages]
ENABLED = false
[mailer]
ENABLED = false
[cron]
ENABLED = false
[log]
MODE = console
LEVEL = Info
"""


def serve(directory):
    """In the foreground until SIGTERM or SIGINT; prints one JSON line when ready."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    gitea = Gitea(directory)
    try:
        gitea.start()
        accounts = {name: asdict(account) for name, account in gitea.accounts.items()}
        print(json.dumps({"url": gitea.url, "pid": gitea.pid, "accounts": accounts}), flush=True)
        gitea._process.wait()
        raise GiteaError(f"the server ended; its log:\n{gitea.log_tail()}")
    except KeyboardInterrupt:
        pass
    finally:
        gitea.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="start a server and stay in the foreground")
    serving.add_argument("--dir", required=True, help="its directory; used again when it holds a server already")
    try:
        serve(parser.parse_args().dir)
    except (GiteaError, TimeoutError, subprocess.CalledProcessError) as error:
        sys.exit(f"gitea: {error}")


if __name__ == "__main__":
    main()
