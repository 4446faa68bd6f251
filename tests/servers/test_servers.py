"""Two real servers on one PostgreSQL store: they share the work by leases, and whatever becomes of one of them, of the other or of
the database, everything comes to its end and nothing is left."""
import random
import signal
import subprocess
import time

import pytest
from gitea import wait_for
from postgres_server import PASSWORD
from ramet import binary
from town import Server

TERM_S = 10  # engine/lease.hpp


@pytest.fixture(autouse=True)
def both(town):
    """Each scenario begins with two servers and no preview."""
    town.ensure_both()
    yield
    town.check_no_late_record()


def finish(town, *names, server=None):
    for name in names:
        town.destroy(server or town.one, name)
    for name in names:
        town.wait_gone(name)
    town.check_nothing_left()


def test_what_one_server_makes_the_others_show_change_and_remove(town):
    town.create(town.one, "shared")
    made = town.wait_ready(town.one, "shared")
    assert town.two.find_preview("shared")["commit"] == made["commit"]
    town.wait_serves(town.two, "shared")
    commit = town.repository.change()
    town.redeploy(town.two, "shared")
    town.wait_ready(town.one, "shared", commit)
    for server in town.servers:
        town.wait_serves(server, "shared")
    town.destroy(town.one, "shared")
    town.wait_gone("shared")
    url = made["urls"]["web"]
    wait_for(lambda: town.two.request(url).status == 404, "the other proxy to forget the host", 20)
    town.check_nothing_left()


def test_a_run_is_cancelled_through_the_server_that_does_not_hold_it(town):
    town.create(town.one, "cancelled")
    preview = wait_for(lambda: town.two.find_preview("cancelled"), "the other server to see it", 5)
    town.destroy(town.two, "cancelled")
    town.wait_gone("cancelled")
    assert preview["name"] == "cancelled"
    town.check_nothing_left()


def test_many_previews_are_made_by_both_and_removed_by_both(town):
    names = [f"many-{number}" for number in range(6)]
    for number, name in enumerate(names):
        town.create(town.servers[number % 2], name)
    holders = set()
    def all_ready():
        holders.update(town.holders().values())
        return all((town.one.find_preview(name) or {}).get("state") == "ready" for name in names)
    wait_for(all_ready, lambda: "all to be ready\n" + town.evidence(town.one, names[0]), 90, pause_s=0.02)
    assert len(holders - {""}) == 2, f"only {holders} held leases"
    for number, name in enumerate(names):
        town.wait_serves(town.servers[(number + 1) % 2], name)
        town.destroy(town.servers[(number + 1) % 2], name)
    for name in names:
        town.wait_gone(name)
    town.check_nothing_left()


def records_of(town):
    return int(town.database.sql("SELECT count(*) FROM journal"))


def wait_for_progress(town, more):
    """Until so many more records were written: the server that is asked is then in the middle of its work."""
    already = records_of(town)
    return lambda: wait_for(lambda: records_of(town) >= already + more, f"{more} journal records more", 30, pause_s=0.001)


def test_a_killed_server_is_taken_over_by_the_other(town):
    for more in random.sample(range(1, 30), 2):
        progressed = wait_for_progress(town, more)
        town.create(town.one, "killed")
        progressed()
        town.one.kill()
        began = time.monotonic()
        town.wait_ready(town.two, "killed")
        print(f"killed after {more} records; ready {time.monotonic() - began:.1f} s later")
        town.wait_serves(town.two, "killed")
        town.ensure_both()
        town.wait_serves(town.one, "killed")
        finish(town, "killed")


def test_a_record_of_an_epoch_that_is_over_would_be_noticed(town):
    """The watch over the others itself: one is written from inside the database, and taken back."""
    columns = town.database.sql("SELECT string_agg(column_name, ',') FROM information_schema.columns WHERE table_name = 'journal'")
    late = columns.replace("seq", "seq + 1000000").replace("epoch", "epoch - 1")
    noticed = town.database.sql(f"BEGIN; INSERT INTO journal ({columns}) SELECT {late} FROM journal LIMIT 1; "
                                "SELECT 'noticed', count(*) FROM late_record; ROLLBACK")
    assert "noticed|1" in noticed, noticed


def stop_while_it_holds(town, ask, undo):
    """Server one is asked, and stands still while it holds the lease for what it was asked. Returns the owner and the epoch."""
    for most in (25, 16, 8, 4, 2):
        more = random.randrange(1, most)
        progressed = wait_for_progress(town, more)
        ask()
        progressed()
        town.one.stand_still()
        if held := town.held_runs():
            print(f"stopped after {more} records")
            assert len(held) == 1, held
            return held[0]
        town.one.go_on()
        undo()
    raise AssertionError("each time it was done before it could be stopped")


@pytest.mark.parametrize("what", ["create", "destroy"])
def test_a_holder_that_stands_still_for_twice_its_lease_writes_nothing_afterwards(town, what):
    def create():
        town.create(town.one, "paused")

    def destroy():
        town.destroy(town.one, "paused")

    def be_there():
        create()
        town.wait_ready(town.one, "paused")

    def be_gone():
        town.wait_ready(town.one, "paused")
        destroy()
        town.wait_gone("paused")

    def be_there_again():
        town.wait_gone("paused")
        be_there()

    if what == "destroy":
        be_there()
    owner, epoch = stop_while_it_holds(town, *((create, be_gone) if what == "create" else (destroy, be_there_again)))
    began = time.monotonic()
    try:
        if what == "create":
            town.wait_ready(town.two, "paused")
        else:
            wait_for(lambda: town.two.find_preview("paused") is None, lambda: town.evidence(town.two, "paused"), 60)
        print(f"{what}: taken over and done {time.monotonic() - began:.1f} s later")
        assert town.epoch_of(owner) > epoch, "nobody took the lease over"
        # Until twice its lease has passed.
        wait_for(lambda: time.monotonic() - began > 2 * TERM_S, "twice a lease to pass", 3 * TERM_S)
    finally:
        town.one.go_on()
    # It is asked until it has noticed what happened meanwhile.
    wait_for(lambda: (town.one.find_preview("paused") is None) == (what == "destroy"), "it to answer again", 20)
    wait_for(lambda: f"{owner} is given up here" in town.one.log_tail(200), lambda: f"it to give up\n{town.one.log_tail()}", 20)
    town.check_no_late_record()
    if what == "create":
        town.wait_serves(town.one, "paused")
        assert town.one.find_preview("paused")["state"] == "ready"
        be_gone()
    town.check_nothing_left()


def test_the_loss_and_return_of_the_database_loses_nothing(town):
    for more in random.sample(range(1, 30), 2):
        progressed = wait_for_progress(town, more)
        town.create(town.one, "lost")
        progressed()
        town.database.kill()
        status, answer = town.two.api("GET", "/previews/lost")
        assert status == 503, f"without its store a server says so: {status} {answer}"
        assert "store" in str(answer), answer
        town.database.start()
        town.wait_ready(town.one, "lost")
        town.wait_serves(town.two, "lost")
        finish(town, "lost")


def test_an_old_and_a_new_server_work_beside_each_other(town):
    town.two.kill()
    town.two.environment = {"RAMET_FAILPOINT_NEXT_SCHEMA": "5 4"}
    town.create(town.one, "upgraded")
    town.two.start()
    assert town.database.sql("SELECT version, serves_from FROM schema_version") == "5|4"
    town.wait_ready(town.one, "upgraded")
    commit = town.repository.change()
    town.redeploy(town.two, "upgraded")
    town.wait_ready(town.two, "upgraded", commit)
    # What the old one began the new one finishes.
    commit = town.repository.change()
    progressed = wait_for_progress(town, 4)
    town.redeploy(town.one, "upgraded")
    progressed()
    town.one.kill()
    town.wait_ready(town.two, "upgraded", commit)
    # And an old one may come back, as the newer schema serves it.
    town.ensure_both()
    finish(town, "upgraded")
    # A schema that old servers could not read waits for them to be gone.
    town.database.sql("UPDATE schema_version SET version = 4")
    town.database.sql("ALTER TABLE meta DROP COLUMN note")
    town.two.kill()
    town.two.environment = {"RAMET_FAILPOINT_NEXT_SCHEMA": "5 5"}
    with pytest.raises(AssertionError, match="stop the older servers first"):
        town.two.start()
    town.two.environment = {}


def up(*arguments, directory):
    return subprocess.run([binary(), "up", "--no-input", "--listen", "127.0.0.1:0", "--proxy-listen", "127.0.0.1:0", "--data-dir",
                           directory, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_what_cannot_be_a_store_is_refused_in_words(town, tmp_path):
    def refused(*arguments, directory=tmp_path / "data"):
        done = up(*arguments, directory=directory)
        assert done.returncode not in (0, -signal.SIGABRT), done
        assert "hunter2" not in done.stdout + done.stderr
        return done.stderr
    url = town.database.url
    assert "must not say password" in refused("--store", url.replace("ramet@", "ramet:hunter2@"))
    assert "belongs to --store" in refused("--store-password-file", tmp_path / "x")
    assert "cannot be reached" in refused("--store", "postgres://ramet@127.0.0.1:1/ramet")
    assert "takes the address of a PostgreSQL database" in refused("--store", "/tmp/ramet.db")
    assert "another data directory" in refused("--store", url)
    password = tmp_path / "password"
    password.write_text("wrong")
    password.chmod(0o644)
    with_password = town.database.url_with_password
    assert "chmod 600" in refused("--store", with_password, "--store-password-file", password)
    password.chmod(0o600)
    assert "--store-password-file" in refused("--store", with_password, "--store-password-file", password)
    # The right one is taken, and shown nowhere.
    password.write_text(PASSWORD)
    third = Server(town.one.directory, ["--store", with_password, "--store-password-file", password], number=2)
    town.two.kill()
    third.start()
    try:
        assert third.api("GET", "/previews")[0] == 200
        assert PASSWORD not in (third.directory / "server-2.log").read_text()
    finally:
        third.kill()
