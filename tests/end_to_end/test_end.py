"""When the last environment is deleted and the server has ended, nothing of the product runs on the machine any more."""
import pytest

from gitea import wait_for
from leftovers import Watch
from ramet import Ramet
from world import BASE, SHOP
from checkout import Checkout


@pytest.fixture
def lonely(world):
    """A server of its own, with the shop from a path and without a Git host."""
    ramet = Ramet()
    watch = Watch([ramet.directory])
    try:
        yield ramet, watch
    finally:
        ramet.remove(watch)


def test_a_base_that_is_deleted_leaves_no_process_port_or_mount(world, lonely):
    ramet, watch = lonely
    before = watch.take()
    with Checkout(world.gitea, world.gitea.create_repository("lonely")) as work:
        work.push_tree("main", SHOP)
        ramet.start()
        ramet.run("apply", "-f", SHOP / "ramet.yaml", "--repo", work.path)
        assert ramet.json("env", "show", BASE)["state"] == "ready"
        ramet.run("env", "delete", BASE, "--yes")
        ramet.stop()
    left = lambda: [line for line in watch.leftovers(before) if not line.startswith("files")]
    wait_for(lambda: not left(), lambda: "nothing to be left:\n" + "\n".join(left()), deadline_s=5)
