"""Servers that share a PostgreSQL store and a data directory, and the small project on them."""
import os
import signal

from gitea import wait_for
from leftovers import Watch
from postgres_server import PostgresServer
from ramet import Ramet
from small_project import BASE, Repository
from world import IN_PROGRESS, SERVERS_OWN_FILES, take_fingerprint

CONVERGED_DEADLINE_S = 60

# Looks at every journal record from inside the database, whoever writes it: none may come from an epoch that is over.
JOURNAL_WATCH = """
CREATE TABLE late_record AS SELECT run_id, seq, epoch, epoch AS lease_epoch FROM journal LIMIT 0;
CREATE FUNCTION watch_journal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE now_at BIGINT;
BEGIN
    SELECT l.epoch INTO now_at FROM lease l JOIN run r ON r.owner_id = l.owner_id WHERE r.id = NEW.run_id;
    IF NEW.epoch IS DISTINCT FROM now_at THEN INSERT INTO late_record VALUES (NEW.run_id, NEW.seq, NEW.epoch, now_at); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch_journal BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION watch_journal();
"""


class Server(Ramet):
    """`environment` is what the next start gets on top of its own."""

    environment = {}

    def _server_environment(self):
        return {**super()._server_environment(), **self.environment}

    def stand_still(self):
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def is_up(self):
        return self._process is not None and self._process.poll() is None


class Town:
    def __init__(self):
        self.database = PostgresServer()
        self.one = Server(arguments=["--store", self.database.url])
        self.two = Server(self.one.directory, ["--store", self.database.url], number=2)
        self.servers = (self.one, self.two)
        self.watch = Watch([self.one.directory],
                           allowed_files=(*SERVERS_OWN_FILES, "up-2.json", "server-2.log", "repository*"), watched_files=IN_PROGRESS)
        self.repository = Repository(self.one.directory / "repository")
        self._before = self._base = None

    def start(self):
        self.database.start()
        self.repository.make()
        for server in self.servers:
            server.start()
        self.one.run("apply", "-f", self.repository.path / "ramet.yaml", "--repo", self.repository.path)
        # The first preview makes what later ones share: the golden copy, the builds.
        self.create(self.one, "first")
        self.wait_ready(self.one, "first")
        self.destroy(self.one, "first")
        self.wait_gone("first")
        self.database.sql(JOURNAL_WATCH)
        base = self.one.json("env", "show", BASE)
        self.watch.allowed_files = (*self.watch.allowed_files, f"data/environments/{base['id']}/*")
        self._ignore_servers()
        self._before = self.watch.take()
        self._base = take_fingerprint(self.one, BASE)
        return self

    def close(self):
        for server in self.servers:
            if server.is_up():
                server.go_on()
                server.kill()
        self.one.remove(self.watch)
        self.database.remove()

    def ensure_both(self):
        for server in self.servers:
            if not server.is_up():
                server.start()
        return self

    # -- asking one of them

    def create(self, server, name):
        status, answer = server.api("POST", "/previews", {"base": BASE, "branch": "change", "name": name})
        assert status in (201, 202), f"creating {name}: {status} {answer}"

    def redeploy(self, server, name):
        status, answer = server.api("POST", f"/previews/{name}/redeploy", {})
        assert status in (200, 202), f"redeploying {name}: {status} {answer}"

    def destroy(self, server, name):
        status, answer = server.api("DELETE", f"/previews/{name}", None)
        assert status in (200, 202, 404), f"deleting {name}: {status} {answer}"

    # -- what must come of it

    def wait_ready(self, server, name, commit=None):
        def ready():
            preview = server.find_preview(name)
            return preview if preview and preview["state"] == "ready" and commit in (None, preview["commit"]) else None
        return wait_for(ready, lambda: f"{name} to be ready\n{self.evidence(server, name)}", CONVERGED_DEADLINE_S, pause_s=0.02)

    def wait_gone(self, name):
        for server in self.servers:
            if server.is_up():
                wait_for(lambda server=server: server.find_preview(name) is None,
                         lambda server=server: f"{name} to be gone\n{self.evidence(server, name)}", CONVERGED_DEADLINE_S, pause_s=0.02)

    def wait_serves(self, server, name, path="/healthz"):
        """Through that server's own proxy, whichever of them made it."""
        url = server.find_preview(name)["urls"]["web"]
        answered = lambda: server.request(url, path=path)
        wait_for(lambda: answered().status == 200, lambda: f"{url} to answer: {answered()}\n{self.evidence(server, name)}", 20, pause_s=0.05)

    def check_nothing_left(self):
        self._ignore_servers()
        left = lambda: self.watch.leftovers(self._before)
        wait_for(lambda: not left(), lambda: "nothing to be left:\n" + "\n".join(left()[:40]), deadline_s=15)
        changes = self._base.changes(take_fingerprint(self.one, BASE))
        assert not changes, "the base changed:\n" + "\n".join(changes)

    def check_no_late_record(self):
        late = self.database.sql("SELECT * FROM late_record")
        assert not late, f"records of an epoch that was over (run|seq|its epoch|the lease's):\n{late}"

    def holders(self):
        """Of the leases that somebody has now, by owner."""
        return dict(line.split("|") for line in self.database.sql("SELECT owner_id, holder FROM lease WHERE holder <> ''").splitlines())

    def held_runs(self):
        """Runs that somebody does now: (owner, epoch of its lease) of each."""
        rows = self.database.sql("SELECT r.owner_id, l.epoch FROM run r JOIN lease l ON l.owner_id = r.owner_id "
                                 "WHERE r.ended_at IS NULL AND l.holder <> ''")
        return [(owner, int(epoch)) for owner, epoch in (line.split("|") for line in rows.splitlines())]

    def epoch_of(self, owner):
        return int(self.database.sql(f"SELECT epoch FROM lease WHERE owner_id = '{owner}'"))

    def evidence(self, server, name):
        why = server.cli("why", name)
        rows = self.database.sql("SELECT r.id, r.owner_id, r.kind, r.state, l.holder, l.epoch FROM run r LEFT JOIN lease l "
                                 "ON l.owner_id = r.owner_id WHERE r.ended_at IS NULL")
        logs = "\n".join(f"server {number}:\n{each.log_tail(25)}" for number, each in enumerate(self.servers, 1))
        return f"why: {why.out}{why.err}\nunfinished runs:\n{rows}\n{logs}"

    def _ignore_servers(self):
        self.watch.ignored_pids = {server.pid for server in self.servers if server.pid}
