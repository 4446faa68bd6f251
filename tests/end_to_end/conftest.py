import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "gitea"))
CHECKOUT = HERE.parents[1]


def pytest_sessionfinish(session, exitstatus):
    """Where everything was skipped, ctest is told so (77); under CI=true a skipped suite is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    ran = reporter and (reporter.stats.get("passed") or reporter.stats.get("failed") or reporter.stats.get("error"))
    if exitstatus == 0 and not ran:
        session.exitstatus = 1 if os.environ.get("CI") == "true" else 77
