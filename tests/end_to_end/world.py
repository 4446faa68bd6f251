"""A real Git host, the product and the shop on it: what every scenario begins with, and the words in which it is told."""
import pathlib
import re
import time

import fingerprint
from checkout import Checkout
from gitea import Gitea, wait_for
from leftovers import Watch
from ramet import CHECKOUT, Ramet

SHOP = CHECKOUT / "examples" / "shop"
BASE = "staging"
READY_DEADLINE_S = 60
GONE_DEADLINE_S = 30

# Paths below the installation's directory that may come and stay: the server's own store and log, and what outlives every
# preview (mirrors, cached builds, golden copies). In the build cache no work in progress and no reference may stay.
SERVERS_OWN_FILES = ("up.json", "*.db", "*.db-wal", "*.db-shm", "server.log", "data/lock", "data/logs*", "data/mirrors*",
                     "data/builds*", "data/*goldens*")
IN_PROGRESS = ("data/builds/.references/*", "data/builds/.work/[!l]*")


class World:
    """Not for several threads. `close()` leaves nothing. With a `Front`, the product reaches the Git host through it."""

    def __init__(self, front=None):
        self.gitea = Gitea()
        self.front = front
        self.ramet = Ramet()
        self.watch = Watch([self.ramet.directory], allowed_files=SERVERS_OWN_FILES, watched_files=IN_PROGRESS)
        self.repository = self.work = self._before = self._base = None

    def start(self):
        self.gitea.start()
        if self.front:
            self.front.start(self.gitea.url)
        self.repository = self.gitea.create_repository("shop")
        self.work = Checkout(self.gitea, self.repository)
        self.work.push_tree("main", SHOP, message="The shop")
        self.work.push("elsewhere", {})
        self.work.push("main", {"ramet.yaml": project_file()}, message="For these tests")
        self.ramet.start()
        self.connect()
        self._warm_up()
        self.remember()
        return self

    def connect(self):
        self.ramet.run("git", "connect", "gitea", "--url", (self.front or self.gitea).url, "--repo", self.repository, stdin=self.gitea.alice.token)
        wait_for(lambda: self.base()["state"] == "ready", lambda: f"the base to be ready: {self.base()}\n{self.ramet.log_tail()}",
                 READY_DEADLINE_S)

    def close(self):
        self.ramet.remove(self.watch)
        if self.work:
            self.work.remove()
        if self.front:
            self.front.stop()
        self.gitea.remove()

    def _warm_up(self):
        """The first preview makes what later ones share and what stays: the golden copy, the builds."""
        number = self.open("warm-up", {"README.md": "warm\n"})
        self.wait_ready(number)
        self.gitea.close(self.repository, number)
        self.wait_gone(number)

    # -- what a scenario does

    def open(self, branch, changes, base="main"):
        self.work.push(branch, changes, start=base)
        return self.gitea.open_pull_request(self.repository, branch, base)

    def push(self, branch, changes):
        return self.work.push(branch, changes)

    def close_pull_request(self, number):
        self.gitea.close(self.repository, number)

    def finish(self, number):
        """Closes it and checks all that must hold when a preview has ended."""
        self.close_pull_request(number)
        self.wait_gone(number)
        self.check_clean()

    # -- what it asks

    def base(self):
        status, environment = self.ramet.api("GET", f"/environments/{BASE}")
        return environment if status == 200 else {"state": f"{status} {environment}"}

    def preview(self, number):
        return self.ramet.find_preview(name_of(number))

    def runs(self, number):
        """All that the API knows of, whatever came of them."""
        status, answer = self.ramet.api("GET", f"/runs?environment={name_of(number)}&project=shop")
        assert status == 200, f"{status} {answer}"
        return answer["runs"]

    def head(self, number):
        return self.gitea.pull_request(self.repository, number)["head"]["sha"]

    def wait_ready(self, number, commit=None):
        """Ready at its newest commit."""
        wanted = commit or self.head(number)

        def ready():
            preview = self.preview(number)
            return preview if preview and preview["state"] == "ready" and preview["commit"] == wanted else None
        return wait_for(ready, lambda: f"{name_of(number)} to be ready at {wanted}\n{self.evidence(number)}", READY_DEADLINE_S)

    def wait_state(self, number, *states):
        def reached():
            preview = self.preview(number)
            return preview if preview and preview["state"] in states else None
        return wait_for(reached, lambda: f"{name_of(number)} to be {states}\n{self.evidence(number)}", READY_DEADLINE_S, pause_s=0.005)

    def wait_gone(self, number):
        wait_for(lambda: self.preview(number) is None, lambda: f"{name_of(number)} to be gone\n{self.evidence(number)}", GONE_DEADLINE_S)

    def wait_status(self, commit, *states):
        """The newest commit status that the product set."""
        def status():
            newest = [found for found in self.gitea.statuses(self.repository, commit) if "ramet" in found["context"].lower()][:1]
            return newest[0] if newest and newest[0]["status"] in states else None
        return wait_for(status, lambda: f"a status {states} on {commit}: {self.gitea.statuses(self.repository, commit)}", READY_DEADLINE_S)

    def why(self, number):
        done = self.ramet.cli("why", name_of(number))
        return done.out + done.err

    def evidence(self, number):
        return f"{self.preview(number)}\nwhy: {self.why(number)}\nlog:\n{self.ramet.log_tail()}"

    def marked_comments(self, number):
        """Those that carry the product's marker."""
        return [comment for comment in self.gitea.comments(self.repository, number)
                if re.search(rf"<!-- ramet:[\w-]+:{name_of(number)} -->", comment["body"])]

    def get(self, preview, service, path="/"):
        return self.ramet.request(preview["urls"][service], path=path)

    def processes(self, preview):
        """Of each service the processes that /proc knows under the ids that the product names, with their start."""
        found = {}
        for service in preview["services"]:
            found[service["name"]] = {(pid, start_of(pid)) for pid in service["process_ids"]}
            assert found[service["name"]], f"{service['name']} runs no process: {service}"
        return found

    def build_is_running(self):
        return any("build.py" in process.command for process in self.watch.related_processes().values())

    # -- what must hold afterwards

    def remember(self):
        """The state to which every scenario must return."""
        # A base may write into its own folder: what it holds is compared by its fingerprint.
        self.watch.allowed_files = (*SERVERS_OWN_FILES, f"data/environments/{self.base()['id']}/*")
        self.watch.ignored_pids = {self.ramet.pid}
        # One that has no command line yet, or none any more, comes and goes: a look at somebody's health.
        settled = lambda: all(process.command or process.is_zombie for process in self.watch.take().processes)
        wait_for(settled, "the processes of the base to have begun")
        self._before = self.watch.take()
        self._base = self.fingerprint()

    def check_clean(self):
        """Nothing is left, and the base is what it was. A leftover is what stays: stragglers get a moment to end."""
        self.watch.ignored_pids = {self.ramet.pid}
        left = lambda: self.watch.leftovers(self._before)
        wait_for(lambda: not left(), lambda: "nothing to be left:\n" + "\n".join(left()[:40]), deadline_s=5)
        missing = self._before.minus(self.watch.take())
        gone = [line for line in missing if line.startswith(("process", "ports", "mounts"))]
        assert not gone, "the base lost:\n" + "\n".join(gone)
        changes = self._base.changes(self.fingerprint())
        assert not changes, "the base changed:\n" + "\n".join(changes)

    def fingerprint(self):
        return take_fingerprint(self.ramet, BASE)


def take_fingerprint(ramet, base):
    """All that must not change of a base that has services, a database "db" and a Redis "cache"."""
    shown = ramet.json("env", "show", base)
    parts = {"postgres": fingerprint.of_postgres(ramet.connection_url(base, "db")),
             "redis": fingerprint.of_redis(ramet.connection_url(base, "cache")),
             "said": describe_base(shown)}
    for service in shown["services"]:
        pid = service["process_ids"][0]
        # As the service itself sees it, wherever the product keeps it.
        parts[f"work tree of {service['name']}"] = fingerprint.of_tree(f"/proc/{pid}/cwd/")
        parts[f"configuration of {service['name']}"] = fingerprint.of_environment(pid)
    return fingerprint.join(parts)


def describe_base(shown):
    kept = {name: shown[name] for name in ("name", "state", "commit", "urls")}
    services = {f"service {service['name']}": {key: service[key] for key in ("state", "restarts", "process_ids")}
                for service in shown["services"]}
    return {name: str(value) for name, value in {**kept, **services}.items()}


def never(condition, seconds=1.0):
    """For what must not happen: asked all the time for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return False
        time.sleep(0.02)
    return True


def name_of(number):
    return f"pr-{number}"


def start_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def project_file():
    """The shop's own file, with a trigger that leaves out the branch `elsewhere`."""
    return replaced(shop_file("ramet.yaml"), "{on: [pull_request]}", '{on: [pull_request], branches: [main, "stack-*", release]}')


def shop_file(name):
    return (SHOP / name).read_text()


def slow_build(seconds):
    """The page's build, which takes its time first."""
    return f"import time\ntime.sleep({seconds})\n" + shop_file("apps/web/build.py")


def page_saying(text):
    return replaced(shop_file("apps/web/templates/page.html"), "<h1>Shop</h1>", f"<h1>{text}</h1>")


def api_saying(text):
    """The API with another answer to /version."""
    return replaced(shop_file("apps/api/api.py"), '"version": built', f'"says": "{text}", "version": built')


def replaced(text, old, new):
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the shop's file"
    return text.replace(old, new)
