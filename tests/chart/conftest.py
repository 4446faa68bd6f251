import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("support", "gitea", "end_to_end", "cluster"):
    sys.path.insert(0, str(HERE.parent / folder))

from skipped import pytest_sessionfinish  # noqa: E402, F401


def pytest_collection_modifyitems(items):
    """A Kubernetes node cannot be had without root."""
    for item in items:
        if item.path.name == "test_installed.py" and os.getuid() != 0:
            item.add_marker(pytest.mark.skip(reason="a Kubernetes node needs root"))
