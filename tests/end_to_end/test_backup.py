"""A backup of the server's own store: what it brings back, and what it leaves alone because it does not know it."""
import itertools
import shutil
import stat

import psycopg2
import pytest

from checkout import Checkout
from gitea import wait_for
from leftovers import Watch
from ramet import NOT_FOUND, Ramet
from world import BASE, SHOP

REFUSED, INTEGRITY = 5, 6
numbers = itertools.count(1)


@pytest.fixture
def lonely(world):
    """A server of its own, with the shop from a path and without a Git host."""
    ramet = Ramet()
    watch = Watch([ramet.directory])
    try:
        with Checkout(world.gitea, world.gitea.create_repository(f"backup-{next(numbers)}")) as work:
            work.push_tree("main", SHOP)
            ramet.start()
            ramet.run("apply", "-f", SHOP / "ramet.yaml", "--repo", work.path)
            yield ramet
    finally:
        ramet.remove(watch)


def make_preview(ramet, name):
    ramet.run("preview", "create", "--base", BASE, "--branch", "main", "--name", name)
    preview = ramet.show(name)
    assert preview["state"] == "ready"
    return preview


def processes(preview):
    return {pid for service in preview["services"] for pid in service["process_ids"]}


def are_alive(pids):
    try:
        return all("\nState:\tZ" not in open(f"/proc/{pid}/status").read() for pid in pids)
    except FileNotFoundError:
        return False


def count_products(ramet, name):
    with psycopg2.connect(ramet.connection_url(name)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM products")
        return cursor.fetchone()[0]


def audit_is_whole(ramet):
    return ramet.cli("audit", "verify").code == 0


def test_a_lost_store_comes_back_with_environments_and_secrets_and_removes_nothing_that_it_does_not_know(lonely):
    ramet = lonely
    ramet.run("secret", "set", "stripe", stdin="sk-1234567890")
    kept, deleted_later = make_preview(ramet, "kept"), make_preview(ramet, "deleted-later")
    url, products = ramet.connection_url("kept"), count_products(ramet, "kept")
    file = ramet.directory / "store.backup"
    made = ramet.run("backup", file, "-o", "json")
    assert "key-encryption key is not in it" in made.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ramet.cli("backup", file).code == REFUSED, "never over something"
    assert b"sk-1234567890" not in file.read_bytes()
    ramet.run("preview", "delete", "deleted-later", "--yes")
    unknown = make_preview(ramet, "unknown")
    ramet.stop()
    shutil.rmtree(ramet.data / "state")

    restored = ramet.cli("restore", file, "--data-dir", ramet.data)
    assert restored.code == 0 and "sweep --dry-run" in restored.err, restored
    ramet.start()
    assert audit_is_whole(ramet)
    shown = ramet.show("kept")
    assert shown["state"] == "ready" and processes(shown) == processes(kept)
    assert ramet.request(shown["urls"]["web"]).status == 200
    assert ramet.connection_url("kept") == url and count_products(ramet, "kept") == products
    assert [it["name"] for it in ramet.json("secret", "list")].count("stripe") == 1
    ramet.run("preview", "redeploy", "kept")

    # Made since: not known any more, told by the sweep, and left alone by it.
    assert ramet.cli("preview", "show", "unknown").code == NOT_FOUND
    for words in (("sweep", "--dry-run"), ("sweep", "--yes"), ("sweep", "--yes")):
        report = ramet.json(*words)
        assert report["removed"] == 0
        verdicts = {it["verdict"] for it in report["findings"] if it["owner"] == unknown["id"]}
        assert verdicts == {"unmatched"}, report
    assert are_alive(processes(unknown))
    again = make_preview(ramet, "unknown")
    assert ramet.request(again["urls"]["web"]).status == 200
    ramet.run("preview", "delete", "unknown", "--yes")
    assert are_alive(processes(unknown))

    # Deleted since: known, and not there. It is made again when somebody asks, or deleted again.
    assert not are_alive(processes(deleted_later))
    ramet.run("preview", "redeploy", "deleted-later")
    assert ramet.request(ramet.show("deleted-later")["urls"]["web"]).status == 200
    ramet.run("preview", "delete", "deleted-later", "--yes")
    ramet.run("preview", "delete", "kept", "--yes")


def test_what_cannot_be_backed_up_or_restored_is_refused_in_words(lonely, tmp_path):
    ramet = lonely
    file = ramet.directory / "store.backup"
    running = ramet.cli("backup", file, "--data-dir", ramet.data)
    assert running.code == REFUSED and "in use by process" in running.err and not file.exists()
    ramet.run("backup", file)
    other = ramet.directory / "other"
    other.mkdir()
    shutil.copy(ramet.data / "keys" / "keys", tmp_path / "keys")
    (tmp_path / "keys").chmod(0o600)
    whole = file.read_bytes()
    (tmp_path / "cut").write_bytes(whole[:len(whole) // 2])
    (tmp_path / "altered").write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    cases = [
        ((file, "--data-dir", ramet.data), REFUSED, "has a store already"),
        ((file, "--data-dir", ramet.data, "--force"), REFUSED, "in use by process"),
        ((file, "--data-dir", other), REFUSED, "are sealed with the key"),
        ((tmp_path / "cut", "--data-dir", other, "--key", tmp_path / "keys"), INTEGRITY, "cut off"),
        ((tmp_path / "altered", "--data-dir", other, "--key", tmp_path / "keys"), INTEGRITY, "cannot be used"),
    ]
    for words, code, said in cases:
        done = ramet.cli("restore", *words)
        assert (done.code, said in done.err) == (code, True), (words, done)
        assert not (other / "state" / "ramet.db").exists()
    ramet.run("restore", file, "--data-dir", other, "--key", tmp_path / "keys")
    assert (other / "keys" / "keys").read_bytes() == (tmp_path / "keys").read_bytes()
    ramet.stop()
    offline = ramet.directory / "offline.backup"
    ramet.run("backup", offline, "--data-dir", ramet.data)
    forced = ramet.run("restore", offline, "--data-dir", ramet.data, "--force", "-o", "json").json
    assert forced["set_aside"].startswith(str(ramet.data / "state" / "ramet.db.before-"))
    ramet.start()
    wait_for(lambda: ramet.json("env", "show", BASE)["state"] == "ready", "the base to be there")
