"""The life of a pull request's preview on a real Git host. Each scenario ends with nothing left and the base unchanged."""
import json

import psycopg2

from checkout import Checkout
from gitea import replay, wait_for
from ramet import NOT_FOUND
from world import BASE, name_of, never, page_saying


def orders(shop, environment, service="api"):
    return json.loads(shop.get(environment, service, "/orders/count").text)["orders"]


def test_a_pull_request_becomes_a_running_copy_and_leaves_without_a_trace(shop):
    number = shop.open("open", {"apps/web/templates/page.html": page_saying("Opened")})
    preview = shop.wait_ready(number)
    assert preview["name"] == name_of(number)
    assert {service["name"]: service["state"] for service in preview["services"]} == dict.fromkeys(("web", "api", "worker"), "healthy")
    page = shop.get(preview, "web")
    assert page.status == 200
    assert "<h1>Opened</h1>" in page.text and name_of(number) in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    shop.finish(number)


def test_the_data_is_a_copy_a_write_there_does_not_show_in_the_base(shop):
    number = shop.open("data", {"README.md": "data\n"})
    preview, base = shop.wait_ready(number), shop.base()
    before = orders(shop, base)
    products = [json.loads(shop.get(it, "api", "/products?limit=1000").text) for it in (preview, base)]
    assert products[0] == products[1] and len(products[0]) == 1000
    answer = shop.ramet.request(preview["urls"]["api"], "POST", "/orders", {"product_id": 1})
    assert answer.status == 201
    assert (orders(shop, preview), orders(shop, base)) == (before + 1, before)
    wait_for(lambda: json.loads(shop.get(preview, "api", "/orders/count").text)["shipped"] == before + 1, "the preview's own worker to ship")
    shop.finish(number)


def test_the_copy_has_passwords_of_its_own(shop):
    number = shop.open("passwords", {"README.md": "passwords\n"})
    shop.wait_ready(number)
    own, bases = (shop.ramet.connection_url(name) for name in (name_of(number), BASE))
    password = psycopg2.extensions.parse_dsn(bases)["password"]
    crossed = {**psycopg2.extensions.parse_dsn(own), "password": password}
    try:
        psycopg2.connect(**crossed).close()
        raise AssertionError("the base's password opens the preview's database")
    except psycopg2.OperationalError as refused:
        assert "password authentication failed" in str(refused)
    shop.finish(number)


def test_the_preview_shows_what_the_manual_promises(shop):
    number = shop.open("shown", {"README.md": "shown\n"})
    shop.wait_ready(number)
    shown = shop.ramet.show(name_of(number))
    assert {"name", "state", "commit", "urls", "services", "databases", "run", "expires_at"} <= set(shown)
    assert set(shown["urls"]) == {"web", "api"}
    assert all(f":{shop.ramet.proxy.rpartition(':')[2].rstrip('/')}" in url for url in shown["urls"].values())
    databases = {database["name"]: database for database in shown["databases"]}
    assert databases["db"]["method"] in ("btrfs", "reflink", "overlay", "copy")
    assert databases["db"]["bytes_copied"] >= 0 and databases["db"]["age_seconds"] >= 0
    assert databases["cache"]["method"] == "empty"
    shop.finish(number)


def test_one_comment_is_edited_in_place_and_the_commit_has_a_status(shop):
    number = shop.open("report", {"apps/web/templates/page.html": page_saying("One")})
    shop.wait_ready(number)
    first = shop.head(number)
    shop.wait_status(first, "success")
    comment = wait_for(lambda: shop.marked_comments(number), "the comment")[0]
    second = shop.push("report", {"apps/web/templates/page.html": page_saying("Two")})
    shop.wait_ready(number, second)
    shop.wait_status(second, "success")
    wait_for(lambda: second[:7] in shop.marked_comments(number)[0]["body"], "the comment to name the new commit")
    shop.close_pull_request(number)
    shop.wait_gone(number)
    last = shop.marked_comments(number)
    assert [it["id"] for it in last] == [comment["id"]]
    assert len(shop.gitea.comments(shop.repository, number)) == 1
    shop.check_clean()


def test_the_receipt_names_what_is_gone_and_when(shop):
    number = shop.open("receipt", {"README.md": "receipt\n"})
    shop.wait_ready(number)
    shop.finish(number)
    receipt = shop.ramet.json("preview", "receipt", name_of(number))
    assert receipt["name"] == name_of(number)
    assert receipt["hash"]
    assert all(resource["path"] and resource["kind"] and resource["absent_at"] for resource in receipt["resources"])
    assert len(receipt["resources"]) >= 8
    assert shop.ramet.cli("preview", "show", name_of(number)).code == NOT_FOUND


def test_a_closed_pull_request_that_is_reopened_gets_a_new_preview(shop):
    number = shop.open("reopen", {"README.md": "reopen\n"})
    first = shop.wait_ready(number)
    shop.ramet.request(first["urls"]["api"], "POST", "/orders", {"product_id": 1})
    shop.close_pull_request(number)
    shop.wait_gone(number)
    shop.check_clean()
    shop.gitea.reopen(shop.repository, number)
    second = shop.wait_ready(number)
    assert second["urls"] == first["urls"]
    assert orders(shop, second) == orders(shop, shop.base())
    shop.finish(number)


def test_closed_and_reopened_at_once_it_ends_ready(shop):
    number = shop.open("flip", {"README.md": "flip\n"})
    shop.wait_ready(number)
    for _ in range(3):
        shop.gitea.close(shop.repository, number)
        shop.gitea.reopen(shop.repository, number)
    shop.wait_ready(number)
    shop.finish(number)


def test_a_merge_ends_the_preview(shop):
    shop.work.push("release", {})
    number = shop.open("merge", {"README.md": "merge\n"}, base="release")
    shop.wait_ready(number)
    shop.gitea.merge(shop.repository, number)
    shop.wait_gone(number)
    shop.check_clean()


def test_a_merge_into_the_bases_branch_redeploys_the_base_and_keeps_its_data(shop):
    number = shop.open("merge-main", {"apps/web/templates/page.html": page_saying("Merged")})
    shop.wait_ready(number)
    database = shop.ramet.connection_url(BASE)
    rows = {name: value for name, value in shop.fingerprint().parts.items() if name.startswith("postgres: table ")}
    shop.gitea.merge(shop.repository, number)
    shop.wait_gone(number)
    wait_for(lambda: shop.base()["state"] == "ready" and "<h1>Merged</h1>" in shop.get(shop.base(), "web").text, "the base to be redeployed")
    assert shop.ramet.connection_url(BASE) == database
    after = shop.fingerprint().parts
    assert {name: after.get(name) for name in rows} == rows
    shop.remember()


def test_a_retarget_out_of_the_trigger_ends_the_preview_and_back_into_it_makes_one(shop):
    number = shop.open("retarget", {"README.md": "retarget\n"})
    shop.wait_ready(number)
    shop.gitea.retarget(shop.repository, number, "elsewhere")
    shop.wait_gone(number)
    shop.check_clean()
    shop.gitea.retarget(shop.repository, number, "main")
    shop.wait_ready(number)
    shop.finish(number)


def test_a_stacked_pull_request_outlives_the_one_below_and_ends_with_its_own_close(shop):
    below = shop.open("stack-below", {"README.md": "below\n"})
    above = shop.open("above", {"apps/web/templates/page.html": page_saying("Above")}, base="stack-below")
    shop.wait_ready(below)
    preview = shop.wait_ready(above)
    assert "<h1>Above</h1>" in shop.get(preview, "web").text
    shop.close_pull_request(below)
    shop.wait_gone(below)
    assert shop.preview(above)["state"] == "ready"
    shop.finish(above)


def test_a_stacked_pull_request_cannot_change_what_the_trusted_branch_decides(shop):
    project = shop.work.path / "ramet.yaml"
    shop.work.switch_to("main")
    evil = project.read_text().replace("ttl: 72h", "ttl: 1m").replace("strategy: clone", "strategy: empty")
    below = shop.open("stack-evil", {"ramet.yaml": evil})
    above = shop.open("above-evil", {"README.md": "x\n"}, base="stack-evil")
    for number in (below, above):
        preview = shop.wait_ready(number)
        assert {it["name"]: it["method"] for it in preview["databases"]}["db"] != "empty"
    shop.close_pull_request(below)
    shop.wait_gone(below)
    shop.finish(above)


def test_a_fork_is_refused_with_one_comment_and_no_preview(shop):
    fork = shop.gitea.fork(shop.repository)
    with Checkout(shop.gitea, fork, user="bob") as clone:
        clone.push("evil", {"apps/web/build.py": "import time\ntime.sleep(300)\n"})
        number = shop.gitea.open_pull_request(shop.repository, "bob:evil", user="bob")
        comments = wait_for(lambda: shop.gitea.comments(shop.repository, number), "the comment that refuses")
        clone.push("evil", {"README.md": "again\n"})
    shop.gitea.comment(shop.repository, number, "/approve", user="bob")
    assert "fork" in comments[0]["body"].lower()
    assert never(lambda: shop.preview(number) or shop.build_is_running())
    shop.finish(number)
    assert len([it for it in shop.gitea.comments(shop.repository, number) if it["user"]["login"] == "alice"]) == 1


def test_two_previews_live_side_by_side(shop):
    numbers = [shop.open(f"beside-{i}", {"apps/web/templates/page.html": page_saying(f"Beside {i}")}) for i in range(3)]
    previews = [shop.wait_ready(number) for number in numbers]
    for i, preview in enumerate(previews):
        assert f"<h1>Beside {i}</h1>" in shop.get(preview, "web").text
    shop.ramet.request(previews[0]["urls"]["api"], "POST", "/orders", {"product_id": 1})
    counts = [orders(shop, preview) for preview in previews]
    assert counts == [orders(shop, shop.base()) + 1, *[orders(shop, shop.base())] * 2]
    for number in numbers:
        shop.close_pull_request(number)
    for number in numbers:
        shop.wait_gone(number)
    shop.check_clean()


def test_a_preview_can_be_made_and_deleted_by_hand(shop):
    shop.work.push("by-hand", {"apps/web/templates/page.html": page_saying("By hand")})
    shop.ramet.run("preview", "create", "--base", BASE, "--branch", "by-hand", "--name", "by-hand")
    shown = shop.ramet.show("by-hand")
    assert shown["state"] == "ready"
    assert "<h1>By hand</h1>" in shop.get(shown, "web").text
    shop.ramet.run("preview", "delete", "by-hand", "--yes")
    assert shop.ramet.show("by-hand") is None
    assert shop.ramet.json("preview", "receipt", "by-hand")["resources"]
    shop.check_clean()


def test_the_same_deliveries_once_more_change_nothing(shop):
    number = shop.open("twice", {"README.md": "twice\n"})
    preview = shop.wait_ready(number)
    processes = shop.processes(preview)
    hook = shop.gitea.hooks(shop.repository)[0]["id"]
    recorded = [it for it in shop.gitea.deliveries(hook) if it["succeeded"] and f'"number":{number}' in it["request"]["body"].replace(" ", "")]
    assert recorded
    assert {replay(delivery) for delivery in recorded[::-1]} == {200}
    after = shop.wait_ready(number)
    assert (after["generation"], after["run"]) == (preview["generation"], preview["run"])
    assert shop.processes(after) == processes
    shop.finish(number)


def test_the_plan_says_what_would_happen_before_it_does(shop):
    number = shop.open("plan", {"apps/web/templates/page.html": page_saying("Planned")})
    shop.wait_ready(number)
    plan = shop.ramet.run("plan", "--pr", number).out
    for word in ("web", "api", "worker", "db", "COMMIT"):
        assert word in plan, plan
    shop.finish(number)
