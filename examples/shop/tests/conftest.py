import pathlib
import shutil
import subprocess

import psycopg2
import pytest
import redis

from servers import Postgres, RedisServer, Service

SHOP = pathlib.Path(__file__).resolve().parents[1]


def run(folder, program, environment=None):
    return subprocess.run(["/usr/bin/python3", program], cwd=folder, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", **(environment or {})})


@pytest.fixture(scope="session")
def postgres():
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server():
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def apps(tmp_path_factory):
    """The services' trees, built: a copy, as a build writes beside the sources."""
    copy = tmp_path_factory.mktemp("shop") / "apps"
    shutil.copytree(SHOP / "apps", copy, ignore=shutil.ignore_patterns("__pycache__", "dist", "version.txt"))
    for name in ("api", "web"):
        built = run(copy / name, "build.py")
        assert built.returncode == 0, built.stdout + built.stderr
    return copy


@pytest.fixture
def settings(postgres, redis_server):
    """The environment of an empty shop."""
    with psycopg2.connect(postgres.url) as connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connection.close()
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return {"DATABASE_URL": postgres.url, "REDIS_URL": redis_server.url, "ENVIRONMENT": "pr-7", "SEED_ROWS": "50"}


@pytest.fixture
def seeded(apps, settings):
    done = run(apps / "api", "seed.py", settings)
    assert done.returncode == 0, done.stderr
    return settings


@pytest.fixture
def api(apps, seeded):
    with Service(apps / "api", "serve.py", seeded) as service:
        yield service.wait_until_it_listens()


@pytest.fixture
def query(postgres):
    """Runs one statement and returns its rows."""
    connection = psycopg2.connect(postgres.url)
    connection.autocommit = True

    def ask(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    yield ask
    connection.close()
