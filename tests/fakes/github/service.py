"""What GitHub does when it is asked: one method per operation of its REST API, named by GitHub's own path templates."""
import base64

from hook_operations import HookOperations
from objects import Objects, now
from routes import body_field, route
from state import Comment, Missing, Pull, Refused, Repository, User, ids


class Service(HookOperations):
    def __init__(self, url, directory, dispatcher):
        self.show, self._directory, self._dispatcher = Objects(url), directory, dispatcher
        self.users, self.repositories = {}, {}
        self.page_limit = 100

    def add_user(self, name, token):
        self.users[name] = User(name, token)
        return self.users[name]

    def find_user(self, token):
        return next((user for user in self.users.values() if token and user.token == token), None)

    def repository(self, call, role="read"):
        found = self.repositories.get(f"{call.owner}/{call.repo}")
        if not found:
            raise Missing()
        found.require(call.user, role)
        return found

    def pull(self, repository, number):
        if int(number) not in repository.pulls:
            raise Missing()
        return repository.pulls[int(number)]

    # -- people and repositories

    @route("GET", "/user")
    def get_user(self, call):
        return 200, self.show.own_user(call.require_user())

    @route("POST", "/user/repos")
    def create_repository(self, call):
        owner, name = call.require_user(), body_field(call.body, "name")
        if f"{owner.name}/{name}" in self.repositories:
            raise Refused(422, "Repository creation failed: name already exists on this account")
        made = Repository(self._directory, owner, name, private=bool(call.body.get("private")))
        self.repositories[made.full_name] = made
        if call.body.get("auto_init"):
            made.commit_file("main", "README.md", f"# {name}\n", "Initial commit")
        return 201, self.show.full_repository(made, "admin")

    @route("GET", "/repos/{owner}/{repo}")
    def get_repository(self, call):
        found = self.repository(call)
        return 200, self.show.full_repository(found, found.role_of(call.user))

    @route("POST", "/repos/{owner}/{repo}/forks")
    def fork(self, call):
        parent, user = self.repository(call), call.require_user()
        made = Repository(self._directory, user, parent.name, private=parent.private, parent=parent)
        self.repositories[made.full_name] = made
        return 202, self.show.full_repository(made, "admin")

    @route("DELETE", "/repos/{owner}/{repo}")
    def delete_repository(self, call):
        gone = self.repositories.pop(self.repository(call, "admin").full_name)
        for repository in self.repositories.values():
            for pull in repository.pulls.values():
                if pull.head_repository is gone:
                    pull.head_repository = None
        return 204, None

    @route("PUT", "/repos/{owner}/{repo}/collaborators/{username}")
    def add_collaborator(self, call):
        # At once, without the invitation that GitHub sends: 204, as for somebody who is one already.
        words = {"pull": "read", "push": "write", "admin": "admin", None: "write"}
        self.repository(call, "admin").collaborators[call.username] = words[(call.body or {}).get("permission")]
        return 204, None

    @route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission")
    def get_permission(self, call):
        repository = self.repository(call, "write")
        user = self.users.get(call.username)
        if not user:
            raise Missing()
        role = repository.role_of(user)
        return 200, {"permission": role, "role_name": role, "user": self.show.user(user) | {"permissions": {
            "pull": role != "none", "push": role in ("write", "admin"), "admin": role == "admin"}, "role_name": role}}

    # -- branches, commits and files

    @route("GET", "/repos/{owner}/{repo}/branches")
    def list_branches(self, call):
        repository = self.repository(call)
        api = f"{self.show.api}/repos/{repository.full_name}"
        return 200, call.page([{"name": name, "protected": False, "commit": {"sha": commit, "url": f"{api}/commits/{commit}"}}
                               for name, commit in repository.branches().items()])

    @route("GET", "/repos/{owner}/{repo}/branches/{branch}")
    def get_branch(self, call):
        repository = self.repository(call)
        commit = repository.branches().get(call.branch)
        if not commit:
            raise Refused(404, "Branch not found")
        return 200, self.show.branch(repository, call.branch, commit)

    @route("POST", "/repos/{owner}/{repo}/git/refs")
    def create_reference(self, call):
        repository, reference = self.repository(call, "write"), body_field(call.body, "ref")
        commit = repository.commit_of(body_field(call.body, "sha"))
        if repository.find_commit(reference):
            raise Refused(422, "Reference already exists")
        repository.git("update-ref", reference, commit)
        self.after_push(repository, {reference: (None, commit)}, call.user)
        return 201, self._reference(repository, reference, commit)

    @route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}")
    def move_reference(self, call):
        repository, reference = self.repository(call, "write"), f"refs/{call.ref}"
        before, commit = repository.commit_of(reference), repository.commit_of(body_field(call.body, "sha"))
        repository.git("update-ref", reference, commit)
        self.after_push(repository, {reference: (before, commit)}, call.user)
        return 200, self._reference(repository, reference, commit)

    @route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}")
    def delete_reference(self, call):
        repository, reference = self.repository(call, "write"), f"refs/{call.ref}"
        before = repository.commit_of(reference)
        repository.git("update-ref", "-d", reference)
        self.after_push(repository, {reference: (before, None)}, call.user)
        return 204, None

    def _reference(self, repository, reference, commit):
        api = f"{self.show.api}/repos/{repository.full_name}/git"
        return {"ref": reference, "node_id": reference, "url": f"{api}/{reference}",
                "object": {"type": "commit", "sha": commit, "url": f"{api}/commits/{commit}"}}

    @route("GET", "/repos/{owner}/{repo}/contents/{path}")
    def get_file(self, call):
        repository = self.repository(call)
        reference = call.query.get("ref", repository.default_branch)
        content = repository.find_file(reference, call.path)
        if "raw" in call.accept:
            return 200, content
        return 200, self._file(repository, call.path, content, reference) | {"type": "file", "encoding": "base64",
                                                                            "content": base64.encodebytes(content).decode()}

    def _file(self, repository, path, content, reference):
        api = f"{self.show.api}/repos/{repository.full_name}/contents/{path}?ref={reference}"
        page = f"{self.show.url}/{repository.full_name}/blob/{reference}/{path}"
        return {"name": path.split("/")[-1], "path": path, "sha": repository.find_commit(reference), "size": len(content), "url": api,
                "html_url": page, "git_url": api, "download_url": page, "type": "file", "_links": {"self": api, "git": api, "html": page}}

    @route("PUT", "/repos/{owner}/{repo}/contents/{path}")
    def put_file(self, call):
        repository, branch = self.repository(call, "write"), call.body.get("branch", "main")
        before = repository.find_commit(f"refs/heads/{branch}")
        if not before and repository.branches():
            raise Refused(404, f"Branch {branch} not found")
        content = base64.b64decode(body_field(call.body, "content"))
        is_new = not before or self._lacks(repository, before, call.path)
        commit = repository.commit_file(branch, call.path, content.decode(), body_field(call.body, "message"))
        self.after_push(repository, {f"refs/heads/{branch}": (before, commit)}, call.user)
        person = {"name": call.user.name, "email": call.user.email, "date": now()}
        return 201 if is_new else 200, {
            "content": self._file(repository, call.path, content, commit),
            "commit": {"sha": commit, "node_id": commit, "url": f"{self.show.api}/repos/{repository.full_name}/git/commits/{commit}",
                       "html_url": f"{self.show.url}/{repository.full_name}/commit/{commit}", "author": person, "committer": person,
                       "message": call.body["message"], "tree": {"sha": commit, "url": self.show.api}, "parents": []}}

    def _lacks(self, repository, commit, path):
        try:
            repository.find_file(commit, path)
            return False
        except Missing:
            return True

    def after_push(self, repository, changes, user):
        """What GitHub does behind a push: events for the branches, new heads for the pull requests that follow them."""
        for reference, (before, after) in changes.items():
            self._dispatcher.send(repository, "push", self._push_payload(repository, reference, before, after, user))
            for other in self.repositories.values():
                for pull in other.pulls.values():
                    follows = pull.head_repository is repository and f"refs/heads/{pull.head_branch}" == reference
                    if follows and pull.state == "open" and pull.follow_head():
                        self.tell_pull_request(other, pull, "synchronize", user, before=before, after=after)

    def _push_payload(self, repository, reference, before, after, user):
        zeros = "0" * 40
        shown = self.show.repository(repository)
        shown["owner"] |= {"name": user.name, "email": user.email}
        # Times are numbers in this one payload.
        shown |= {"created_at": 1700000000, "pushed_at": 1700000000, "stargazers": 0, "master_branch": repository.default_branch}
        return {"ref": reference, "before": before or zeros, "after": after or zeros, "created": before is None, "deleted": after is None,
                "forced": False, "base_ref": None, "compare": f"{self.show.url}/{repository.full_name}/compare", "commits": [],
                "head_commit": None, "repository": shown, "pusher": {"name": user.name, "email": user.email}, "sender": self.show.user(user)}

    # -- pull requests

    @route("GET", "/repos/{owner}/{repo}/pulls")
    def list_pulls(self, call):
        repository, state = self.repository(call), call.query.get("state", "open")
        chosen = [pull for pull in reversed(repository.pulls.values()) if state in ("all", pull.state)]
        return 200, call.page([self.show.pull_request(repository, pull) for pull in chosen])

    @route("POST", "/repos/{owner}/{repo}/pulls")
    def open_pull(self, call):
        repository, head = self.repository(call), body_field(call.body, "head")
        head_owner, _, branch = head.rpartition(":")
        head_repository = self.repositories.get(f"{head_owner or repository.owner.name}/{repository.name}")
        base = body_field(call.body, "base")
        if not head_repository or branch not in head_repository.branches() or base not in repository.branches():
            raise Refused(422, "Validation Failed: head or base is invalid")
        pull = Pull(repository, len(repository.pulls) + 1, body_field(call.body, "title"), call.require_user(), head_repository, branch, base,
                    draft=bool(call.body.get("draft")))
        pull.follow_head()
        repository.pulls[pull.number] = pull
        self.tell_pull_request(repository, pull, "opened", call.user)
        return 201, self.show.full_pull_request(repository, pull)

    @route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}")
    def get_pull(self, call):
        repository = self.repository(call)
        return 200, self.show.full_pull_request(repository, self.pull(repository, call.pull_number))

    @route("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}")
    def edit_pull(self, call):
        repository = self.repository(call, "write")
        pull = self.pull(repository, call.pull_number)
        if call.body.get("base", pull.base) not in repository.branches():
            raise Refused(422, "Validation Failed: base is invalid")
        pull.updated_at = now()
        if call.body.get("state", pull.state) != pull.state:
            self._set_state(repository, pull, call.body["state"], call.user)
        for key in ("title", "base"):
            if call.body.get(key, getattr(pull, key)) != getattr(pull, key):
                before = getattr(pull, key)
                setattr(pull, key, call.body[key])
                changes = {"title": {"from": before}} if key == "title" else {"base": {"ref": {"from": before}, "sha": {"from": "0" * 40}}}
                self.tell_pull_request(repository, pull, "edited", call.user, changes=changes)
        return 200, self.show.full_pull_request(repository, pull)

    def _set_state(self, repository, pull, state, user):
        if state == "open" and pull.merged_at:
            raise Refused(422, "Validation Failed: a merged pull request cannot be reopened")
        pull.state, pull.closed_at = state, now() if state == "closed" else None
        if state == "open":
            pull.follow_head()
        self.tell_pull_request(repository, pull, "reopened" if state == "open" else "closed", user)

    @route("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/merge")
    def merge_pull(self, call):
        repository = self.repository(call, "write")
        pull = self.pull(repository, call.pull_number)
        if pull.state != "open":
            raise Refused(405, "Pull Request is not mergeable")
        before = repository.commit_of(f"refs/heads/{pull.base}")
        pull.merge_commit = repository.merge(pull.base, pull.head_commit(), f"Merge pull request #{pull.number}")
        pull.state, pull.merged_at, pull.closed_at = "closed", now(), now()
        self.after_push(repository, {f"refs/heads/{pull.base}": (before, pull.merge_commit)}, call.user)
        self.tell_pull_request(repository, pull, "closed", call.user)
        return 200, {"sha": pull.merge_commit, "merged": True, "message": "Pull Request successfully merged"}

    @route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels")
    def add_labels(self, call):
        repository = self.repository(call, "write")
        pull = self.pull(repository, call.issue_number)
        for name in call.body["labels"] if isinstance(call.body, dict) else call.body:
            if name not in pull.labels:
                pull.labels.append(name)
                self.tell_pull_request(repository, pull, "labeled", call.user, label=self.show.label(repository, name))
        return 200, [self.show.label(repository, name) for name in pull.labels]

    @route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}")
    def remove_label(self, call):
        repository = self.repository(call, "write")
        pull = self.pull(repository, call.issue_number)
        if call.name not in pull.labels:
            raise Missing()
        pull.labels.remove(call.name)
        self.tell_pull_request(repository, pull, "unlabeled", call.user, label=self.show.label(repository, call.name))
        return 200, [self.show.label(repository, name) for name in pull.labels]

    def tell_pull_request(self, repository, pull, action, user, **more):
        payload = {"action": action, "number": pull.number, "pull_request": self.show.full_pull_request(repository, pull),
                   "repository": self.show.repository(repository), "sender": self.show.user(user)}
        self._dispatcher.send(repository, "pull_request", payload | more)

    # -- comments and statuses

    @route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments")
    def list_comments(self, call):
        repository = self.repository(call)
        pull = self.pull(repository, call.issue_number)
        return 200, call.page([self.show.comment(repository, pull, comment) for comment in pull.comments])

    @route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments")
    def create_comment(self, call):
        repository = self.repository(call)
        pull = self.pull(repository, call.issue_number)
        comment = Comment(call.require_user(), checked_text(body_field(call.body, "body")))
        pull.comments.append(comment)
        self._tell_comment(repository, pull, comment, "created", call.user)
        return 201, self.show.comment(repository, pull, comment)

    @route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}")
    def edit_comment(self, call):
        repository, pull, comment = self._own_comment(call)
        before, comment.body, comment.updated_at = comment.body, checked_text(body_field(call.body, "body")), now()
        self._tell_comment(repository, pull, comment, "edited", call.user, changes={"body": {"from": before}})
        return 200, self.show.comment(repository, pull, comment)

    @route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}")
    def delete_comment(self, call):
        repository, pull, comment = self._own_comment(call)
        pull.comments.remove(comment)
        self._tell_comment(repository, pull, comment, "deleted", call.user)
        return 204, None

    def _own_comment(self, call):
        repository = self.repository(call)
        for pull in repository.pulls.values():
            for comment in pull.comments:
                if comment.id == int(call.comment_id):
                    if comment.author is not call.user:
                        repository.require(call.user, "write")
                    return repository, pull, comment
        raise Missing()

    def _tell_comment(self, repository, pull, comment, action, user, **more):
        self._dispatcher.send(repository, "issue_comment", {
            "action": action, "issue": self.show.issue(repository, pull), "comment": self.show.comment(repository, pull, comment),
            "repository": self.show.repository(repository), "sender": self.show.user(user)} | more)

    @route("POST", "/repos/{owner}/{repo}/statuses/{sha}")
    def create_status(self, call):
        repository = self.repository(call, "write")
        if repository.find_commit(call.sha) != call.sha:
            raise Refused(422, f"No commit found for SHA: {call.sha}")
        if body_field(call.body, "state") not in ("error", "failure", "pending", "success"):
            raise Refused(422, "Validation Failed: state is not included in the list")
        if len(call.body.get("description") or "") > 140:
            raise Refused(422, "Validation Failed: description is too long (maximum is 140 characters)")
        status = {"id": next(ids), "sha": call.sha, "state": call.body["state"], "description": call.body.get("description"),
                  "target_url": call.body.get("target_url"), "context": call.body.get("context", "default"), "creator": call.user, "at": now()}
        repository.statuses.append(status)
        return 201, self.show.status(repository, status)

    @route("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses")
    def list_statuses(self, call):
        repository = self.repository(call)
        commit = repository.commit_of(call.ref)
        return 200, call.page([self.show.status(repository, status) for status in reversed(repository.statuses) if status["sha"] == commit])


def checked_text(text):
    if len(text) > 65536:
        raise Refused(422, "Validation Failed: body is too long (maximum is 65536 characters)")
    return text
