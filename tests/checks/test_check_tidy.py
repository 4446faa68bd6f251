"""The check for defects reads every source of a checkout, in as few compilations as it can, and remembers what was clean."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLEAN = "namespace {{\nint helper() {{ return {0}; }}\n}}\nint use_{0}() {{ return helper(); }}\n"
MOVED = """#include <string>
#include <utility>
std::string twice(std::string text)
{
    std::string taken = std::move(text);
    return taken + text;
}
"""


class Checkout:
    def __init__(self, root):
        self.root = root
        (root / "src" / "base").mkdir(parents=True)
        (root / "src" / "base" / "precompiled.hpp").write_text("#pragma once\n")
        shutil.copy(ROOT / ".clang-tidy", root)

    def write(self, name, text):
        path = self.root / "src" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def check(self):
        sources = sorted((self.root / "src").rglob("*.cpp"))
        commands = [{"directory": str(self.root), "file": str(path), "command": f"c++ -isystem /usr/include/postgresql -I{self.root}/src -std=c++23 -c {path}"}
                    for path in sources]
        (self.root / "compile_commands.json").write_text(json.dumps(commands))
        return subprocess.run([ROOT / "scripts" / "check_tidy.py", "--root", self.root, "--build", self.root], capture_output=True,
                              text=True, check=False, env={**os.environ, "XDG_CACHE_HOME": str(self.root / "cache")})

    def remembered(self):
        return sorted(path.name for path in (self.root / "cache" / "ramet" / "tidy").glob("*"))


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_what_is_clean_passes_and_is_not_read_again(checkout):
    checkout.write("a/one.cpp", CLEAN.format(1))
    first = checkout.check()
    assert (first.returncode, first.stdout) == (0, ""), first.stdout + first.stderr
    known = checkout.remembered()
    assert len(known) == 1
    assert checkout.check().returncode == 0
    assert checkout.remembered() == known
    checkout.write("a/one.hpp", "#pragma once\n")
    assert checkout.check().returncode == 0
    assert len(checkout.remembered()) == 2


def test_a_defect_is_told_with_its_place_each_time(checkout):
    checkout.write("a/one.cpp", CLEAN.format(1))
    checkout.write("a/two.cpp", MOVED)
    for _ in range(2):
        found = checkout.check()
        assert found.returncode == 1
        assert "src/a/two.cpp:6:20: error: 'text' used after it was moved" in found.stdout


def test_files_whose_names_collide_are_all_read(checkout):
    for number in range(4):
        checkout.write(f"a/f{number}.cpp", CLEAN.format(number))
    assert checkout.check().returncode == 0
    # The last of them: in a unit of its own by now.
    checkout.write("a/f3.cpp", CLEAN.format(3) + MOVED)
    found = checkout.check()
    assert found.returncode == 1
    assert "src/a/f3.cpp" in found.stdout
    assert found.stdout.count("used after it was moved") == 1


def test_a_source_that_does_not_compile_is_no_clean_one(checkout):
    checkout.write("a/one.cpp", "int f() { return nothing; }\n")
    found = checkout.check()
    assert found.returncode == 1
    assert "src/a/one.cpp:1:18: error: use of undeclared identifier 'nothing'" in found.stdout
    assert checkout.remembered() == []


def test_a_checkout_without_sources_is_an_error(checkout):
    assert checkout.check().returncode == 1
