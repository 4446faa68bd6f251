"""What fails keeps what served before serving, and says why with the evidence."""
import json
import os
import signal

import pytest

from gitea import wait_for
from ramet import Load
from world import page_saying, replaced, shop_file

EVIDENCE = "the-evidence-4711"
FAILING_BUILD = {"apps/web/build.py": f"import sys\nsys.exit('{EVIDENCE}')\n"}
NEVER_HEALTHY = {
    "apps/web/web.py": replaced(shop_file("apps/web/web.py"), "def health(_):\n", f"def health(_):\n    raise Refused(503, '{EVIDENCE}')\n"),
    "ramet.yaml": None,  # Filled in below: a shorter patience.
}
CRASHES_AT_START = {"apps/web/serve.py": f"import sys\nsys.exit('{EVIDENCE}')\n", "ramet.yaml": None}
FAILING_JOB = {"apps/api/migrations/0003_broken.sql": f"DROP TABLE shipments; SELECT '{EVIDENCE}'::int;\n"}


def with_short_patience(shop, changes):
    shop.work.switch_to("main")
    text = (shop.work.path / "ramet.yaml").read_text().replace("timeout: 30s", "timeout: 3s")
    return {name: text if content is None else content for name, content in changes.items()}


@pytest.mark.parametrize("story, changes", [
    ("build", FAILING_BUILD), ("health", NEVER_HEALTHY), ("start", CRASHES_AT_START), ("job", FAILING_JOB)])
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


@pytest.mark.parametrize("story, changes", [("build", FAILING_BUILD), ("start", CRASHES_AT_START), ("job", FAILING_JOB)])
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
