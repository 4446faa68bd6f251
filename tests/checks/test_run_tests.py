"""The runner passes ctest's verdict on, and with CI=true turns what was skipped into a failure that names it."""

import os
import runpy
import subprocess
from pathlib import Path

import pytest

RUN_TESTS = Path(__file__).resolve().parents[2] / "scripts" / "run_tests"


@pytest.fixture
def run(tmp_path):
    """Runs the runner over ctest entries given as {name: shell command}; exit code 77 means skipped."""

    def run(entries, ci, *arguments, labels=None, start_only=False):
        lines = []
        for name, command in entries.items():
            label = (labels or {}).get(name, "unit")
            lines.append(f'add_test({name} "/bin/sh" "-c" [==[{command}]==])')
            lines.append(f"set_tests_properties({name} PROPERTIES SKIP_RETURN_CODE 77 {'LABELS ' + label if label else ''})")
        (tmp_path / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n", encoding="utf-8")
        environment = {**os.environ, "CI": ci}
        if start_only:
            return subprocess.Popen([RUN_TESTS, tmp_path, *arguments], env=environment, stdout=subprocess.PIPE, text=True)
        return subprocess.run([RUN_TESTS, tmp_path, *arguments], env=environment, capture_output=True, text=True, check=False)

    return run


def closing_line(result):
    return result.stdout.strip().splitlines()[-1]


def test_a_passing_run_ends_with_the_closing_lines_of_ctest(run):
    result = run({"one": "true", "two": "true"}, "true")
    assert result.returncode == 0
    assert "100% tests passed, 0 tests failed out of 2" in result.stdout
    assert closing_line(result).startswith("Total Test time")
    assert result.stderr == ""


def test_a_failing_run_fails_and_shows_the_output(run):
    result = run({"one": "true", "two": "echo what happened; false"}, "false")
    assert result.returncode != 0
    assert "what happened" in result.stdout


def test_the_minutes_of_each_suite_stand_before_the_closing_lines(run):
    result = run({"one": "true", "two": "true", "three": "true", "alone": "false"}, "false", labels={"three": "crash", "alone": ""})
    lines = result.stdout.splitlines()
    table = lines.index("minutes  entries  suite")
    assert sorted(line.split()[1:] for line in lines[table + 1:table + 4]) == [["1", "alone"], ["1", "crash"], ["2", "unit"]]
    assert table < lines.index("75% tests passed, 1 tests failed out of 4")
    assert "alone (Failed)" in result.stdout[result.stdout.index("tests passed"):]


def test_the_minutes_of_a_suite_are_those_of_its_entries(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text('<testsuite><testcase name="a" time="30"/><testcase name="b" time="100.5"/><testcase name="c" time="48"/></testsuite>')
    minutes_of = runpy.run_path(str(RUN_TESTS))["minutes_of"]
    assert list(minutes_of(report, {"a": ["unit"], "b": ["crash"], "c": ["unit", "slow"]})) == [
        "minutes  entries  suite", "    1.7        1  crash", "    1.3        2  unit", "    0.8        1  slow"]


def test_lines_are_passed_on_while_it_runs(run, tmp_path):
    """Nobody waits for the end to see that something happens."""
    seen = tmp_path / "seen"
    entries = {"first": "true", "second": f"for i in $(seq 200); do [ -e {seen} ] && exit 0; sleep 0.05; done; exit 1"}
    process = run(entries, "false", "-j1", start_only=True)
    for line in process.stdout:
        if "first" in line and "Passed" in line:
            seen.touch()
    assert process.wait() == 0


def test_a_run_without_tests_fails(run):
    assert run({}, "false").returncode != 0
    assert run({"one": "true"}, "false", "-L", "nothing").returncode != 0


SKIPS = {
    "an entry that says so": "exit 77",
    "a case of pytest": "echo '3 passed, 1 skipped in 0.12s'",
    "a case of pytest, with bars": "echo '====== 1 skipped in 0.01s ======'",
    "a case of doctest": "echo '[doctest] test cases:  4 |  3 passed | 0 failed | 1 skipped'",
}


@pytest.mark.parametrize("command", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_is_named_and_fails_in_continuous_integration_only(run, command):
    entries = {"good": "true", "lazy": command}
    assert run(entries, "").returncode == 0
    result = run(entries, "true")
    assert result.returncode != 0
    assert "lazy: " in result.stderr
    assert "good" not in result.stderr


PASSES = {
    "pytest": "echo '3 passed in 0.12s'",
    "doctest": "echo '[doctest] test cases:  4 |  4 passed | 0 failed | 0 skipped'",
    "a text that speaks of skipping": "echo 'service worker: 1 skipped'",
    "long output before the count": "yes x | head -c 300000; echo '3 passed in 0.12s'",
}


@pytest.mark.parametrize("command", PASSES.values(), ids=PASSES.keys())
def test_what_was_not_skipped_passes(run, command):
    assert run({"good": command}, "true").returncode == 0


def test_a_skip_after_long_output_is_found(run):
    assert run({"lazy": "yes x | head -c 300000; echo; echo '3 passed, 1 skipped in 0.12s'"}, "true").returncode != 0
