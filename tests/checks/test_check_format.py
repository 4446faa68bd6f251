"""The check of the format looks at what was changed since the last commit, and at everything when asked."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = "int f()\n{\n    return 1;\n}\n"
BAD = "int f() { return 1 ; }\n"


@pytest.fixture
def repository(tmp_path):
    """A Git repository with one committed file in bad format."""
    shutil.copy(ROOT / ".clang-format", tmp_path)
    (tmp_path / "old.cpp").write_text(BAD)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *command], cwd=tmp_path, check=True)
    return tmp_path


def check(repository, *arguments):
    return subprocess.run([ROOT / "scripts" / "check_format", *arguments], cwd=repository, capture_output=True, text=True,
                          check=False)


def test_what_did_not_change_is_not_looked_at(repository):
    assert check(repository).returncode == 0
    assert check(repository, "--all").returncode != 0


@pytest.mark.parametrize("name", ["old.cpp", "new file.hpp"])
def test_a_changed_and_a_new_file_are_checked(repository, name):
    (repository / name).write_text("\n" + BAD)
    result = check(repository)
    assert result.returncode != 0
    assert name in result.stderr
    (repository / name).write_text(GOOD)
    assert check(repository).returncode == 0


def test_a_deleted_file_is_no_fault(repository):
    (repository / "old.cpp").unlink()
    assert check(repository).returncode == 0
    assert check(repository, "--all").returncode == 0


def test_fixing_rewrites_all(repository):
    assert check(repository, "--fix").returncode == 0
    assert (repository / "old.cpp").read_text() == GOOD
    assert check(repository, "--all").returncode == 0


def test_an_unknown_argument_is_refused(repository):
    assert check(repository, "--everything").returncode == 2
