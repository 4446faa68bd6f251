import pathlib
import random
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("gitea", "end_to_end"):
    sys.path.insert(0, str(HERE.parent / folder))

from crash_world import CrashWorld  # noqa: E402
from ramet import binary  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--pairs", type=int, default=100, help="how many sampled pairs of places, each of which killed two servers")
    parser.addoption("--closings", type=int, default=50, help="how many previews are closed while they are made")
    parser.addoption("--sweeps", type=int, default=30, help="how many places of a sweep, drawn from all; 0: all of them")
    parser.addoption("--faults", type=int, default=15, help="how many lives with a call that fails in each operation; 0: every call")
    parser.addoption("--seed", type=int, default=None, help="of the sample; printed, and another one each time when not given")


@pytest.fixture
def sample(request):
    """Random numbers that can be had again: the seed is printed."""
    seed = request.config.getoption("--seed") or random.randrange(2**32)
    print(f"\n--seed {seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def fresh_world():
    """Makes worlds: one that a failure has spoilt is thrown away. Ends them all."""
    if not binary().exists():
        pytest.fail(f"{binary()} does not exist: run `make failpoints`")
    made = []

    def make():
        while made:
            made.pop().close()
        made.append(CrashWorld())
        return made[-1].start()
    # A time-out of whoever started this ends in good order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    try:
        yield make
    finally:
        for world in made:
            world.close()
