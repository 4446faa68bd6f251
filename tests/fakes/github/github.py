"""A GitHub for tests: `with GitHub() as github: ...`, or `github.py serve --dir D`.

Stateful, on a free loopback port, with real Git repositories behind it and signed webhooks. It has the methods of
tests/gitea/gitea.py's fixture, so that a test can be given either. With `check=True` every request and reply is held to
GitHub's published description.
"""
import argparse
import base64
import json
import os
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

from description import Description
from hooks import Dispatcher
from server import Server
from service import Service


class GitHubError(Exception):
    """An answer that is not a success: `status` is its HTTP status, 0 where no server answered."""

    def __init__(self, message, status=0):
        super().__init__(message)
        self.status = status


class GitHub:
    def __init__(self, directory=None, check=False):
        self._owns_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="ramet-github-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        description = Description() if check else None
        self._dispatcher = Dispatcher(description)
        self._server = Server(description=description)
        self._server.service = self.service = Service(self._server.url, self.directory / "repositories", self._dispatcher)
        self.accounts = {name: self.service.add_user(name, "ghp_" + secrets.token_hex(18)) for name in ("root-admin", "alice", "bob")}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._dispatcher.stop()

    def remove(self):
        self.stop()
        if self._owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def url(self):
        return self._server.url

    @property
    def alice(self):
        return self.accounts["alice"]

    @property
    def bob(self):
        return self.accounts["bob"]

    @property
    def requests(self):
        """(method, path) of every call to the API so far."""
        return list(self._server.requests)

    @property
    def violations(self):
        """Payloads that were sent and are not as GitHub describes them; only with `check`."""
        return list(self._dispatcher.violations)

    def api(self, method, path, body=None, user="alice", headers=None):
        """Calls the REST API as a user (a name, an account, or None for nobody) and returns the parsed reply."""
        request = urllib.request.Request(f"{self._server.service.show.api}{path}", method=method, headers=headers or {})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if user is not None:
            request.add_header("Authorization", f"Bearer {(self.accounts[user] if isinstance(user, str) else user).token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                content = reply.read()
                self.last_link = reply.headers.get("Link")
        except urllib.error.HTTPError as error:
            raise GitHubError(f"{method} {path}: {error.code} {error.read(2000).decode(errors='replace')}", error.code) from None
        except OSError as error:
            raise GitHubError(f"{method} {path}: {error}") from None
        return json.loads(content) if content else None

    def pages(self, path, user="alice", limit=100):
        """All entries of a listing, page by page. Commits have an `id` as well, which is Gitea's name for their `sha`."""
        found, page = [], 1
        while True:
            entries = self.api("GET", f"{path}{'&' if '?' in path else '?'}page={page}&per_page={limit}", user=user)
            for entry in entries:
                if "commit" in entry:
                    entry["commit"]["id"] = entry["commit"]["sha"]
            found += entries
            if len(entries) < limit:
                return found
            page += 1

    # -- repositories

    def create_repository(self, name, owner="alice", private=False):
        return self.api("POST", "/user/repos", {"name": name, "private": private}, owner)["full_name"]

    def fork(self, repository, user="bob"):
        return self.api("POST", f"/repos/{repository}/forks", {}, user)["full_name"]

    def add_collaborator(self, repository, name, permission="write"):
        words = {"read": "pull", "write": "push", "admin": "admin"}
        self.api("PUT", f"/repos/{repository}/collaborators/{name}", {"permission": words[permission]}, owner_of(repository))

    def delete_branch(self, repository, branch):
        self.api("DELETE", f"/repos/{repository}/git/refs/heads/{branch}", user=owner_of(repository))

    def put_file(self, repository, path, text, branch="main", user="alice"):
        """One commit with one file; returns the commit."""
        body = {"message": "Change a file", "content": base64.b64encode(text.encode()).decode(), "branch": branch}
        return self.api("PUT", f"/repos/{repository}/contents/{urllib.parse.quote(path)}", body, user)["commit"]["sha"]

    def clone_url(self, repository):
        return f"{self.url}/{repository}.git"

    # -- pull requests

    def open_pull_request(self, repository, head, base="main", title="A change", user="alice"):
        return self.api("POST", f"/repos/{repository}/pulls", {"head": head, "base": base, "title": title}, user)["number"]

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

    def merge(self, repository, number, user="alice"):
        self.api("PUT", f"/repos/{repository}/pulls/{number}/merge", {}, user)

    def make_label(self, repository, name, color="0052cc"):
        """GitHub names labels where Gitea numbers them."""
        return name

    def add_label(self, repository, number, label_id):
        self.api("POST", f"/repos/{repository}/issues/{number}/labels", {"labels": [label_id]}, owner_of(repository))

    def remove_label(self, repository, number, label_id):
        self.api("DELETE", f"/repos/{repository}/issues/{number}/labels/{label_id}", user=owner_of(repository))

    def comment(self, repository, number, body, user="alice"):
        return self.api("POST", f"/repos/{repository}/issues/{number}/comments", {"body": body}, user)

    def comments(self, repository, number):
        return self.api("GET", f"/repos/{repository}/issues/{number}/comments?per_page=100")

    def statuses(self, repository, commit):
        """Newest first. GitHub says `state` where Gitea says `status`: both are here."""
        return [status | {"status": status["state"]} for status in self.api("GET", f"/repos/{repository}/commits/{commit}/statuses?per_page=100")]

    # -- webhooks

    def create_hook(self, repository, url, secret, events=("push", "pull_request", "issue_comment")):
        body = {"name": "web", "active": True, "events": list(events), "config": {"url": url, "content_type": "json", "secret": secret}}
        return self.api("POST", f"/repos/{repository}/hooks", body, owner_of(repository))["id"]

    def hooks(self, repository):
        return self.api("GET", f"/repos/{repository}/hooks", user=owner_of(repository))


def owner_of(repository):
    return repository.split("/")[0]


def serve(directory, check):
    """Prints one JSON line when ready and stays until it gets SIGINT or SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with GitHub(directory, check) as github:
        accounts = {name: {"name": user.name, "token": user.token, "email": user.email} for name, user in github.accounts.items()}
        print(json.dumps({"url": github.url, "pid": os.getpid(), "accounts": accounts}), flush=True)
        ended.wait()
    for violation in github.violations:
        print(f"github: {violation}", file=sys.stderr)
    return 1 if github.violations else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    serving = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="start it and stay in the foreground")
    serving.add_argument("--dir", help="for its repositories, kept; a temporary one when it is not given")
    serving.add_argument("--check", action="store_true", help="hold every request, reply and payload to GitHub's description")
    arguments = parser.parse_args()
    sys.exit(serve(arguments.dir, arguments.check))


if __name__ == "__main__":
    main()
