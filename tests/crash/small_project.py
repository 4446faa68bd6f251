"""The smallest project that has a resource of every kind of the local target: two services, a job, PostgreSQL, Redis, a base and
previews that clone it. What it runs starts within milliseconds, so that hundreds of crashes fit into minutes."""
import pathlib
import subprocess

SERVER_SOURCE = pathlib.Path(__file__).resolve().parent.parent / "bench" / "tiny_server.c"
BASE = "base"

PROJECT_FILE = """\
version: 1
project: small
services:
  web:
    build: {context: app, command: "sh build.sh"}
    run: [./server]
    port: 8080
    public: true
    needs: {db: healthy, cache: healthy, migrate: completed}
    health: {http: /healthz}
    env: {DATABASE_URL: "${databases.db.url}"}
  worker: {from: web, run: [./server], port: 8081, needs: {web: healthy}, health: {http: /healthz}}
vars:
  SESSION_KEY: {generate: random, length: 32, secret: true}
databases:
  db: {type: postgres, version: "15", storage: 1Gi}
  cache: {type: redis}
jobs:
  migrate: {from: web, run: [/usr/bin/python3, migrate.py], when: before-start}
environments:
  base: {branch: main, target: here}
targets:
  here: {type: local}
previews:
  base: base
  target: here
  data:
    db: {strategy: clone, from: base@latest}
    cache: {strategy: empty}
  limits: {max_active: 10, min_free_disk: 1Mi}
"""

# Idempotent, as a migration is; what it leaves tells how often it ran to its end.
MIGRATE = """\
import os
import psycopg2
with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS item (id integer PRIMARY KEY, text text)")
    cursor.execute("INSERT INTO item SELECT n, md5(n::text) FROM generate_series(1, 1000) AS n ON CONFLICT DO NOTHING")
"""


class Repository:
    """A Git repository on disk, driven by git alone."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._version = 0

    def make(self):
        app = self.path / "app"
        app.mkdir(parents=True)
        (self.path / "ramet.yaml").write_text(PROJECT_FILE)
        subprocess.run(["cc", "-Os", "-static", "-s", "-o", app / "server", SERVER_SOURCE], check=True)
        (app / "build.sh").write_text("cp version built\n")
        (app / "migrate.py").write_text(MIGRATE)
        (app / "version").write_text("0\n")
        self._git("init", "--quiet", "--initial-branch=main")
        self._commit("A small project")
        self._git("checkout", "--quiet", "-b", "change")
        self.change()
        return self

    def change(self):
        """One more commit on the branch `change`, for which web and what is built with it have to be built anew."""
        self._version += 1
        (self.path / "app" / "version").write_text(f"{self._version}\n")
        return self._commit(f"Version {self._version}")

    def _commit(self, message):
        self._git("add", "--all")
        self._git("-c", "user.name=Crash", "-c", "user.email=crash@example.com", "commit", "--quiet", f"--message={message}")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments):
        return subprocess.run(["git", "-C", self.path, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
