"""Snapshots of a preview's database: taken while it serves, put back as a run like any other, and gone with their preview."""
import itertools
import json

import psycopg2

from gitea import wait_for
from ramet import NOT_FOUND, Load
from world import BASE, name_of, replaced, shop_file

INVALID, REFUSED = 2, 5
MOMENTS = {"at once": 0.0, "at a third": 0.34, "at two thirds": 0.67}
DONE = ("done", "undone", "failed")
branches = (f"snapshot-{number}" for number in itertools.count(1))


def open_preview(shop, changes=None):
    number = shop.open(next(branches), changes or {"README.md": "snapshots\n"})
    return number, shop.wait_ready(number)


def sql(shop, number, statement):
    """As the service, from outside."""
    with psycopg2.connect(shop.ramet.connection_url(name_of(number))) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def count(shop, number):
    return sql(shop, number, "SELECT count(*) FROM products")[0][0]


def orders(shop, preview):
    return json.loads(shop.get(preview, "api", "/orders/count").text)["orders"]


def snapshot(shop, number, name):
    return shop.ramet.json("db", "snapshot", name_of(number), "--name", name, "--quiet")


def names(shop, number):
    return [it["name"] for it in shop.ramet.json("db", "snapshots", name_of(number))]


def restore(shop, number, name, **options):
    return shop.ramet.cli("db", "restore", name_of(number), "db", name, "--yes", **options)


def kill_in_the_middle(shop, run, moment):
    def reached():
        _, view = shop.ramet.api("GET", f"/runs/{run}")
        done = sum(step["state"].lower() in DONE and step["action"] != "keep" for step in view["steps"])
        changing = sum(step["action"] != "keep" for step in view["steps"])
        return view["is_final"] or done >= moment * changing
    wait_for(reached, f"{moment:.0%} of the run {run}", pause_s=0.001)
    shop.ramet.restart_after_kill()


def wait_run(shop, run):
    return wait_for(lambda: (lambda view: view["is_final"] and view)(shop.ramet.api("GET", f"/runs/{run}")[1]), f"the end of the run {run}", 60)


def test_what_was_written_after_a_snapshot_is_gone_when_it_is_put_back(shop):
    number, preview = open_preview(shop)
    before, of_base = orders(shop, preview), orders(shop, shop.base())
    url = shop.ramet.connection_url(name_of(number))
    kept = snapshot(shop, number, "before")
    assert kept["name"] == "before" and kept["method"] in ("btrfs-snapshot", "reflink", "overlay", "copy")
    assert kept["size_bytes"] > 0 and kept["private_bytes"] >= 0 and kept["schema"] and kept["made_at"]
    sql(shop, number, "DELETE FROM products WHERE id > 10; ALTER TABLE products ADD COLUMN later int")
    assert shop.ramet.request(preview["urls"]["api"], "POST", "/orders", {"product_id": 1}).status == 201
    assert snapshot(shop, number, "after")["schema"] != kept["schema"]
    shop.ramet.run("db", "restore", name_of(number), "db", "before", "--yes")
    restored = shop.wait_ready(number)
    assert count(shop, number) > 10 and orders(shop, restored) == before
    assert shop.ramet.connection_url(name_of(number)) == url, "port and password stay"
    database = next(it for it in restored["databases"] if it["name"] == "db")
    assert database["snapshot"] == "before"
    assert {it["name"]: it["restored"] for it in shop.ramet.json("db", "snapshots", name_of(number))} == {"before": True, "after": False}
    shop.ramet.run("db", "restore", name_of(number), "db", "after", "--yes")
    assert count(shop, number) == 10
    assert orders(shop, shop.base()) == of_base
    assert {"database.snapshot", "database.restore"} <= {it["action"] for it in shop.ramet.json("audit")}
    shop.finish(number)


def test_the_preview_serves_while_a_snapshot_is_taken(shop):
    number, preview = open_preview(shop)
    with Load(shop.ramet, preview["urls"]["api"], "/orders/count") as load:
        for name in ("one", "two", "three"):
            snapshot(shop, number, name)
    assert load.answered > 10 and not load.failures, load.failures[:5]
    shop.finish(number)


def test_a_push_keeps_snapshots_and_what_was_put_back_and_a_reset_the_snapshots(shop):
    number, _ = open_preview(shop)
    snapshot(shop, number, "kept")
    sql(shop, number, "DELETE FROM products")
    assert restore(shop, number, "kept").code == 0
    sql(shop, number, "DELETE FROM products WHERE id > 5")
    commit = shop.push(shop.preview(number)["branch"], {"README.md": "pushed\n"})
    shop.wait_ready(number, commit)
    assert count(shop, number) == 5 and names(shop, number) == ["kept"]
    shop.ramet.run("preview", "reset-data", name_of(number))
    assert count(shop, number) > 5 and names(shop, number) == ["kept"]
    assert not any(it["restored"] for it in shop.ramet.json("db", "snapshots", name_of(number)))
    shop.finish(number)


def test_a_restore_that_fails_leaves_the_database_that_it_had_and_is_not_tried_again(shop):
    number, preview = open_preview(shop)
    snapshot(shop, number, "unmarked")
    sql(shop, number, "CREATE TABLE marker (id int); INSERT INTO marker VALUES (1)")
    begin = 'cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))'
    picky = replaced(shop_file("apps/api/migrate.py"), begin, f'{begin}; cursor.execute("SELECT id FROM marker")')
    shop.wait_ready(number, shop.push(preview["branch"], {"apps/api/migrate.py": picky}))
    failed = restore(shop, number, "unmarked")
    assert failed.code != 0 and 'relation "marker" does not exist' in failed.err, failed
    assert sql(shop, number, "SELECT id FROM marker") == [(1,)]
    served = shop.wait_state(number, "degraded")
    # What never stopped has connections to a server that was away, and notices with the next request.
    wait_for(lambda: shop.get(served, "api", "/orders/count").status == 200, "the old version to serve on")
    shop.wait_ready(number, shop.push(preview["branch"], {"apps/api/migrate.py": shop_file("apps/api/migrate.py")}))
    assert sql(shop, number, "SELECT id FROM marker") == [(1,)]
    assert restore(shop, number, "unmarked").code == 0
    assert sql(shop, number, "SELECT to_regclass('marker')") == [(None,)]
    shop.finish(number)


def test_kill_9_in_the_middle_of_a_restore_ends_in_a_known_state(shop):
    number, _ = open_preview(shop)
    snapshot(shop, number, "before")
    whole = count(shop, number)
    for moment in MOMENTS.values():
        sql(shop, number, "DELETE FROM products WHERE id > 10")
        run = shop.ramet.json("db", "restore", name_of(number), "db", "before", "--yes", "--no-wait")["run"]
        kill_in_the_middle(shop, run, moment)
        assert wait_run(shop, run)["state"] == "succeeded"
        shop.wait_ready(number)
        assert count(shop, number) == whole
    shop.finish(number)


def test_kill_9_in_the_middle_of_a_snapshot_ends_with_the_whole_one(shop):
    number, preview = open_preview(shop)
    _, started = shop.ramet.api("POST", f"/environments/{name_of(number)}/databases/db/snapshots", {"name": "killed"})
    shop.ramet.restart_after_kill()
    assert wait_run(shop, started["run"])["state"] == "succeeded"
    assert names(shop, number) == ["killed"]
    whole = count(shop, number)
    sql(shop, number, "DELETE FROM products")
    assert restore(shop, number, "killed").code == 0
    assert count(shop, number) == whole
    shop.finish(number)


def test_snapshots_go_with_their_preview_and_stand_in_its_receipt(shop):
    number, _ = open_preview(shop)
    for name in ("one", "two"):
        snapshot(shop, number, name)
    assert restore(shop, number, "one").code == 0
    shop.ramet.run("db", "snapshot-delete", name_of(number), "db", "two", "--yes")
    assert names(shop, number) == ["one"]
    shop.finish(number)
    gone = {it["path"] for it in shop.ramet.json("preview", "receipt", name_of(number))["resources"]}
    assert "snapshot/db/one" in gone


def test_what_cannot_be_is_refused_in_words(shop):
    number, _ = open_preview(shop)
    preview = name_of(number)
    for index in range(10):
        snapshot(shop, number, f"s-{index}")
    cases = [
        (("db", "snapshot", preview, "--name", "one-more"), REFUSED, "10 snapshots"),
        (("db", "snapshot", preview, "--name", "Upper"), INVALID, "cannot be the name"),
        (("db", "snapshot", preview, "--name", "a" * 41), INVALID, "cannot be the name"),
        (("db", "snapshot", preview, "--name", "../x"), INVALID, "cannot be the name"),
        (("db", "snapshot", preview, "--name", "s-0"), REFUSED, "already"),
        (("db", "snapshot", preview, "cache"), REFUSED, "PostgreSQL only"),
        (("db", "snapshot", preview, "none"), NOT_FOUND, "no database none"),
        (("db", "snapshot", BASE), REFUSED, "is a base"),
        (("db", "restore", BASE, "db", "s-0", "--yes"), REFUSED, "is a base"),
        (("db", "restore", preview, "db", "none", "--yes"), NOT_FOUND, "no snapshot none"),
        (("db", "snapshot-delete", preview, "db", "none", "--yes"), NOT_FOUND, "no snapshot none"),
        (("db", "restore", preview, "db", "s-0", "--no-input"), INVALID, "--yes"),
    ]
    for words, code, said in cases:
        done = shop.ramet.cli(*words)
        assert (done.code, said in done.err) == (code, True), (words, done)
    assert len(names(shop, number)) == 10
    shop.finish(number)
