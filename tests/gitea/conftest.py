import itertools
import os

import pytest

from checkout import Checkout
from gitea import Gitea

names = itertools.count(1)


@pytest.fixture(scope="session")
def gitea():
    with Gitea() as server:
        yield server


@pytest.fixture
def repository(gitea):
    """A new repository with one commit on main."""
    name = gitea.create_repository(f"shop-{next(names)}")
    with Checkout(gitea, name) as work:
        work.push("main", {"README": "shop\n"}, message="Begin")
    return name


@pytest.fixture
def work(gitea, repository):
    with Checkout(gitea, repository) as clone:
        yield clone


def pytest_sessionstart():
    os.environ.pop("GIT_DIR", None)  # Set when a Git hook runs the tests; every git here would then use that repository.
