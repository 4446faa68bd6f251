"""A server that ends by SIGKILL at a place of our choice, the small project on it, and what must hold after the next one took over.

The places are found by counting: the binary for this test writes down every one that it passes. Nothing here knows their names.
"""
import collections
import functools
import pathlib
import re
import signal
import tempfile
import time

from gitea import wait_for
from leftovers import Watch
from ramet import Ramet
from small_project import BASE, Repository
from world import IN_PROGRESS, SERVERS_OWN_FILES, take_fingerprint
from written_down import find_written, secrets_of

NAME = "change"
CONVERGED_DEADLINE_S = 30
# Whether a readiness is looked at once or five times depends on the machine's speed: the first looks are places enough.
REPEATED = re.compile(r" #(\d+)$")
MOST_REPEATS = 2


class ObedientRamet(Ramet):
    """A server of the build with failpoints: it obeys orders (tests/failpoints/orders.hpp), also while it runs."""

    def __init__(self, directory=None):
        super().__init__(directory)
        self.clock_ahead_s = 0
        self._orders = self.directory / "orders"
        self.order()

    def order(self, *lines):
        """From now on, and nothing else; all counts begin anew."""
        fresh = self._orders.with_suffix(".new")
        fresh.write_text("\n".join((f"root {self.data}", f"clock {self.clock_ahead_s}", *lines)) + "\n")
        fresh.rename(self._orders)

    def restart(self, *orders):
        if self._process:
            self.kill()
        self.order(*orders)
        try:
            self.start()
        except AssertionError:
            # In the middle of its recovery: before it said that it is ready.
            if not (any(order.startswith("kill ") for order in orders) and self._process.poll() == -signal.SIGKILL):
                raise

    def has_ended(self):
        return self._process.poll() is not None

    @functools.cache
    def connection_url(self, environment, database="db"):
        """Asked for once: a base keeps its addresses, and each question starts a process."""
        return super().connection_url(environment, database)

    def _server_environment(self):
        return {**super()._server_environment(), "RAMET_FAILPOINTS": str(self._orders)}

    def _command_environment(self):
        """Nobody orders the commands."""
        environment = super()._command_environment()
        del environment["RAMET_FAILPOINTS"]
        return environment


class CrashWorld:
    def __init__(self, directory=None):
        self.ramet = ObedientRamet(directory)
        self.watch = Watch([self.ramet.directory], allowed_files=SERVERS_OWN_FILES, watched_files=IN_PROGRESS)
        self.repository = Repository(self.ramet.directory / "repository")
        self.slowest_s = 0.0
        self.refusals = None  # A list, where a request may be refused: what was answered.
        self._before = self._base = self._running = None

    def start(self):
        self.repository.make()
        self.ramet.restart()
        self.ramet.run("apply", "-f", self.repository.path / "ramet.yaml", "--repo", self.repository.path)
        # The first preview makes what later ones share: the golden copy, the builds.
        self.create_and_wait()
        self._remember_preview()
        self.destroy_and_wait()
        self._remember_base()
        return self

    def close(self):
        self.ramet.remove(self.watch)

    # -- the work that is interrupted

    def create(self, name=NAME):
        return self.ask("POST", "/previews", {"base": BASE, "branch": NAME, "name": name})

    def update(self):
        return self.ask("POST", f"/previews/{NAME}/redeploy", {})

    def destroy(self, name=NAME):
        return self.ask("DELETE", f"/previews/{name}", None)

    def sweep(self):
        self.ask("POST", "/sweeps", {"confirmed": True})

    def findings_of_sweep(self):
        """What a sweep sees, for the next one: nothing is removed."""
        status, report = self.ramet.api("POST", "/sweeps", {"dry_run": True})
        assert status == 200, f"{status} {report}"
        return report["findings"]

    def ask(self, method, path, body):
        """Whether it was promised. A server that ends in the middle of its answer has been asked all the same."""
        try:
            status, answer = self.ramet.api(method, path, body)
        except OSError:
            return False
        if status in (200, 201, 202):
            return True
        self.refused(f"{method} {path}: {status} {answer}")
        return False

    def refused(self, why):
        assert self.refusals is not None, why
        self.refusals.append(why)

    # -- what must come of it

    def preview(self, name=NAME):
        return self.ramet.find_preview(name)

    def wait_ready(self, commit=None, name=NAME):
        def ready():
            preview = self.preview(name)
            return preview if preview and preview["state"] == "ready" and commit in (None, preview["commit"]) else None
        return self._converge(ready, "the preview to be ready")

    def wait_gone(self, name=NAME):
        self._converge(lambda: self.preview(name) is None, "the preview to be gone")

    def _converge(self, condition, what):
        began = time.monotonic()
        found = wait_for(condition, lambda: f"{what}\n{self.evidence()}", CONVERGED_DEADLINE_S, pause_s=0.01)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        return found

    def evidence(self):
        why = self.ramet.cli("why", NAME)
        return f"{self.preview()}\nwhy: {why.out}{why.err}\nlog:\n{self.ramet.log_tail()}"

    def create_and_wait(self):
        self.create()
        self.wait_ready()

    def destroy_and_wait(self):
        self.destroy()
        self.wait_gone()

    def check_ready(self):
        """It serves, everything of it runs once, none of its secrets was written down, the base is what it was."""
        preview = self.preview()
        answer = self.ramet.request(preview["urls"]["web"], path="/healthz")
        assert answer.status == 200, f"{answer}\n{self.evidence()}"
        wait_for(lambda: self._commands() == self._running, lambda: "each process to run once:\n" + self._difference(), deadline_s=5)
        web = next(service for service in preview["services"] if service["name"] == "web")
        written = find_written(self.ramet.directory, secrets_of(web["process_ids"][0]), known=NAME)
        assert not written, "\n".join(written)
        self.check_base()

    def take_snapshot(self):
        self.watch.ignored_pids = {self.ramet.pid}
        return self.watch.take()

    def check_gone(self, before=None, but=None):
        """Nothing is here that was not there `before` (at the beginning when not given), `but` what has this in its name."""
        self.watch.ignored_pids = {self.ramet.pid}
        left = lambda: [line for line in self.watch.leftovers(before or self._before) if not (but and but in line)]
        wait_for(lambda: not left(), lambda: "nothing to be left:\n" + "\n".join(left()[:40]), deadline_s=10)
        self.check_base()

    def check_base(self):
        changes = self._base.changes(take_fingerprint(self.ramet, BASE)) if self._base else []
        assert not changes, "the base changed:\n" + "\n".join(changes)

    # -- what it is compared with

    def _remember_preview(self):
        # Short-lived ones (a connection's server process, a look at its health) come and go.
        wait_for(lambda: self._commands() == self._commands(), "the processes of the preview to settle")
        self._running = self._commands()

    def _remember_base(self):
        base = self.ramet.json("env", "show", BASE)
        self.watch.allowed_files = (*SERVERS_OWN_FILES, "repository*", "orders*", "places*", "away*", f"data/environments/{base['id']}/*")
        self._before = self.take_snapshot()
        self._base = take_fingerprint(self.ramet, BASE)

    def _commands(self):
        """How often each program runs, in the words of its command line without what is derived or random."""
        counted = collections.Counter()
        for process in self.watch.related_processes().values():
            if process.pid != self.ramet.pid and not process.is_zombie and not process.command.startswith("postgres: "):
                counted[re.sub(r"[0-9a-f]{8,}|\d+", "*", process.command)] += 1
        return counted

    def _difference(self):
        now = self._commands()
        return "\n".join(f"{self._running[name]} → {now[name]} {name}" for name in sorted({*now, *self._running})
                         if now[name] != self._running[name])


class Operation:
    """One kind of work and how to tell that it came to its end: `prepare` and `ask` are done under different servers."""

    def __init__(self, world):
        self.world = world
        self._is_promised = False

    def find_places(self):
        """Every place that undisturbed work passes, in their order."""
        places = self.passed_by_work("log")
        return [place for place in places if int(REPEATED.search(place)[1]) <= MOST_REPEATS]

    def passed_by_work(self, what, *orders):
        """The lines that the server writes down while it works by these orders: of its "log" of places, or of its "operations"."""
        self.prepare()
        with tempfile.NamedTemporaryFile(dir=self.world.ramet.directory, prefix="places-") as log:
            self.world.ramet.order(f"{what} {log.name}", *orders)
            self.ask()
            self.wait()
            self.world.ramet.order()
            passed = pathlib.Path(log.name).read_text().splitlines()
        self.check()
        return passed

    def crash_at(self, *places):
        """Works with one server after the other, each of which ends at its place; then the last one has to finish. Returns how
        many of them did end there: what is passed depends on what an earlier one left to be done."""
        self.prepare()
        self._is_promised = False
        crashed = 0
        for number, place in enumerate(places):
            if number == 0:
                self.world.ramet.order(f"kill {place}")
            else:
                self.world.ramet.restart(f"kill {place}")
            # Where the first server ended before it had noted that somebody asked, the second is asked as well.
            if number == 0 or not self._is_noted():
                self._is_promised |= bool(self.ask())
            if not self._wait_for_end():
                break
            crashed += 1
        self.world.ramet.restart()
        self.finish()
        return crashed

    def _is_noted(self):
        try:
            return self.was_accepted()
        except (OSError, AssertionError):
            return True  # It ends just now, with what it found.

    def _wait_for_end(self):
        """Whether the server ended before the work did."""
        def over():
            if self.world.ramet.has_ended():
                return "ended"
            try:
                return "finished" if self.is_finished() else None
            except (OSError, AssertionError):
                return None  # It ends just now.
        return wait_for(over, lambda: f"the server to end or the work to finish\n{self.world.ramet.log_tail()}",
                        CONVERGED_DEADLINE_S, pause_s=0.005) == "ended"

    def finish(self):
        """Asked for once more where the server ended before it had noted that somebody asked, as a person would. What it had
        promised by then it knows."""
        if not self.was_accepted():
            assert not self._is_promised, f"what was promised is not known any more\n{self.world.evidence()}"
            self.ask()
        self.wait()
        self.check()

    def ask_again(self):
        self.ask()


class Create(Operation):
    def prepare(self):
        if self.world.preview() is not None:
            self.world.destroy_and_wait()

    def ask(self):
        return self.world.create()

    def ask_again(self):
        if self.world.preview() is None:
            self.ask()
        else:
            self.world.update()

    def was_accepted(self):
        return self.world.preview() is not None

    def is_finished(self):
        preview = self.world.preview()
        return preview is not None and preview["state"] == "ready"

    def wait(self):
        self.world.wait_ready()

    def check(self):
        self.world.check_ready()


class Update(Operation):
    def prepare(self):
        if self.world.preview() is None:
            self.world.create_and_wait()
        self.commit = self.world.repository.change()

    def ask(self):
        return self.world.update()

    def was_accepted(self):
        preview = self.world.preview()
        return preview["commit"] == self.commit

    def is_finished(self):
        preview = self.world.preview()
        return preview["state"] == "ready" and preview["commit"] == self.commit

    def wait(self):
        self.world.wait_ready(self.commit)

    def check(self):
        self.world.check_ready()


class Destroy(Operation):
    def prepare(self):
        if self.world.preview() is None:
            self.world.create_and_wait()

    def ask(self):
        return self.world.destroy()

    def was_accepted(self):
        preview = self.world.preview()
        return preview is None or preview["state"] == "deleting"

    def is_finished(self):
        return self.world.preview() is None

    def wait(self):
        self.world.wait_gone()

    def check(self):
        self.world.check_gone()


OPERATIONS = {"create": Create, "update": Update, "destroy": Destroy}
