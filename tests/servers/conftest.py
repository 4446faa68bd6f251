import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("gitea", "end_to_end", "crash", "support"):
    sys.path.insert(0, str(HERE.parent / folder))

from ramet import binary  # noqa: E402
from town import Town  # noqa: E402


@pytest.fixture(scope="session")
def town():
    if not binary().exists():
        pytest.fail(f"{binary()} does not exist: run `make failpoints`")
    # A time-out of whoever started this ends in good order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    made = Town()
    try:
        yield made.start()
    finally:
        made.close()
