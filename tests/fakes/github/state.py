"""What the fake knows: people, repositories (each a real bare Git repository), pull requests, comments, statuses, hooks."""
import itertools
import os
import pathlib
import subprocess
from dataclasses import dataclass, field

from objects import now

ids = itertools.count(1001)
ROLES = ("none", "read", "write", "admin")


class Missing(Exception):
    """GitHub's 404."""


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


@dataclass(eq=False)
class User:
    name: str
    token: str
    id: int = field(default_factory=lambda: next(ids))

    @property
    def email(self):
        return f"{self.name}@github.test"


@dataclass(eq=False)
class Comment:
    author: User
    body: str
    id: int = field(default_factory=lambda: next(ids))
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)


@dataclass(eq=False)
class Hook:
    url: str
    secret: str
    events: tuple
    active: bool = True
    id: int = field(default_factory=lambda: next(ids))
    created_at: str = field(default_factory=now)
    deliveries: list = field(default_factory=list)


@dataclass(eq=False)
class Pull:
    repository: "Repository"
    number: int
    title: str
    author: User
    head_repository: "Repository"
    head_branch: str
    base: str
    draft: bool = False
    state: str = "open"
    merged_at: str = None
    closed_at: str = None
    merge_commit: str = None
    labels: list = field(default_factory=list)
    comments: list = field(default_factory=list)
    id: int = field(default_factory=lambda: next(ids))
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def reference(self):
        return f"refs/pull/{self.number}/head"

    def head_commit(self):
        return self.repository.commit_of(self.reference)

    def base_commit(self):
        return self.repository.find_commit(f"refs/heads/{self.base}") or self.head_commit()

    def follow_head(self):
        """Takes over the head branch's commit. False when there is nothing new, or nothing any more."""
        commit = self.head_repository.find_commit(f"refs/heads/{self.head_branch}") if self.head_repository else None
        if not commit or commit == self.repository.find_commit(self.reference):
            return False
        self.repository.git("fetch", "--quiet", str(self.head_repository.path), f"+refs/heads/{self.head_branch}:{self.reference}")
        self.updated_at = now()
        return True


class Repository:
    def __init__(self, directory, owner, name, private=False, parent=None):
        self.id, self.owner, self.name, self.private, self.parent = next(ids), owner, name, private, parent
        self.default_branch, self.created_at = "main", now()
        self.path = pathlib.Path(directory) / owner.name / f"{name}.git"
        self.pulls, self.hooks, self.statuses, self.collaborators, self.labels = {}, {}, [], {}, {}
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "--initial-branch=main")
        self.git("config", "http.receivepack", "true")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        if parent:
            self.git("fetch", "--quiet", str(parent.path), "+refs/heads/*:refs/heads/*")

    @property
    def full_name(self):
        return f"{self.owner.name}/{self.name}"

    def role_of(self, user):
        if user is self.owner:
            return "admin"
        return self.collaborators.get(user.name if user else "", "none" if self.private else "read")

    def require(self, user, role):
        has = self.role_of(user)
        if has == "none":
            raise Missing()
        if ROLES.index(has) < ROLES.index(role):
            # GitHub hides what needs administration instead of refusing it.
            raise Missing() if role == "admin" else Refused(403, "Must have push access to repository")

    def label_id(self, name):
        return self.labels.setdefault(name, next(ids))

    def find_commit(self, reference):
        done = self._run("rev-parse", "--quiet", "--verify", f"{reference}^{{commit}}")
        return done.stdout.strip() if done.returncode == 0 else None

    def commit_of(self, reference):
        commit = self.find_commit(reference)
        if not commit:
            raise Missing()
        return commit

    def find_file(self, reference, path):
        done = subprocess.run(["git", "cat-file", "blob", f"{self.commit_of(reference)}:{path}"], cwd=self.path, env=environment(),
                              capture_output=True)
        if done.returncode != 0:
            raise Missing()
        return done.stdout

    def branches(self):
        lines = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads").splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def commit_file(self, branch, path, content, message):
        """Puts one file on a branch, which is begun with it when the repository is empty."""
        parent = self.find_commit(f"refs/heads/{branch}")
        index = {"GIT_INDEX_FILE": str(self.path / f"index-{next(ids)}")}
        if parent:
            self.git("read-tree", parent, extra=index)
        blob = self.git("hash-object", "-w", "--stdin", data=content).strip()
        self.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", extra=index)
        tree = self.git("write-tree", extra=index).strip()
        os.unlink(index["GIT_INDEX_FILE"])
        commit = self.git("commit-tree", tree, *(["-p", parent] if parent else []), "-m", message).strip()
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def merge(self, base, commit, message):
        ours = self.commit_of(f"refs/heads/{base}")
        done = self._run("merge-tree", "--write-tree", ours, commit)
        if done.returncode != 0:
            raise Refused(405, "Pull Request is not mergeable")
        merged = self.git("commit-tree", done.stdout.split()[0], "-p", ours, "-p", commit, "-m", message).strip()
        self.git("update-ref", f"refs/heads/{base}", merged)
        return merged

    def git(self, *arguments, data=None, extra=None):
        done = self._run(*arguments, data=data, extra=extra)
        if done.returncode != 0:
            raise Refused(422, f"git {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def _run(self, *arguments, data=None, extra=None):
        return subprocess.run(["git", *arguments], cwd=self.path, env=environment() | (extra or {}), input=data, capture_output=True, text=True)


def environment():
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "Fake"), ("EMAIL", "fake@github.test"))}
    return who | {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
                  "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
