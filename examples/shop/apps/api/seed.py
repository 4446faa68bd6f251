"""Fills an empty shop: SEED_ROWS products, each with a description of SEED_BYTES_PER_ROW letters."""
import os

from migrate import migrate
from storage import transaction

# Two lists whose lengths have no common divisor, so that neighbours never have the same name.
FILL = """
INSERT INTO products (name, price_cents, stock, description)
SELECT (ARRAY['Blue','Green','Woollen','Oak','Copper','Linen','Little'])[1 + n %% 7] || ' '
       || (ARRAY['teapot','lamp','chair','kite','bowl','clock','basket','blanket','stool','vase','candle'])[1 + n %% 11]
       || ' no. ' || n,
       199 + (n::bigint * 7919) %% 20000, 1000 + n %% 500, left(repeat(md5(n::text), 1 + %(bytes)s / 32), %(bytes)s)
FROM generate_series(1, %(rows)s) AS n
"""


def seed(rows, bytes_per_row):
    """Does nothing when there are products already; returns how many were made."""
    migrate()  # A seed may come before the job that migrates.
    with transaction() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM products)")
        if cursor.fetchone()[0]:
            return 0
        cursor.execute(FILL, {"rows": rows, "bytes": bytes_per_row})
        made = cursor.rowcount
        cursor.execute("ANALYZE products")
        return made


if __name__ == "__main__":
    made = seed(int(os.environ.get("SEED_ROWS", "100000")), int(os.environ.get("SEED_BYTES_PER_ROW", "64")))
    print(f"made {made} products", flush=True)
