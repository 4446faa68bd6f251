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
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
START_DEADLINE_S = 60
STOP_DEADLINE_S = 10


class GiteaError(Exception):
    """An answer that is not a success: `status` is its HTTP status, 0 where no server answered."""

    def __init__(self, message, status=0):
        super().__init__(message)
        self.status = status


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


def wait_for(condition, what, deadline_s=30.0, pause_s=0.02):
    """What `condition` returns as soon as that is true; at the deadline an error that names `what` (a text, or what makes one)."""
    end = time.monotonic() + deadline_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline_s} s for {what() if callable(what) else what}")
        time.sleep(pause_s)


class Gitea:
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

    # -- the interface

    def api(self, method, path, body=None, user="alice"):
        """Calls `/api/v1` + path as a user (a name, an Account, or None for nobody) and returns the parsed reply."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if user is not None:
            request.add_header("Authorization", authorization(self.accounts[user] if isinstance(user, str) else user))
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                content = reply.read()
        except urllib.error.HTTPError as error:
            raise GiteaError(f"{method} {path}: {error.code} {error.read(2000).decode(errors='replace')}",
                             error.code) from None
        except OSError as error:
            raise GiteaError(f"{method} {path}: {error}") from None
        return json.loads(content) if content else None

    def pages(self, path, user="alice", limit=50):
        """All entries of a listing, page by page."""
        found, page = [], 1
        while True:
            joiner = "&" if "?" in path else "?"
            entries = self.api("GET", f"{path}{joiner}page={page}&limit={limit}", user=user) or []  # Nothing at all may be null.
            found += entries
            if len(entries) < limit:
                return found
            page += 1

    # -- repositories

    def create_repository(self, name, owner="alice", private=False):
        """An empty repository `owner/name`, whose default branch will be main; returns its full name."""
        self.api("POST", "/user/repos", {"name": name, "private": private, "default_branch": "main"}, owner)
        return f"{owner}/{name}"

    def fork(self, repository, user="bob"):
        made = self.api("POST", f"/repos/{repository}/forks", {}, user)
        return made["full_name"]

    def add_collaborator(self, repository, name, permission="write"):
        self.api("PUT", f"/repos/{repository}/collaborators/{name}", {"permission": permission}, owner_of(repository))

    def delete_branch(self, repository, branch):
        self.api("DELETE", f"/repos/{repository}/branches/{branch}", user=owner_of(repository))

    # -- pull requests

    def open_pull_request(self, repository, head, base="main", title="A change", user="alice"):
        """Returns its number. `head` is a branch, or `owner:branch` from a fork."""
        wanted = {"head": head, "base": base, "title": title}
        # Gitea notes pushed branches a moment after it has answered the push, and says 404 until then.
        return self._once_it_is_not(404, "POST", f"/repos/{repository}/pulls", wanted, user)["number"]

    def pull_request(self, repository, number):
        return self.api("GET", f"/repos/{repository}/pulls/{number}")

    def edit_pull_request(self, repository, number, user="alice", **changes):
        return self.api("PATCH", f"/repos/{repository}/pulls/{number}", changes, user)

    def close(self, repository, number):
        return self.edit_pull_request(repository, number, state="closed")

    def reopen(self, repository, number):
        return self.edit_pull_request(repository, number, state="open")

    def retarget(self, repository, number, base):
        return self.edit_pull_request(repository, number, base=base)

    def merge(self, repository, number, style="merge", user="alice"):
        """Merges as soon as Gitea has finished its own check for conflicts, which answers 405 until then."""
        self._once_it_is_not(405, "POST", f"/repos/{repository}/pulls/{number}/merge", {"Do": style}, user)

    def _once_it_is_not(self, status, method, path, body, user):
        def accepted():
            try:
                return {"reply": self.api(method, path, body, user)}
            except GiteaError as error:
                if error.status != status:
                    raise
                return None
        return wait_for(accepted, f"{method} {path} {body} to be answered with something else than {status}")["reply"]

    def make_label(self, repository, name, color="#0052cc"):
        return self.api("POST", f"/repos/{repository}/labels", {"name": name, "color": color}, owner_of(repository))["id"]

    def add_label(self, repository, number, label_id):
        self.api("POST", f"/repos/{repository}/issues/{number}/labels", {"labels": [label_id]}, owner_of(repository))

    def remove_label(self, repository, number, label_id):
        self.api("DELETE", f"/repos/{repository}/issues/{number}/labels/{label_id}", user=owner_of(repository))

    def comment(self, repository, number, body, user="alice"):
        return self.api("POST", f"/repos/{repository}/issues/{number}/comments", {"body": body}, user)

    def comments(self, repository, number):
        """Every comment, oldest first, with `body`, `user.login`, `created_at` and `updated_at`."""
        return self.api("GET", f"/repos/{repository}/issues/{number}/comments")

    def statuses(self, repository, commit):
        """Every status ever set on the commit, newest first, with `context`, `status`, `target_url`, `description`."""
        found = self.pages(f"/repos/{repository}/commits/{commit}/statuses")
        return sorted(found, key=lambda status: status["id"], reverse=True)

    # -- webhooks

    def create_hook(self, repository, url, secret, events=("push", "pull_request", "issue_comment")):
        made = self.api("POST", f"/repos/{repository}/hooks", {
            "type": "gitea", "active": True, "events": list(events),
            "config": {"url": url, "content_type": "json", "secret": secret}}, owner_of(repository))
        return made["id"]

    def hooks(self, repository):
        return self.pages(f"/repos/{repository}/hooks", user=owner_of(repository))

    def deliveries(self, hook_id):
        """What the server recorded of a hook's deliveries, oldest first. Its API has no listing: read from its database."""
        database = f"file:{self.directory / 'data' / 'gitea.db'}?mode=ro"
        with sqlite3.connect(database, uri=True, timeout=10) as connection:
            rows = connection.execute(
                "SELECT uuid, event_type, is_delivered, is_succeed, request_content, response_content FROM hook_task"
                " WHERE hook_id = ? ORDER BY id", (hook_id,)).fetchall()
        connection.close()
        # It is marked as delivered a moment before what was sent and answered is written down.
        return [{"uuid": uuid, "event": event, "delivered": bool(delivered and request and response), "succeeded": bool(succeeded),
                 "request": json.loads(request or "null"), "response": json.loads(response or "null")}
                for uuid, event, delivered, succeeded, request, response in rows]

    def clone_url(self, repository):
        return f"{self.url}/{repository}.git"


def replay(delivery):
    """Sends a recorded delivery once more, byte for byte, as the button in the server's own page does; returns the status."""
    sent = delivery["request"]
    request = urllib.request.Request(sent["url"], data=sent["body"].encode(), method="POST", headers=sent["headers"])
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def owner_of(repository):
    return repository.split("/")[0]


def authorization(account):
    if account.token:
        return f"token {account.token}"
    return "Basic " + base64.b64encode(f"{account.name}:{account.password}".encode()).decode()


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
