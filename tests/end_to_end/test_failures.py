"""What fails keeps what served before serving, and says why with the evidence."""
import contextlib
import json
import os
import re
import signal
import socket
import subprocess

import psycopg2
import pytest

from gitea import wait_for
from ramet import Load, binary
from world import page_saying, project_file, replaced, shop_file, slow_build

EVIDENCE = "the-evidence-4711"
FAILING_BUILD = {"apps/web/build.py": f"import sys\nsys.exit('{EVIDENCE}')\n"}
NEVER_HEALTHY = {
    "apps/web/web.py": replaced(shop_file("apps/web/web.py"), "def health(_):\n", f"def health(_):\n    raise Refused(503, '{EVIDENCE}')\n"),
    "ramet.yaml": None,  # Filled in below: a shorter patience.
}
CRASHES_AT_START = {"apps/web/serve.py": f"import sys\nsys.exit('{EVIDENCE}')\n", "ramet.yaml": None}
FORKS_AND_DIES = {"apps/web/serve.py": f"""\
import os, sys, time
print('{EVIDENCE}', flush=True)
if os.fork():
    sys.exit(0)
os.setsid()
for _ in range(3):
    os.fork()
time.sleep(600)
""", "ramet.yaml": None}
FAILING_JOB = {"apps/api/migrations/0003_broken.sql": f"DROP TABLE shipments; SELECT '{EVIDENCE}'::int;\n"}


def with_short_patience(shop, changes):
    shop.work.switch_to("main")
    text = (shop.work.path / "ramet.yaml").read_text().replace("timeout: 30s", "timeout: 3s")
    return {name: text if content is None else content for name, content in changes.items()}


@pytest.mark.parametrize("story, changes", [
    ("build", FAILING_BUILD), ("health", NEVER_HEALTHY), ("start", CRASHES_AT_START), ("fork", FORKS_AND_DIES), ("job", FAILING_JOB)])
def test_a_push_that_fails_keeps_the_old_version_serving_and_the_next_one_heals(shop, story, changes):
    number = shop.open(f"fails-{story}", {"apps/web/templates/page.html": page_saying("Good")})
    preview = shop.wait_ready(number)
    with Load(shop.ramet, preview["urls"]["web"], "/") as load:
        bad = shop.push(f"fails-{story}", with_short_patience(shop, changes))
        shop.wait_status(bad, "failure", "error")
    assert load.failures == []
    assert "<h1>Good</h1>" in shop.get(preview, "web").text
    assert EVIDENCE in shop.why(number)
    assert json.loads(shop.get(preview, "api", "/orders/count").text)["shipped"] >= 0
    undo = {name: shop_file(name) if (name != "apps/api/migrations/0003_broken.sql") else None for name in changes if name != "ramet.yaml"}
    healed = shop.push(f"fails-{story}", {**undo, "apps/web/templates/page.html": page_saying("Healed")})
    assert "<h1>Healed</h1>" in shop.get(shop.wait_ready(number, healed), "web").text
    shop.finish(number)


def test_a_job_that_failed_for_a_reason_outside_is_run_again_when_somebody_asks_again(shop):
    number = shop.open("mended-outside", {"README.md": "mended\n"})
    preview = shop.wait_ready(number)
    bad = shop.push("mended-outside", {"apps/api/migrations/0003_by_hand.sql": "INSERT INTO made_by_hand VALUES (1);\n"})
    shop.wait_status(bad, "failure", "error")
    assert '"made_by_hand" does not exist' in shop.why(number)
    with contextlib.closing(psycopg2.connect(shop.ramet.connection_url(preview["name"]))) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE made_by_hand (id int)")
    shop.ramet.run("preview", "redeploy", preview["name"])
    shop.wait_ready(number, bad)
    shop.finish(number)


@pytest.mark.parametrize("story, changes", [("build", FAILING_BUILD), ("start", CRASHES_AT_START), ("fork", FORKS_AND_DIES), ("job", FAILING_JOB)])
def test_a_first_create_that_fails_is_rolled_back_and_says_why(shop, story, changes):
    number = shop.open(f"never-{story}", with_short_patience(shop, changes))
    shop.wait_state(number, "failed")
    shop.wait_status(shop.head(number), "failure", "error")
    assert EVIDENCE in shop.why(number)
    comment = wait_for(lambda: shop.marked_comments(number), "the comment")[0]
    assert "fail" in comment["body"].lower()
    wait_for(lambda: not [line for line in shop.watch.leftovers(shop._before) if line.startswith(("process", "ports", "mounts"))],
             "no process, port or mount of what was rolled back")
    shop.finish(number)


def test_a_broken_project_file_is_refused_with_its_line(shop):
    number = shop.open("broken-file", {"ramet.yaml": "version: 1\nproject: shop\nservises: {}\n"})
    status = shop.wait_status(shop.head(number), "failure", "error")
    explained = shop.why(number) + status["description"] + "".join(it["body"] for it in shop.marked_comments(number))
    assert "servises" in explained
    shop.finish(number)


def test_a_service_that_dies_is_started_again_and_counted(shop):
    number = shop.open("dies", {"README.md": "dies\n"})
    preview = shop.wait_ready(number)
    (pid, _), = shop.processes(preview)["api"]
    os.kill(pid, signal.SIGKILL)

    def recovered():
        api = next(it for it in shop.preview(number)["services"] if it["name"] == "api")
        return api["state"] == "healthy" and api["restarts"] == 1 and pid not in api["process_ids"]
    wait_for(recovered, "the API to be started again")
    assert shop.get(preview, "api", "/healthz").status == 200
    shop.finish(number)


def test_an_unknown_host_is_a_404_and_a_dead_service_is_named(shop):
    answer = shop.ramet.request("http://nobody-pr-999.localhost")
    assert answer.status == 404


def test_while_the_git_host_is_down_nothing_changes_and_afterwards_all_is_caught_up(shop):
    number = shop.open("outage", {"README.md": "outage\n"})
    preview = shop.wait_ready(number)
    processes = shop.processes(preview)
    shop.gitea.stop()
    try:
        shop.ramet.cli("preview", "redeploy", preview["name"], "--no-wait")
        assert shop.get(preview, "web").status == 200
        assert shop.preview(number)["state"] != "deleting"
    finally:
        shop.gitea.start()
    assert shop.processes(shop.wait_ready(number)).keys() == processes.keys()
    shop.finish(number)


def test_what_happened_while_the_server_was_away_is_caught_up(shop):
    closed = shop.open("away-closed", {"README.md": "a\n"})
    pushed = shop.open("away-pushed", {"README.md": "b\n"})
    shop.wait_ready(closed)
    shop.wait_ready(pushed)
    shop.ramet.stop()
    try:
        shop.close_pull_request(closed)
        commit = shop.push("away-pushed", {"apps/web/templates/page.html": page_saying("Caught up")})
        opened = shop.open("away-opened", {"README.md": "c\n"})
    finally:
        shop.ramet.start()
    shop.wait_gone(closed)
    assert "<h1>Caught up</h1>" in shop.get(shop.wait_ready(pushed, commit), "web").text
    shop.wait_ready(opened)
    shop.close_pull_request(opened)
    shop.wait_gone(opened)
    shop.finish(pushed)


@contextlib.contextmanager
def trusted_file(shop, old, new):
    """The trusted branch says something else meanwhile."""
    def push(text):
        commit = shop.work.push("main", {"ramet.yaml": text})
        wait_for(lambda: shop.base()["state"] == "ready" and shop.base()["commit"] == commit, lambda: f"the base at {commit}: {shop.base()}", 60)
        wait_for(lambda: processes_of_programs(shop) == {pid for it in shop.base()["services"] for pid in it["process_ids"]},
                 "the base's old version to end")
        shop.remember()
    push(replaced(project_file(), old, new))
    try:
        yield
    finally:
        push(project_file())


def processes_of_programs(shop):
    return {pid for pid, process in shop.watch.related_processes().items() if process.command.startswith("/usr/bin/python3 ")}


def test_a_build_that_never_ends_is_ended_at_its_deadline_and_says_so(shop):
    with trusted_file(shop, "  lifecycle:", "  deploy: {timeout: 8s}\n  lifecycle:"):
        number = shop.open("endless", {"apps/web/build.py": slow_build(600)})
        wait_for(shop.build_is_running, "the endless build to run")
        shop.wait_state(number, "failed")
        shop.wait_status(shop.head(number), "failure", "error")
        assert "build" in shop.why(number) and "8" in shop.why(number), shop.why(number)
        wait_for(lambda: not shop.build_is_running(), "the endless build to be ended")
        healed = shop.push("endless", {"apps/web/build.py": slow_build(0)})
        shop.wait_ready(number, healed)
        shop.finish(number)


def test_a_service_whose_port_another_program_took_is_not_told_to_be_ready(shop):
    number = shop.open("port", {"README.md": "port\n"})
    preview = shop.wait_ready(number)
    port = port_of(preview, "api")
    end_listeners(shop, port)
    try:
        with socket.create_server(("127.0.0.1", port)):
            told = shop.ramet.cli("preview", "redeploy", preview["name"])
            assert told.code != 0 and str(port) in told.err + shop.why(number), told
        shop.ramet.run("preview", "redeploy", preview["name"])
        assert shop.get(shop.wait_ready(number), "api", "/healthz").status == 200
    finally:
        shop.finish(number)


def port_of(preview, service):
    return int(next(it["address"] for it in preview["services"] if it["name"] == service).rpartition(":")[2])


def end_listeners(shop, port):
    """As a crash would, with no chance to say anything; whoever holds the port is gone afterwards."""
    def holders():
        done = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=True)
        return {int(word.partition(",")[0]) for word in done.stdout.split("pid=")[1:]}

    def is_free():
        for pid in holders() & set(shop.watch.related_processes()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not holders()
    wait_for(is_free, lambda: f"nobody to hold {port}: {holders()}")


def test_a_taken_port_keeps_the_server_from_starting_and_says_which(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for option in ("--listen", "--proxy-listen"):
            other = "--proxy-listen" if option == "--listen" else "--listen"
            done = subprocess.run([binary(), "up", "--no-input", "--data-dir", tmp_path / "data", option, f"127.0.0.1:{port}",
                                   other, "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
            assert done.returncode == 5 and str(port) in done.stderr, done


def test_a_second_server_on_the_same_directory_is_refused(shop):
    done = subprocess.run([binary(), "up", "--no-input", "--data-dir", shop.ramet.data, "--listen", "127.0.0.1:0", "--proxy-listen",
                           "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 5 and str(shop.ramet.data) in done.stderr, done
    assert shop.base()["state"] == "ready"


def test_a_database_that_will_not_stop_is_removed_all_the_same(shop):
    began = max(process.started for process in shop.watch.related_processes().values())
    number = shop.open("stubborn", {"README.md": "stubborn\n"})
    shop.wait_ready(number)
    servers = [pid for pid, process in shop.watch.related_processes().items()
               if process.started > began and re.match(r"(.*/postgres|redis-server) ", process.command)]
    assert len(servers) == 2
    for pid in servers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    shop.finish(number)

