"""How a suite of pytest tells ctest that all of it was skipped; imported by the conftest.py of each that can be."""
import os


def pytest_sessionfinish(session, exitstatus):
    """By the exit code 77; under CI=true a skipped suite is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    ran = reporter and (reporter.stats.get("passed") or reporter.stats.get("failed") or reporter.stats.get("error"))
    if exitstatus == 0 and not ran:
        session.exitstatus = 1 if os.environ.get("CI") == "true" else 77
