import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("gitea", "end_to_end"):
    sys.path.insert(0, str(HERE.parent / folder))

from crash_world import CrashWorld  # noqa: E402
from ramet import binary  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--pairs", type=int, default=110, help="how many sampled pairs of places")
    parser.addoption("--seed", type=int, default=None, help="of the sample; printed, and another one each time when not given")


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
