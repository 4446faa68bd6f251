import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import run


def test_migrate_makes_the_schema_once(apps, settings, query):
    first, second = (run(apps / "api", "migrate.py", settings) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert "ran 0001_products.sql" in first.stdout
    assert "ran" not in second.stdout
    assert query("SELECT name FROM schema_migrations ORDER BY name") == [("0001_products.sql",), ("0002_orders.sql",)]


def test_two_migrations_at_once_do_not_disturb_each_other(apps, settings):
    run(apps / "api", "migrate.py", settings)
    with ThreadPoolExecutor() as pool:
        codes = list(pool.map(lambda _: run(apps / "api", "migrate.py", settings).returncode, range(4)))
    assert codes == [0, 0, 0, 0]


def test_a_migration_that_fails_leaves_nothing_of_itself(apps, settings, query, tmp_path):
    copy = tmp_path / "api"
    shutil.copytree(apps / "api", copy)
    (copy / "migrations" / "0003_broken.sql").write_text("CREATE TABLE half (id int); SELECT nonsense;")
    done = run(copy, "migrate.py", settings)
    assert done.returncode != 0
    assert "nonsense" in done.stderr
    assert query("SELECT to_regclass('half'), to_regclass('products')") == [(None, None)]


@pytest.mark.parametrize("rows, width", [(1, 0), (50, 64), (2000, 1000)])
def test_seed_makes_as_many_rows_of_the_width_that_it_is_told(apps, settings, query, rows, width):
    done = run(apps / "api", "seed.py", {**settings, "SEED_ROWS": str(rows), "SEED_BYTES_PER_ROW": str(width)})
    assert done.stdout.splitlines() == [f"made {rows} products"], done.stderr
    assert query("SELECT count(*), min(length(description)), max(length(description)) FROM products") == [(rows, width, width)]


def test_seed_makes_the_same_rows_everywhere(apps, seeded, query):
    assert query("SELECT name, price_cents, stock FROM products WHERE id = 12") == [("Linen lamp no. 12", 15227, 1012)]


def test_seed_leaves_a_filled_shop_alone(apps, seeded, query):
    before = query("SELECT * FROM products ORDER BY id")
    done = run(apps / "api", "seed.py", {**seeded, "SEED_ROWS": "99"})
    assert done.stdout.splitlines() == ["made 0 products"]
    assert query("SELECT * FROM products ORDER BY id") == before


def test_a_hundred_thousand_rows_take_a_few_seconds_at_most(apps, settings, query):
    started = time.monotonic()
    assert run(apps / "api", "seed.py", {**settings, "SEED_ROWS": "100000"}).returncode == 0
    assert time.monotonic() - started < 15
    assert query("SELECT count(*) FROM products") == [(100000,)]


def test_without_a_database_a_job_fails_and_says_why(apps, settings):
    done = run(apps / "api", "migrate.py", {**settings, "DATABASE_URL": "postgresql://shop@127.0.0.1:1/shop"})
    assert done.returncode != 0
    assert "127.0.0.1" in done.stderr
