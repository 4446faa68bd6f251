"""The shop's API: products, orders, and what an operator asks a service."""
import os
import pathlib
import threading

import psycopg2

from http_wire import Refused, Reply, json_reply, serve
from redis_wire import Redis, RedisError
from storage import transaction

QUEUE = "orders"
VERSION_FILE = pathlib.Path(__file__).with_name("version.txt")
local = threading.local()


def redis():
    if not hasattr(local, "redis"):
        local.redis = Redis()
    return local.redis


def health(_):
    found = {"database": check(ask_database), "cache": check(lambda: redis().call("PING"))}
    return json_reply(200 if set(found.values()) == {"ok"} else 503, found)


def check(ask):
    try:
        ask()
        return "ok"
    except (psycopg2.Error, RedisError) as error:
        return f"failed: {error}".strip()


def ask_database():
    with transaction() as cursor:
        cursor.execute("SELECT 1")


def list_products(request):
    limit = request.parameter("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 1000:
        raise Refused(400, "limit must be a number from 1 to 1000")
    with transaction() as cursor:
        cursor.execute("SELECT id, name, price_cents, stock FROM products ORDER BY id LIMIT %s", (int(limit),))
        rows = cursor.fetchall()
    return json_reply(200, [dict(zip(("id", "name", "price_cents", "stock"), row)) for row in rows])


def create_order(request):
    wanted = request.json()
    if not isinstance(wanted, dict) or not isinstance(wanted.get("product_id"), int):
        raise Refused(422, "product_id must be a number")
    quantity = wanted.get("quantity", 1)
    if not isinstance(quantity, int) or not 1 <= quantity <= 100:
        raise Refused(422, "quantity must be a number from 1 to 100")
    order = insert_order(wanted["product_id"], quantity)
    redis().call("LPUSH", QUEUE, str(order))
    return json_reply(201, {"id": order})


def insert_order(product, quantity):
    try:
        with transaction() as cursor:
            cursor.execute("INSERT INTO orders (product_id, quantity) VALUES (%s, %s) RETURNING id", (product, quantity))
            return cursor.fetchone()[0]
    except (psycopg2.errors.ForeignKeyViolation, psycopg2.errors.NumericValueOutOfRange):
        raise Refused(422, f"there is no product {product}") from None


def count_orders(_):
    with transaction() as cursor:
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE state = 'shipped') FROM orders")
        orders, shipped = cursor.fetchone()
    return json_reply(200, {"orders": orders, "shipped": shipped})


def version(_):
    """Of the code, by its content: the same for every commit that leaves this service as it is."""
    built = VERSION_FILE.read_text().strip() if VERSION_FILE.exists() else None
    return json_reply(200, {"version": built, "commit": os.environ.get("COMMIT"), "environment": os.environ.get("ENVIRONMENT")})


def list_environment(_):
    """Names only: a value may be a secret."""
    return json_reply(200, sorted(os.environ))


ROUTES = {
    "/healthz": {"GET": health},
    "/products": {"GET": list_products},
    "/orders": {"POST": create_order},
    "/orders/count": {"GET": count_orders},
    "/version": {"GET": version},
    "/env": {"GET": list_environment},
}


def handle(request):
    methods = ROUTES.get(request.path)
    if methods is None:
        raise Refused(404, f"there is no {request.path}")
    if request.method not in methods:
        return Reply(405, "", headers=[("Allow", ", ".join(methods))])
    try:
        return methods[request.method](request)
    except (psycopg2.OperationalError, RedisError) as error:
        raise Refused(503, f"storage is not available: {error}".strip()) from None


def main():
    serve(handle)
