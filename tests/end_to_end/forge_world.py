"""Gitea as the application under preview: a public program whose configuration, and nothing else, is the project."""
import base64
import contextlib
import os
import pathlib
import secrets
import shutil
import tempfile

import fingerprint
import gitea
from checkout import Checkout
from gitea import Account, wait_for
from gitea_interface import GiteaError, GiteaInterface
from listener import Listener
from ramet import address_of
from world import BASE, READY_DEADLINE_S, World, describe_base, never

PROJECT = pathlib.Path(__file__).resolve().parent / "public_application"
SECRETS = ("gitea-secret-key", "gitea-internal-token", "gitea-jwt-secret")
SERVICE = "gitea"


class Application(GiteaInterface):
    """One environment's Gitea, asked through the product's proxy under its public name."""

    def __init__(self, ramet, environment, accounts):
        self.public_url = environment["urls"][SERVICE].rstrip("/")
        self.url = f"http://{address_of(ramet.proxy)}"
        self.headers = {"Host": address_of(self.public_url)}
        self.accounts = accounts

    def clone_url(self, repository):
        return f"{self.public_url}/{repository}.git"  # Git's own client leads *.localhost to this machine.

    # Asked as nobody: Gitea notes in its database when an account was last seen, and the base's must not change.

    def names_of_users(self):
        return sorted(user["login"] for user in self.api("GET", "/users/search?limit=50", user=None)["data"])

    def names_of_repositories(self):
        return sorted(repository["full_name"] for repository in self.api("GET", "/repos/search?limit=50", user=None)["data"])

    def titles_of_issues(self, repository):
        issues = self.pages(f"/repos/{repository}/issues?type=issues&state=all", user=None)
        return {issue["number"]: issue["title"] for issue in issues}

    def find_file(self, repository, path):
        """Its text on the default branch; None where there is none."""
        try:
            return base64.b64decode(self.api("GET", f"/repos/{repository}/contents/{path}", user=None)["content"]).decode()
        except GiteaError as error:
            if error.status not in (404, 500):
                raise
            return None  # 500 where the row is there and its repository on disk is not.

    def open_issue(self, repository, title, user):
        return self.api("POST", f"/repos/{repository}/issues", {"title": title}, user)["number"]

    def add_user(self, name):
        account = Account(name, secrets.token_hex(12))
        self.api("POST", "/admin/users", {"username": name, "password": account.password, "email": f"{name}@forge.test",
                                          "must_change_password": False}, "keeper")
        self.accounts[name] = account
        return account


class ForgeWorld(World):
    """The Git host of the tests holds the project; what it describes is another Gitea, with users of its own."""

    def __init__(self):
        super().__init__()
        self.program = self._install()
        self._open = contextlib.ExitStack()
        self.hook = self.first_answer = self.first_explanation = None
        self.keeper = Account("keeper", secrets.token_hex(12))
        self.accounts = {"keeper": self.keeper}

    def start(self):
        self.gitea.start()
        self.repository = self.gitea.create_repository("config")
        self.work = Checkout(self.gitea, self.repository)
        self.work.push_tree("main", PROJECT, message="The forge's configuration")
        self.ramet.start()
        self.first_answer = self.ramet.cli(*self.connection(), stdin=self.gitea.alice.token)
        self.first_explanation = self.ramet.run("why", BASE).out
        self.set_values()
        # By itself: nobody asks for the base a second time.
        wait_for(lambda: self.base()["state"] == "ready", lambda: f"the base to be ready: {self.base()}\n{self.ramet.log_tail()}",
                 READY_DEADLINE_S)
        self.hook = self._open.enter_context(Listener())
        self.fill()
        before = self.fingerprint()
        self._warm_up()
        self.remember()
        assert not before.changes(self._base), before.changes(self._base)
        return self

    def connection(self):
        return "git", "connect", "gitea", "--url", self.gitea.url, "--repo", self.repository

    def fill(self):
        """What people do with a forge: accounts, repositories with commits, a hook, issues."""
        base = self.application()
        for name in ("ada", "brian"):
            base.add_user(name)
        self.accounts = base.accounts
        base.create_repository("notes", owner="ada")
        with Checkout(base, "ada/notes", user="ada") as work:
            work.push("main", {"README.md": "the base's notes\n"})
        base.create_hook("ada/notes", self.hook.url, "hook-secret", events=("issues",))
        base.open_issue("ada/notes", "Found in the base", "brian")
        # Whoever is shown for the first time gets a picture, which is noted down.
        base.names_of_users()
        wait_for(lambda: "issues" in self.hook.events(), "the base's own hook to be called")
        wait_for(self._is_quiet, "the base's Gitea to have noted everything down")

    def _is_quiet(self):
        """Gitea counts, indexes and notes deliveries after it has answered."""
        first = self.fingerprint()
        return never(lambda: first.changes(self.fingerprint()))

    def close(self):
        super().close()
        self._open.close()
        shutil.rmtree(self.program, ignore_errors=True)

    def set_values(self):
        """What is not in the repository: secrets, and where this machine has the program."""
        for name in SECRETS:
            self.ramet.run("secret", "set", name, "--org", stdin=secrets.token_urlsafe(32))
        self.ramet.run("secret", "set", "gitea-administrator", "--org", stdin=self.keeper.password)
        self.ramet.run("vars", "set", "GITEA_PROGRAM", self.program / "bin" / "gitea", "--org")
        self.ramet.run("vars", "set", "GITEA__server__STATIC_ROOT_PATH", self.program / "static", "--org")

    def wait_base(self, condition):
        wait_for(lambda: self.base()["state"] == "ready" and condition(), lambda: f"the base to be redeployed: {self.base()}", READY_DEADLINE_S)

    def application(self, number=None):
        """That of a pull request's preview, or the base's."""
        environment = self.base() if number is None else self.preview(number)
        return Application(self.ramet, environment, dict(self.accounts))

    def fingerprint(self):
        pid = self.base()["services"][0]["process_ids"][0]
        home = home_of(pid)
        parts = {"postgres": fingerprint.of_postgres(self.ramet.connection_url(BASE, "db")),
                 "said": describe_base(self.base()),
                 "work tree": fingerprint.of_tree(f"/proc/{pid}/cwd/"),
                 "repositories": fingerprint.of_tree(home / "data" / "gitea-repositories"),
                 "configuration": fingerprint.of_environment(pid) | {"app.ini": fingerprint.of_path(home / "app.ini")}}
        return fingerprint.join(parts)

    def _install(self):
        """Where everybody may read it: the cache may lie in a home that nobody else can enter, and /tmp is each program's own."""
        program = gitea.build()
        place = pathlib.Path(tempfile.mkdtemp(prefix="ramet-forge-", dir="/opt" if os.geteuid() == 0 else None))
        place.chmod(0o755)
        (place / "bin").mkdir()
        gitea.link_tree(program, place / "bin" / "gitea")
        gitea.link_tree(program.parent.parent / "static", place / "static")
        return place


def home_of(pid):
    variables = pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0")
    return pathlib.Path(next(entry[5:] for entry in variables if entry.startswith("HOME=")))
