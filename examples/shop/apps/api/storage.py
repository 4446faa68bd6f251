"""Connections to PostgreSQL, shared by the threads of one process."""
import contextlib
import os

import psycopg2

idle = []


@contextlib.contextmanager
def transaction():
    """A cursor in a transaction: committed at the end, rolled back on an error; a broken connection is not used again."""
    connection = take()
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        if not connection.closed:
            idle.append(connection)


def take():
    while idle:
        try:
            connection = idle.pop()
        except IndexError:
            break
        if not connection.closed:
            return connection
    return psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5, application_name="shop")
