import contextlib
import os
import pathlib
import signal
import socket
import threading

import psycopg2
import pytest

from client import get, post_json, request
from servers import Service, answers, wait_for


def test_it_is_healthy_when_both_storages_answer(api):
    answer = get(api.url + "/healthz")
    assert (answer.status, answer.json) == (200, {"database": "ok", "cache": "ok"})


@pytest.mark.parametrize("broken, part", [
    ({"DATABASE_URL": "postgresql://shop@127.0.0.1:1/shop"}, "database"),
    ({"REDIS_URL": "redis://:wrong@127.0.0.1:1/0"}, "cache"),
])
def test_it_says_which_storage_is_down(apps, seeded, broken, part):
    with Service(apps / "api", "serve.py", {**seeded, **broken}) as service:
        answer = get(service.wait_until_it_listens().url + "/healthz")
    assert answer.status == 503
    assert answer.json[part].startswith("failed: ")
    assert [value for name, value in answer.json.items() if name != part] == ["ok"]


def test_a_wrong_password_of_redis_is_not_healthy(apps, seeded):
    wrong = seeded["REDIS_URL"].replace("p%40ss", "wrong")
    with Service(apps / "api", "serve.py", {**seeded, "REDIS_URL": wrong}) as service:
        assert get(service.wait_until_it_listens().url + "/healthz").status == 503


def test_it_recovers_when_its_database_was_restarted(api, postgres):
    assert get(api.url + "/healthz").status == 200
    postgres.stop()
    postgres.start()
    wait_for(lambda: get(api.url + "/healthz").status == 200, "the API to find its database again")
    assert get(api.url + "/products").status == 200


def test_products_come_in_order_and_as_many_as_asked(api):
    answer = get(api.url + "/products?limit=3")
    assert [product["id"] for product in answer.json] == [1, 2, 3]
    assert set(answer.json[0]) == {"id", "name", "price_cents", "stock"}
    assert len(get(api.url + "/products").json) == 20


@pytest.mark.parametrize("method, path, body, status", [
    ("GET", "/products?limit=0", None, 400),
    ("GET", "/products?limit=1001", None, 400),
    ("GET", "/products?limit=%27;drop", None, 400),
    ("GET", "/nothing", None, 404),
    ("POST", "/products", "{}", 405),
    ("POST", "/orders", "not json", 400),
    ("POST", "/orders", "[]", 422),
    ("POST", "/orders", "{}", 422),
    ("POST", "/orders", '{"product_id": "1"}', 422),
    ("POST", "/orders", '{"product_id": 1, "quantity": 0}', 422),
    ("POST", "/orders", '{"product_id": 999999}', 422),
    ("POST", "/orders", '{"product_id": 99999999999999999999999}', 422),
    ("POST", "/orders", "x" * (1 << 20) + "x", 413),
])
def test_bad_input_gets_its_status_and_the_service_goes_on(api, method, path, body, status):
    assert request(method, api.url + path, body).status == status
    assert get(api.url + "/healthz").status == 200


def test_an_order_is_written_and_counted(api, query):
    answer = post_json(api.url + "/orders", {"product_id": 3, "quantity": 2})
    assert answer.status == 201
    assert query("SELECT id, product_id, quantity, state FROM orders") == [(answer.json["id"], 3, 2, "new")]
    assert get(api.url + "/orders/count").json == {"orders": 1, "shipped": 0}


def test_the_version_is_that_of_the_code_not_of_the_commit(apps, seeded):
    replies = []
    for commit in ("aaaaaaa", "bbbbbbb"):
        with Service(apps / "api", "serve.py", {**seeded, "COMMIT": commit}) as service:
            replies.append(get(service.wait_until_it_listens().url + "/version").json)
    assert [answer["commit"] for answer in replies] == ["aaaaaaa", "bbbbbbb"]
    assert replies[0]["version"] == replies[1]["version"] == (apps / "api" / "version.txt").read_text().strip()
    assert replies[0]["environment"] == "pr-7"


def test_it_names_its_variables_without_their_values(api, postgres):
    answer = get(api.url + "/env")
    assert "DATABASE_URL" in answer.json
    assert postgres.url not in answer.text


def test_a_connection_serves_many_requests(api):
    with contextlib.closing(socket.create_connection(("127.0.0.1", api.port), timeout=5)) as connection:
        stream = connection.makefile("rb")
        for _ in range(3):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert stream.readline().split()[1] == b"200"
            while stream.readline() != b"\r\n":
                pass
            stream.readline()


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
                                  b"POST /orders HTTP/1.1\r\nContent-Length: x\r\n\r\n"])
def test_what_is_not_http_is_a_400(api, sent):
    with contextlib.closing(socket.create_connection(("127.0.0.1", api.port), timeout=5)) as connection:
        connection.sendall(sent)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_chunked_body_is_read(api):
    body = b'{"product_id": 1}'
    with contextlib.closing(socket.create_connection(("127.0.0.1", api.port), timeout=5)) as connection:
        connection.sendall(b"POST /orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        assert connection.recv(100).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_also_with_idle_connections(api, number):
    with contextlib.closing(socket.create_connection(("127.0.0.1", api.port))) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200 ")
        code, seconds = api.stop(number)
    assert code == 0
    assert seconds < 2


def test_what_is_being_answered_when_the_signal_comes_is_answered(api, query, postgres):
    blocker = psycopg2.connect(postgres.url)
    blocker.cursor().execute("LOCK TABLE orders")
    replies = []
    asking = threading.Thread(target=lambda: replies.append(post_json(api.url + "/orders", {"product_id": 1})))
    asking.start()
    wait_for(lambda: query("SELECT 1 FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted"), "the order to wait")
    api.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not answers(api.port), "the service to take no more connections")
    assert api.process.poll() is None
    blocker.rollback()
    blocker.close()
    asking.join()
    assert api.process.wait(5) == 0
    assert [answer.status for answer in replies] == [201]


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_its_start_costs_less_than_a_tenth_of_a_second_of_processor_time(apps, seeded):
    # Not the time on the clock: other work on the machine must not fail this.
    def cost():
        with Service(apps / "api", "serve.py", seeded) as service:
            assert get(service.wait_until_it_listens().url + "/healthz").status == 200
            return processor_seconds(service.process.pid)
    assert min(cost() for _ in range(5)) < 0.1
