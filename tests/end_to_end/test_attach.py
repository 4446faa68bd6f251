"""People get into a running preview: a command beside a service, a port of its database. Nothing of it is left behind."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import urllib.request

import psycopg2
import pytest

from gitea import wait_for
from ramet import NOT_FOUND
from world import BASE, name_of

WRONG_USAGE, NOT_ALLOWED, CONFLICT = 2, 4, 5


@pytest.fixture
def preview(shop):
    """One that is ready; at the end it is closed, and nothing of it may be left."""
    number = shop.open("attach", {"README.md": f"attach {os.urandom(4).hex()}\n"})
    shop.wait_ready(number)
    yield number
    shop.finish(number)


@contextlib.contextmanager
def begun(shop, *arguments):
    process = shop.ramet.begin(*arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def processes_with(shop, text):
    return [process for process in shop.watch.related_processes().values() if text in process.command and "ramet exec" not in process.command]


def test_input_and_output_go_through_a_command_and_its_exit_code_is_the_own(shop, preview):
    script = "tr a-z A-Z; echo aside >&2; exit 7"
    done = shop.ramet.cli("exec", name_of(preview), "api", "--", "sh", "-c", script, stdin="some text\n" * 10_000)
    assert (done.code, done.out, done.err) == (7, "SOME TEXT\n" * 10_000, "aside\n")
    assert shop.ramet.cli("exec", name_of(preview), "api", "true").code == 0


def test_a_command_runs_as_its_service_does(shop, preview):
    service = next(it for it in shop.preview(preview)["services"] if it["name"] == "api")
    pid = service["process_ids"][0]
    own = pathlib.Path(f"/proc/{pid}")
    said = shop.ramet.run("exec", name_of(preview), "api", "--", "sh", "-c", "id -u; pwd; grep ^0:: /proc/self/cgroup").out.split()
    assert int(said[0]) == own.stat().st_uid or os.geteuid() != 0
    assert said[1] == os.readlink(own / "cwd")
    service_group = (own / "cgroup").read_text().strip().rpartition("::")[2]
    if "/ramet-" in service_group:
        assert said[2].rpartition("::")[2].rpartition("/")[0] == service_group.rpartition("/")[0]
    names = set(shop.ramet.run("exec", name_of(preview), "api", "--", "sh", "-c", "env").out.split())
    served = {item.split(b"=")[0].decode() for item in (own / "environ").read_bytes().split(b"\0") if item}
    assert served - {"LC_CTYPE"} <= {name.split("=")[0] for name in names} | {"RAMET_REPLICA"}


def test_a_secret_that_a_command_prints_comes_out_redacted(shop, preview):
    password = psycopg2.extensions.parse_dsn(shop.ramet.connection_url(name_of(preview)))["password"]
    script = "env; env >&2; printenv DATABASE_URL | base64 -w0; printenv DATABASE_URL | head -c 30; sleep 0.1; printenv DATABASE_URL | tail -c +31"
    done = shop.ramet.run("exec", name_of(preview), "api", "--", "sh", "-c", script)
    for said in (done.out, done.err):
        assert "DATABASE_URL=postgres" in said and "***" in said
        assert password not in said


def test_a_command_that_cannot_be_run_says_why_and_what_to_do(shop, preview):
    name = name_of(preview)
    for arguments, code, words in (
            (("exec", name, "nothing", "true"), NOT_FOUND, "has no service nothing"),
            (("exec", "pr-999", "api", "true"), NOT_FOUND, "no environment is called pr-999"),
            (("exec", name, "api", "no-such-program"), WRONG_USAGE, "no-such-program"),
            (("exec", name, "api"), WRONG_USAGE, "COMMAND is missing"),
            (("port-forward", name, "nothing"), NOT_FOUND, "has no service nothing"),
            (("port-forward", name, "db", "70000"), WRONG_USAGE, "no port")):
        done = shop.ramet.cli(*arguments)
        assert (done.code, done.out) == (code, ""), (arguments, done)
        assert "error: " in done.err and words in done.err, done.err


def test_a_viewer_gets_neither_and_each_use_is_in_the_audit_log(shop, preview):
    name = name_of(preview)
    shop.ramet.run("exec", name, "api", "--", "/bin/echo", "not-for-the-log")
    entries = shop.ramet.json("audit", "--limit", "1000")
    entries = entries if isinstance(entries, list) else entries["entries"]
    used = [it for it in entries if it["action"] == "exec" and it["subject"] == f"{name}/api"]
    assert used and "echo" in str(used[-1]["detail"]) and "not-for-the-log" not in str(entries)
    administrator = shop.ramet.token
    shop.ramet.token = shop.ramet.json("token", "create", "vera", "--role", "viewer")["token"]
    try:
        for arguments in (("exec", name, "api", "true"), ("port-forward", name, "db")):
            done = shop.ramet.cli(*arguments)
            assert done.code == NOT_ALLOWED and "role" in done.err, done
    finally:
        shop.ramet.token = administrator


def test_the_database_answers_at_a_forwarded_port(shop, preview):
    parts = psycopg2.extensions.parse_dsn(shop.ramet.connection_url(name_of(preview)))
    with begun(shop, "port-forward", name_of(preview), "db") as process:
        line = process.stdout.readline()
        assert line.endswith(f"→ {name_of(preview)}/db\n"), line
        port = int(line.split()[0].rpartition(":")[2])
        assert port != int(parts["port"])
        for _ in range(3):
            connection = psycopg2.connect(**{**parts, "host": "127.0.0.1", "port": port})
            with contextlib.closing(connection), connection.cursor() as cursor:
                cursor.execute("select count(*), sum(length(repeat('x', 1000))) from generate_series(1, 20000)")
                assert cursor.fetchone() == (20_000, 20_000_000)
                cursor.execute("select repeat('y', 20000000)")
                assert len(cursor.fetchone()[0]) == 20_000_000
        environment = {**os.environ, "PGPASSWORD": parts["password"]}
        arguments = ["psql", "-h", "127.0.0.1", "-p", str(port), "-U", parts["user"], "-d", parts["dbname"], "-Atc", "select 6*7"]
        assert subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=30).stdout == "42\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_a_service_answers_at_a_forwarded_port(shop, preview):
    with begun(shop, "port-forward", name_of(preview), "api", "-o", "json") as process:
        said = json.loads(process.stdout.readline())
        assert said["to"] == "api"
        with urllib.request.urlopen(f"http://127.0.0.1:{said['port']}/orders/count", timeout=10) as reply:
            assert reply.status == 200


def test_a_command_ends_with_the_client_that_asked_for_it(shop, preview):
    for number in (signal.SIGINT, signal.SIGKILL):
        with begun(shop, "exec", name_of(preview), "api", "--", "sh", "-c", "echo ready; trap '' TERM; sleep 86321") as process:
            assert process.stdout.readline() == "ready\n"
            assert processes_with(shop, "sleep 86321")
            process.send_signal(number)
            assert process.wait(10) == (130 if number == signal.SIGINT else -number)
        wait_for(lambda: not processes_with(shop, "sleep 86321"), "the command to end", deadline_s=10)


def test_a_command_ends_when_the_server_is_killed(shop, preview):
    with begun(shop, "exec", name_of(preview), "api", "--", "sh", "-c", "echo ready; exec sleep 86322") as process:
        assert process.stdout.readline() == "ready\n"
        shop.ramet.restart_after_kill()
        assert process.wait(20) == 1
        assert "the connection to the server was lost" in process.stderr.read()
    wait_for(lambda: not processes_with(shop, "sleep 86322"), "the command to end", deadline_s=10)
    assert shop.ramet.run("exec", name_of(preview), "api", "echo", "again").out == "again\n"


def test_a_command_ends_with_its_preview(shop):
    shop.work.push("attach-end", {})
    shop.ramet.run("preview", "create", "--base", BASE, "--branch", "attach-end", "--name", "attach-end")
    script = "trap '' TERM; (setsid sleep 86323 &); echo ready; while :; do sleep 1; done"
    with begun(shop, "exec", "attach-end", "api", "--", "sh", "-c", script) as process, begun(shop, "port-forward", "attach-end", "db") as forward:
        assert process.stdout.readline() == "ready\n"
        assert forward.stdout.readline()
        shop.ramet.run("preview", "delete", "attach-end", "--yes")
        assert process.wait(20) == 128 + signal.SIGKILL
        assert "the service was stopped" in process.stderr.read()
    assert shop.ramet.show("attach-end") is None
    shop.check_clean()
