"""Ships orders: takes their numbers from the queue in Redis and writes what it did to PostgreSQL."""
import signal
import sys
import time

import psycopg2

from redis_wire import Redis, RedisError
from storage import transaction

QUEUE = "orders"
IN_HAND = "orders:in-hand"  # An order stays here until it is shipped, so that it survives the end of its worker.
WAIT_S = 2
RETRY_S = 0.5


def run():
    """Until SIGTERM or SIGINT, which may end it at any point: what was in hand is done by the next one."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    queue = Redis(timeout_s=WAIT_S + 5)
    while True:
        try:
            put_back(queue)
            while True:
                ship_next(queue)
        except (RedisError, psycopg2.OperationalError) as error:
            print(f"trying again: {error}".strip(), file=sys.stderr, flush=True)
            time.sleep(RETRY_S)


def put_back(queue):
    while queue.call("LMOVE", IN_HAND, QUEUE, "LEFT", "RIGHT") is not None:
        pass


def ship_next(queue):
    order = queue.call("BLMOVE", QUEUE, IN_HAND, "RIGHT", "LEFT", str(WAIT_S))
    if order is not None:
        ship(int(order))
        queue.call("LREM", IN_HAND, "1", order)


def ship(order):
    """May be repeated: an order is shipped once."""
    with transaction() as cursor:
        cursor.execute("UPDATE orders SET state = 'shipped' WHERE id = %s AND state = 'new' RETURNING product_id, quantity",
                       (order,))
        row = cursor.fetchone()
        if row is None:
            return
        cursor.execute("INSERT INTO shipments (order_id) VALUES (%s)", (order,))
        cursor.execute("UPDATE products SET stock = stock - %s WHERE id = %s", (row[1], row[0]))
    print(f"shipped order {order}", flush=True)
