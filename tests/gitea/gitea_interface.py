"""What a test asks of a running Gitea: repositories, pull requests, comments, statuses, webhooks. Mixed into `Gitea`."""
import base64
import json
import sqlite3
import time
import urllib.error
import urllib.request


class GiteaError(Exception):
    """An answer that is not a success: `status` is its HTTP status, 0 where no server answered."""

    def __init__(self, message, status=0):
        super().__init__(message)
        self.status = status


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


class GiteaInterface:
    """Needs `url`, `accounts` and `directory` of the class that it is mixed into."""

    headers = {}  # Sent with every request: behind a proxy, the name of the host that is meant.

    # -- the interface

    def api(self, method, path, body=None, user="alice"):
        """Calls `/api/v1` + path as a user (a name, an Account, or None for nobody) and returns the parsed reply."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method, headers=self.headers)
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
