import os
import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "gitea"))

from ramet import binary  # noqa: E402
from world import World  # noqa: E402


TEST_DEADLINE_S = 300


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol():
    """A scenario that hangs fails, and the world is taken down in good order."""
    def end(*_):
        raise TimeoutError(f"the test took more than {TEST_DEADLINE_S} s")
    signal.signal(signal.SIGALRM, end)
    signal.alarm(TEST_DEADLINE_S)
    yield
    signal.alarm(0)


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
