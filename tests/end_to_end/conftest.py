import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "gitea"))

from ramet import binary  # noqa: E402
from world import World  # noqa: E402



def pytest_sessionfinish(session, exitstatus):
    """Where everything was skipped, ctest is told so (77); under CI=true a skipped suite is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    ran = reporter and (reporter.stats.get("passed") or reporter.stats.get("failed") or reporter.stats.get("error"))
    if exitstatus == 0 and not ran:
        session.exitstatus = 1 if os.environ.get("CI") == "true" else 77


@pytest.fixture(scope="session")
def world():
    """One for all scenarios of a run; each leaves it as it found it."""
    if not binary().exists():
        pytest.fail(f"{binary()} does not exist: run `make build`")
    made = World()
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
def shop(world):
    """The world for one scenario: what an earlier one left open after its failure is closed before."""
    for request in world.gitea.pages(f"/repos/{world.repository}/pulls?state=open"):
        world.finish(request["number"])
    return world
