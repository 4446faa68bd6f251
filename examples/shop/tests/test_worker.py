import redis
import pytest

from client import get, post_json
from servers import Service, wait_for


@pytest.fixture
def queue(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


def worker(apps, settings):
    return Service(apps / "api", "work.py", settings)


def shipped(api):
    return get(api.url + "/orders/count").json["shipped"]


def test_orders_are_shipped_once_each(apps, seeded, api, query):
    stock = query("SELECT stock FROM products WHERE id = 1")[0][0]
    with worker(apps, seeded):
        for _ in range(5):
            post_json(api.url + "/orders", {"product_id": 1, "quantity": 2})
        wait_for(lambda: shipped(api) == 5, "five shipments")
    assert query("SELECT count(*) FROM shipments") == [(5,)]
    assert query("SELECT stock FROM products WHERE id = 1") == [(stock - 10,)]


def test_orders_wait_until_there_is_a_worker(apps, seeded, api):
    post_json(api.url + "/orders", {"product_id": 1})
    assert shipped(api) == 0
    with worker(apps, seeded):
        wait_for(lambda: shipped(api) == 1, "the shipment")


def test_an_order_in_the_hand_of_a_worker_that_died_is_shipped_by_the_next(apps, seeded, api, queue):
    order = post_json(api.url + "/orders", {"product_id": 1}).json["id"]
    assert queue.lmove("orders", "orders:in-hand") == str(order).encode()
    with worker(apps, seeded):
        wait_for(lambda: shipped(api) == 1, "the shipment")
        wait_for(lambda: queue.llen("orders:in-hand") == 0, "the hand to be empty")


def test_an_order_that_comes_twice_is_shipped_once(apps, seeded, api, queue, query):
    order = post_json(api.url + "/orders", {"product_id": 1}).json["id"]
    queue.lpush("orders", order)
    with worker(apps, seeded):
        wait_for(lambda: shipped(api) == 1 and queue.llen("orders") + queue.llen("orders:in-hand") == 0, "an empty queue")
    assert query("SELECT count(*) FROM shipments") == [(1,)]


def test_a_signal_ends_it_at_once_while_it_waits(apps, seeded, queue):
    with worker(apps, seeded) as service:
        wait_for(lambda: any(client["cmd"].startswith("blmove") for client in queue.client_list()), "the worker to wait")
        code, seconds = service.stop()
    assert code == 0
    assert seconds < 1.5


def test_it_goes_on_when_redis_comes_back(apps, seeded, api, redis_server):
    with worker(apps, seeded):
        redis_server.stop()
        redis_server.start()
        wait_for(lambda: post_json(api.url + "/orders", {"product_id": 1}).status == 201, "the API to find Redis again")
        wait_for(lambda: shipped(api) >= 1, "the shipment")
