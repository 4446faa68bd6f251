import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("support", "gitea"):
    sys.path.insert(0, str(HERE.parent / folder))

from ramet import binary  # noqa: E402
from skipped import pytest_sessionfinish  # noqa: E402, F401
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
