"""Equal contents have equal hashes, and each kind of change shows under its own name."""
import pathlib
import subprocess
import sys

import psycopg2
import pytest
import redis

from fingerprint import Fingerprint, of_environment, of_postgres, of_redis, of_tree
from gitea import wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "shop" / "tests"))
from servers import Postgres, RedisServer  # noqa: E402  (the shop's own test servers)

BEGIN = """
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
CREATE TABLE products (id int PRIMARY KEY, name text);
INSERT INTO products SELECT n, 'product ' || n FROM generate_series(1, 100) AS n;
CREATE TABLE "Odd name" (a int);
CREATE SEQUENCE numbers;
"""


@pytest.fixture(scope="module")
def server():
    with Postgres() as postgres:
        yield postgres


@pytest.fixture(scope="module")
def cache():
    with RedisServer() as server:
        yield server


@pytest.fixture
def run(server):
    connection = psycopg2.connect(server.url)
    connection.autocommit = True

    def execute(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
    execute(BEGIN)
    yield execute
    connection.close()


def test_the_same_contents_give_the_same_hash(server, run):
    first = Fingerprint(of_postgres(server.url))
    run(BEGIN)
    run("UPDATE products SET name = name")  # Other places in the file, the same rows.
    second = Fingerprint(of_postgres(server.url))
    assert first.changes(second) == []
    assert first.hash == second.hash


@pytest.mark.parametrize("change, undo, part", [
    ("UPDATE products SET name = 'other' WHERE id = 7", "", "table public.products"),
    ("DELETE FROM products WHERE id = 100", "", "table public.products"),
    ("INSERT INTO products VALUES (101, NULL)", "", "table public.products"),
    ('INSERT INTO "Odd name" VALUES (1)', "", 'table public."Odd name"'),
    ("CREATE TABLE more (a int)", "", "table public.more"),
    ("ALTER TABLE products ADD COLUMN price int", "", "schema"),
    ("CREATE INDEX ON products (name)", "", "schema"),
    ("GRANT SELECT ON products TO PUBLIC", "", "schema"),
    ("SELECT nextval('numbers')", "", "sequences"),
    ("CREATE ROLE guest", "DROP ROLE guest", "roles"),
    ("ALTER ROLE shop PASSWORD 'p@ss'", "", "passwords"),
    ("ALTER ROLE shop SET work_mem = '5MB'", "ALTER ROLE shop RESET work_mem", "role settings"),
    ("CREATE DATABASE more", "DROP DATABASE more", "databases"),
    ("SELECT pg_create_physical_replication_slot('forgotten')", "SELECT pg_drop_replication_slot('forgotten')", "replication slots"),
    ("CREATE EXTENSION pg_stat_statements SCHEMA public", "", "extensions"),
])
def test_a_change_is_seen_and_named(server, run, change, undo, part):
    before = Fingerprint(of_postgres(server.url))
    try:
        run(change)
    except psycopg2.errors.UndefinedFile:
        pytest.skip("the server has no such extension")
    try:
        after = Fingerprint(of_postgres(server.url))
    finally:
        if undo:
            run(undo)
    assert before.hash != after.hash
    assert part in [line.split(": ")[0] for line in before.changes(after)]


def test_a_changed_setting_of_the_server_is_seen(server, run):
    before = Fingerprint(of_postgres(server.url))
    run("ALTER SYSTEM SET work_mem = '7MB'")
    run("SELECT pg_reload_conf()")
    try:
        wait_for(lambda: "settings" in str(before.changes(Fingerprint(of_postgres(server.url)))), "the setting to show")
    finally:
        run("ALTER SYSTEM RESET work_mem")
        run("SELECT pg_reload_conf()")


def test_redis_is_compared_key_by_key(cache):
    with redis.Redis.from_url(cache.url) as client:
        client.set("a", 1)
        before = Fingerprint(of_redis(cache.url))
        client.set("a", 2)
        changed = Fingerprint(of_redis(cache.url))
        client.set("a", 1)
        assert Fingerprint(of_redis(cache.url)).hash == before.hash
        client.lpush("orders", 1)
        added = Fingerprint(of_redis(cache.url))
    assert [line.split(": ")[0] for line in before.changes(changed)] == ["db0 a"]
    assert [line.split(": ")[0] for line in before.changes(added)] == ["db0 orders"]


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "serve.py").write_text("pass\n")
    (tmp_path / "link").symlink_to("apps")
    (tmp_path / "service.log").write_text("")
    return tmp_path


@pytest.mark.parametrize("story, change, path", [
    ("content", lambda root: (root / "apps/serve.py").write_text("exit\n"), "apps/serve.py"),
    ("mode", lambda root: (root / "apps/serve.py").chmod(0o777), "apps/serve.py"),
    ("a new file", lambda root: (root / "apps/new.py").write_text(""), "apps/new.py"),
    ("a file that is gone", lambda root: (root / "apps/serve.py").unlink(), "apps/serve.py"),
    ("a link that leads elsewhere", lambda root: ((root / "link").unlink(), (root / "link").symlink_to("/etc")), "link"),
    ("a new empty folder", lambda root: (root / "empty").mkdir(), "empty"),
])
def test_a_change_in_the_work_tree_is_seen(tree, story, change, path):
    before = Fingerprint(of_tree(tree, skip=("*.log",)))
    change(tree)
    after = Fingerprint(of_tree(tree, skip=("*.log",)))
    assert [line.split(": ")[0] for line in before.changes(after)] == [path]


def test_what_is_skipped_does_not_count(tree):
    before = Fingerprint(of_tree(tree, skip=("*.log",)))
    (tree / "service.log").write_text("a line\n")
    assert Fingerprint(of_tree(tree, skip=("*.log",))).hash == before.hash


def test_the_variables_of_a_process_are_compared_without_showing_them(tmp_path):
    def started(value):
        with subprocess.Popen(["sleep", "600"], env={"KEPT": "1", "TOKEN": value}, cwd=tmp_path) as process:
            try:
                wait_for(lambda: "sleep" in pathlib.Path(f"/proc/{process.pid}/cmdline").read_text(), "the program to run")
                return Fingerprint(of_environment(process.pid)), Fingerprint(of_tree(f"/proc/{process.pid}/cwd/"))
            finally:
                process.kill()
    (tmp_path / "file").write_text("")
    (first, tree), (second, _) = started("secret-one"), started("secret-two")
    assert [line.split(": ")[0] for line in first.changes(second)] == ["TOKEN"]
    assert "secret" not in str(first.parts)
    assert list(tree.parts) == ["file"]
