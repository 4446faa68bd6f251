"""A developer's clone of a repository: changes files, commits, pushes over HTTP."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from gitea import GiteaError, authorization, wait_for


class Checkout:
    """`with Checkout(gitea, "alice/shop") as work: work.push("feature", {"a.txt": "…"})`. Removed at the end."""

    def __init__(self, gitea, repository, user="alice"):
        self._gitea = gitea
        self._repository = repository
        self._account = gitea.accounts[user]
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="ramet-checkout-"))
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", gitea.clone_url(repository))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def push(self, branch, changes, start="main", message="Change files", force=False):
        """Commits `changes` (path → text, or None to delete) on top of `branch`, which is begun at `start` when it is new."""
        self.switch_to(branch, start)
        for name, text in changes.items():
            self._write(name, text)
        return self._commit_and_push(branch, message, force)

    def push_tree(self, branch, source, message="Import"):
        """Makes the branch's content equal to the files under `source`."""
        self.switch_to(branch, "main")
        for path in self.path.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(source, self.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
        return self._commit_and_push(branch, message, force=False)

    def switch_to(self, branch, start="main"):
        self.git("fetch", "--quiet", "--prune", "origin")
        known = self.git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin").split()
        self.git("reset", "--quiet", "--hard") if self._has_commit() else None
        if branch in known or start in known:
            self.git("checkout", "--quiet", "-B", branch, f"origin/{branch if branch in known else start}")
        else:
            self.git("checkout", "--quiet", "--orphan", branch)

    def head(self):
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments):
        done = subprocess.run(["git", *arguments], cwd=self.path, env=self._environment(), capture_output=True, text=True)
        if done.returncode != 0:
            raise GiteaError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def _has_commit(self):
        return subprocess.run(["git", "rev-parse", "--quiet", "--verify", "HEAD"], cwd=self.path,
                              env=self._environment(), stdout=subprocess.DEVNULL).returncode == 0

    def _write(self, name, text):
        path = self.path / name
        if text is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def _commit_and_push(self, branch, message, force):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        self.git("push", "--quiet", *(["--force"] if force else []), "origin", f"HEAD:refs/heads/{branch}")
        commit = self.head()
        # The server notes pushed branches a moment after it has answered the push.
        wait_for(lambda: self._noted(branch) == commit, f"{self._repository} to note {branch} at {commit}")
        return commit

    def _noted(self, branch):
        branches = self._gitea.pages(f"/repos/{self._repository}/branches", user=self._account)
        return next((found["commit"]["id"] for found in branches if found["name"] == branch), None)

    def _environment(self):
        # The credential travels in the environment: never in an argument or in the remote's URL.
        name, email = self._account.name, self._account.email
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.path), "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email,
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {authorization(self._account)}",
        }
