#!/usr/bin/python3
"""Runs clang-tidy-19 with .clang-tidy over the product's sources. Prints its findings and exits 1 when there is one.

Most of clang-tidy's time goes into the libraries' headers, so the files of a folder are read as one translation unit. A file
whose own names collide there with those of another (one word in two anonymous namespaces) goes into the folder's next unit.
What was found clean is not read again until it, a header or the checks change.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

COMPILER, TIDY = "clang++-19", "clang-tidy-19"
# What clang takes of the compiler's command line; the rest is g++'s own.
KEPT = re.compile(r"-isystem \S+|-(?:D|I|std=)\S+")
FINDING = re.compile(r"(?:warning|error): .*\[[\w.,-]+\]$", re.MULTILINE)
ERROR = re.compile(r"^(/[^:\n]+):\d+:\d+: (?:fatal )?error: ", re.MULTILINE)


def read_commands(root, build):
    """The kept flags of every source below src/: {path: [flag]}."""
    database = build / "compile_commands.json"
    if not database.exists():
        sys.exit(f"check_tidy: {database} is missing. Run: make dev")
    flags = {}
    for entry in json.loads(database.read_text()):
        path = Path(entry["file"])
        if path.is_relative_to(root / "src") and not path.name.endswith("_test.cpp"):
            flags[path] = [word for words in KEPT.findall(entry["command"]) for word in shlex.split(words)]
    return flags


def group_by_folder(flags):
    """Lists of files that are compiled with the same flags and live in the same folder."""
    groups = {}
    for path in sorted(flags):
        groups.setdefault((path.parent, tuple(flags[path])), []).append(path)
    return sorted(((list(words), paths) for (_, words), paths in groups.items()), key=lambda group: -len(group[1]))


class Cache:
    """Remembers what was clean, outside the checkout."""

    def __init__(self, root):
        self._place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ramet" / "tidy"
        self._root = root
        # A header may change what any file means; where the checkout lies means nothing.
        version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
        headers = sorted((root / "src").rglob("*.hpp"))
        self._common = self._hash([version, *(path.read_bytes() for path in [root / ".clang-tidy", *headers])])

    @staticmethod
    def _hash(parts):
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def key(self, flags, paths):
        parts = [self._common, *(flag.replace(str(self._root), "") for flag in flags), *(str(path.relative_to(self._root)) for path in paths)]
        return self._hash([*(part.encode() for part in parts), *(path.read_bytes() for path in paths)])

    def has(self, key):
        return (self._place / key).exists()

    def add(self, key):
        self._place.mkdir(parents=True, exist_ok=True)
        (self._place / key).touch()


class Reader:
    def __init__(self, root):
        self._root = root
        self._cache = Cache(root)

    def look_at_folder(self, flags, paths):
        """Tasks, one for each unit that is not known to be clean; each gives the findings as text."""
        key = self._cache.key(flags, paths)
        if self._cache.has(key):
            return []
        units = list(self._split(flags, paths))
        left = len(units)

        def look_at(unit):
            nonlocal left
            findings = self._look_at(flags, unit)
            left -= not findings
            if left == 0:
                self._cache.add(key)
            return findings
        return [lambda unit=unit: look_at(unit) for unit in units]

    def _split(self, flags, paths):
        """Lists of files that can be read as one. The compiler does not tell every collision at once."""
        while paths:
            unit = paths
            while len(unit) > 1 and (colliding := self._find_colliding(flags, unit)):
                unit = [path for path in unit if path not in colliding] or unit[:1]
            yield unit
            paths = [path for path in paths if path not in unit]

    def _find_colliding(self, flags, paths):
        """Those files in which the compiler finds an error when it reads all of them as one."""
        with tempfile.TemporaryDirectory() as scratch:
            command = [COMPILER, "-w", "-fsyntax-only", "-ferror-limit=0", *flags, self._write_unit(scratch, paths)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        wrong = set(ERROR.findall(done.stderr))
        return [path for path in paths if str(path) in wrong]

    def _look_at(self, flags, paths):
        with tempfile.TemporaryDirectory() as scratch:
            command = [TIDY, "--quiet", f"--config-file={self._root}/.clang-tidy", "--checks=-bugprone-suspicious-include",
                       f"--header-filter={self._root}/src/", self._write_unit(scratch, paths), "--", *flags]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 and not FINDING.search(done.stdout):
            return f"{TIDY} on {', '.join(map(str, paths))}: exit {done.returncode}\n{done.stderr[-2000:]}\n"
        return done.stdout.replace(f"{self._root}/", "")

    def _write_unit(self, folder, paths):
        common = self._root / "src/base/precompiled.hpp"
        unit = Path(folder) / "unit.cpp"
        unit.write_text("".join(f'#include "{path}"\n' for path in [common, *paths]))
        return str(unit)


def main():
    here = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=here, help="the checkout")
    parser.add_argument("--build", type=Path, help="the folder with compile_commands.json; build/dev unless told")
    options = parser.parse_args()
    root = options.root.resolve()
    flags = read_commands(root, options.build or root / "build/dev")
    reader = Reader(root)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = pool.map(lambda group: reader.look_at_folder(*group), group_by_folder(flags))
        findings = [text for text in pool.map(lambda task: task(), chain.from_iterable(tasks)) if text]
    # A header is read by several units and tells its finding in each.
    print("".join(dict.fromkeys(findings)), end="")
    print(f"check_tidy: {len(flags)} files, {'findings above' if findings else 'no finding'}", file=sys.stderr)
    return 1 if findings or not flags else 0


if __name__ == "__main__":
    sys.exit(main())
