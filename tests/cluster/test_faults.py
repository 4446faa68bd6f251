"""What comes between Ramet and the API server: every request meets each fault once, in the life of one preview; nothing is left, nothing is there
twice, and it becomes what it should."""
import collections
import contextlib
import threading

import node_files
import postgres_image
import pytest
from cluster import Cluster
from fault_proxy import Answer, Cut, FaultProxy, Lose
from shop_on_cluster import BASE, ShopOnCluster

# What a create, an update and a delete ask for at least.
CHANGED_AT_LEAST = 50
ASKED_AT_LEAST = 100
MET_AT_LEAST = 5  # Each fault.


@pytest.fixture(scope="module")
def shop():
    with Cluster(images={postgres_image.NAME: postgres_image.make}) as cluster, FaultProxy(cluster) as proxy:
        cluster.add_volumes(20)
        kubeconfig = cluster.directory / "proxy.kubeconfig"
        kubeconfig.write_text(node_files.kubeconfig(cluster.directory, proxy.url, "admin"))
        made = ShopOnCluster(cluster, kubeconfig=kubeconfig)
        made.proxy = proxy
        try:
            yield made.start()
        finally:
            made.close()


def live(shop, name):
    """A preview is made, pushed to and deleted, and is right each time."""
    shop.deploy(name, says="first")
    shop.wait_state(name, "ready")
    check(shop, name, "first")
    shop.deploy(name, says="second")
    wait_generation(shop, name, 2)
    check(shop, name, "second")
    shop.delete(name)


def wait_generation(shop, name, generation):
    shop.wait(lambda: (preview := shop.ramet.find_preview(name))["observed_generation"] == generation and preview["state"] == "ready", name)


def check(shop, name, says):
    spaces = [it["metadata"]["name"] for it in shop.cluster.api("GET", "/api/v1/namespaces")["items"]
              if it["metadata"].get("annotations", {}).get("ramet.dev/environment") == name]
    assert len(spaces) == 1, spaces
    space = spaces[0]
    shop.wait_says(space, "web", f"web of {name}: {says}")
    count = lambda kind, group: len(shop.objects(space, kind, group))
    assert (count("deployments", "apps/v1"), count("statefulsets", "apps/v1"), count("jobs", "batch/v1"), count("persistentvolumeclaims", "v1"),
            count("services", "v1")) == (2, 1, 1, 1, 3)


def check_nothing_is_left(shop, before):
    report = shop.ramet.json("sweep", "--dry-run")
    assert not report["findings"], report
    assert shop.identities(shop.namespace_of(BASE)) == before


FAULTS = {
    "lost-answer": [Lose()],
    "cut": [Cut()],
    # A conflict as a quota gives it in which others count at the same moment.
    "refusal": [Answer(500, "InternalError"), Answer(503, "ServiceUnavailable"), Answer(429, "TooManyRequests", (("Retry-After", "1"),)),
                Answer(409, "Conflict")],
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_request_of_a_previews_life_meets_it_once(shop, name):
    before = shop.identities(shop.namespace_of(BASE))
    shop.proxy.cut_watches()  # They meet it as well.
    with shop.proxy.each_once(FAULTS[name]) as met:
        live(shop, f"fault-{name}")
    changes = [request for request in met if request.is_change]
    print(f"{name}: {len(met)} requests, {len(changes)} of them changing")
    assert len(changes) >= CHANGED_AT_LEAST and len(met) >= ASKED_AT_LEAST, sorted(f"{it.method} {it.path} {it.name}" for it in met)
    counts = collections.Counter(met.values())
    assert all(counts[fault] >= MET_AT_LEAST for fault in FAULTS[name]), counts
    check_nothing_is_left(shop, before)


@pytest.mark.parametrize("answer", [None, Answer(410, "Expired")], ids=["taken-up-again", "too-late-for-that"])
def test_watches_that_are_cut_all_the_time_tell_all_the_same(shop, answer):
    before = shop.identities(shop.namespace_of(BASE))
    odd = iter(range(10**9))
    shop.proxy.fault = lambda request: answer if request.is_watch and next(odd) % 2 else None
    with every(0.2, shop.proxy.cut_watches):
        live(shop, f"watches-{'late' if answer else 'cut'}")
    shop.proxy.fault = lambda request: None
    check_nothing_is_left(shop, before)


def test_an_api_server_that_is_away_again_and_again_is_waited_for(shop):
    before = shop.identities(shop.namespace_of(BASE))
    away = iter(range(10**9))

    def turn():
        is_away = next(away) % 2
        shop.proxy.fault = (lambda request: Cut()) if is_away else (lambda request: None)
        if is_away:
            shop.proxy.cut_watches()
    with every(1.0, turn):
        live(shop, "away")
    shop.proxy.fault = lambda request: None
    check_nothing_is_left(shop, before)


def test_a_store_of_the_cluster_that_stands_still_is_waited_for(shop):
    before = shop.identities(shop.namespace_of(BASE))
    stop = threading.Event()

    def halt():
        while not stop.wait(1):
            with shop.cluster.stopped("etcd"):
                stop.wait(1.5)
    thread = threading.Thread(target=halt)
    thread.start()
    try:
        live(shop, "slow-store")
    finally:
        stop.set()
        thread.join()
    check_nothing_is_left(shop, before)


@contextlib.contextmanager
def every(seconds, act):
    stop = threading.Event()

    def repeat():
        while not stop.wait(seconds):
            act()
    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
