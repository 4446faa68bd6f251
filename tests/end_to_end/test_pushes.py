"""Pushes to an open pull request: only what they change is touched, and nobody who asks meanwhile sees a failure."""
import contextlib
import json
import time

import psycopg2
import pytest

from gitea import wait_for
from ramet import Load
from world import api_saying, name_of, page_saying, slow_build


def database_server(shop, number):
    """Process and start of the preview's PostgreSQL, which it tells itself."""
    with contextlib.closing(psycopg2.connect(shop.ramet.connection_url(name_of(number)))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT inet_server_port(), pg_postmaster_start_time()")
        return cursor.fetchone()


@pytest.mark.parametrize("branch, change, restarted", [
    ("push-page", {"apps/web/templates/page.html": page_saying("Pushed")}, {"web"}),
    # The page knows its commit, so it starts anew with every push; nobody else does.
    ("push-api", {"apps/api/api.py": api_saying("pushed")}, {"web", "api", "worker"}),
    ("push-text", {"README.md": "pushed\n"}, {"web"}),
])
def test_a_push_leaves_the_processes_of_what_it_does_not_change_alone(shop, branch, change, restarted):
    number = shop.open(branch, {"README.md": "begin\n"})
    preview = shop.wait_ready(number)
    before, database = shop.processes(preview), database_server(shop, number)
    after = shop.wait_ready(number, shop.push(branch, change))
    now = shop.processes(after)
    assert {name for name in now if now[name] != before[name]} == restarted
    assert database_server(shop, number) == database
    shop.finish(number)


def test_no_request_fails_while_a_service_is_replaced(shop):
    number = shop.open("seamless", {"README.md": "begin\n"})
    preview = shop.wait_ready(number)
    with Load(shop.ramet, preview["urls"]["web"], "/") as page, Load(shop.ramet, preview["urls"]["api"], "/products?limit=5") as products:
        for i in range(3):
            commit = shop.push("seamless", {"apps/web/templates/page.html": page_saying(f"Version {i}"),
                                            "apps/api/api.py": api_saying(f"version {i}")})
            preview = shop.wait_ready(number, commit)
            assert json.loads(shop.get(preview, "api", "/version").text)["says"] == f"version {i}"
            assert f"<h1>Version {i}</h1>" in shop.get(preview, "web").text
    assert (page.failures, products.failures) == ([], [])
    assert min(page.answered, products.answered) > 20
    shop.finish(number)


def test_the_data_of_a_preview_is_kept_over_a_push(shop):
    number = shop.open("keep", {"README.md": "begin\n"})
    preview = shop.wait_ready(number)
    shop.ramet.request(preview["urls"]["api"], "POST", "/orders", {"product_id": 1})
    count = json.loads(shop.get(preview, "api", "/orders/count").text)["orders"]
    preview = shop.wait_ready(number, shop.push("keep", {"apps/api/api.py": api_saying("kept")}))
    assert json.loads(shop.get(preview, "api", "/orders/count").text)["orders"] == count
    shop.finish(number)


def test_a_push_during_a_build_ends_that_build_and_the_newest_commit_wins(shop):
    number = shop.open("during", {"README.md": "begin\n"})
    shop.wait_ready(number)
    shop.push("during", {"apps/web/build.py": slow_build(300)})
    wait_for(shop.build_is_running, "the slow build to run")
    began = time.monotonic()
    newest = shop.push("during", {"apps/web/build.py": slow_build(0), "apps/web/templates/page.html": page_saying("Newest")})
    preview = shop.wait_ready(number, newest)
    assert time.monotonic() - began < 60
    assert not shop.build_is_running()
    assert "<h1>Newest</h1>" in shop.get(preview, "web").text
    shop.finish(number)


def test_a_push_during_the_create_converges_to_the_newest_commit(shop):
    number = shop.open("early", {"apps/web/build.py": slow_build(300)})
    wait_for(shop.build_is_running, "the slow build to run")
    newest = shop.push("early", {"apps/web/build.py": slow_build(0)})
    assert shop.wait_ready(number, newest)["commit"] == newest
    shop.finish(number)


def test_of_twenty_quick_pushes_at_most_two_are_applied_and_the_last_one_wins(shop):
    """Each wants a build that takes longer than the next push lets it have."""
    number = shop.open("quick", {"README.md": "begin\n"})
    shop.wait_ready(number)
    before = {run["id"] for run in shop.runs(number)}
    commits = [shop.push("quick", {"apps/web/build.py": slow_build(4), "apps/web/templates/page.html": page_saying(f"Quick {i}")})
               for i in range(20)]
    preview = shop.wait_ready(number, commits[-1])
    assert "<h1>Quick 19</h1>" in shop.get(preview, "web").text
    pushed = [run for run in shop.runs(number) if run["id"] not in before]
    assert len(pushed) <= 20 and sum(run["state"] == "succeeded" for run in pushed) in (1, 2), pushed
    shop.finish(number)


def test_a_rewritten_history_is_followed(shop):
    number = shop.open("rewrite", {"README.md": "begin\n"})
    shop.wait_ready(number)
    shop.push("rewrite", {"apps/web/templates/page.html": page_saying("Dropped")})
    shop.work.git("reset", "--quiet", "--hard", "origin/main")
    commit = shop.work.push("rewrite-aside", {"apps/web/templates/page.html": page_saying("Rewritten")})
    shop.work.git("push", "--quiet", "--force", "origin", f"{commit}:refs/heads/rewrite")
    preview = shop.wait_ready(number, commit)
    assert "<h1>Rewritten</h1>" in shop.get(preview, "web").text
    shop.finish(number)


def test_a_close_during_a_create_leaves_nothing(shop):
    number = shop.open("close-early", {"apps/web/build.py": slow_build(300)})
    wait_for(shop.build_is_running, "the slow build to run")
    shop.close_pull_request(number)
    shop.wait_gone(number)
    assert not shop.build_is_running()
    shop.check_clean()


def test_a_close_at_once_leaves_nothing(shop):
    numbers = [shop.open(f"at-once-{i}", {"README.md": f"{i}\n"}) for i in range(4)]
    for number in numbers:
        shop.close_pull_request(number)
    for number in numbers:
        shop.wait_gone(number)
    shop.check_clean()
