#!/usr/bin/python3
"""Checks the rules of the house over src/ and tests/: layers, heavy headers, lengths, dead files, left-over notes.

Prints one line per violation, "path:line: what is wrong", and exits 1 when there is one. Lines that begin with "warning:"
do not count. The layers are those of the build: what a folder's ramet_folder(… USES …) lists, transitively.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

MAX_FILE_LINES = 400
WARN_FILE_LINES = 300
MAX_FUNCTION_LINES = 60

# What is slow to compile, or leads out of the process, and the places that may include it.
HEAVY_HEADERS = [
    (re.compile(r"boost/(asio|beast)\b|curl/|openssl/"), ("src/net/",)),
    (re.compile(r"sqlite3\.h|libpq|pqxx"), ("src/storage/", "src/data/", "src/targets/", "tests/")),
    (re.compile(r"yaml-cpp/"), ("src/config/",)),
    (re.compile(r"git2\.h"), ("src/targets/local/git_objects.cpp",)),
    (re.compile(r"spdlog/"), ("src/base/log.cpp",)),
    (re.compile(r"CLI/"), ("src/cli/",)),
]

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
FOLDER = re.compile(r"ramet_folder\(\s*(\w+)([^)]*)\)")
TEST_LINKS = re.compile(r"target_link_libraries\(\s*ramet_(\w+)_test\b([^)]*)\)")
RAW_STRING = re.compile(r'R"([^()\\\s]{0,16})\(.*?\)\1"', re.DOTALL)
LEFT_OVER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")


@dataclass
class Source:
    """One file, read once."""

    path: str  # from the root, with slashes
    text: str
    lines: list = field(default_factory=list)
    includes: list = field(default_factory=list)  # (line number, "<" or '"', name)

    @property
    def is_header(self):
        return self.path.endswith(".hpp")

    @property
    def is_cpp(self):
        return self.path.endswith((".cpp", ".hpp"))

    @property
    def is_test(self):
        return self.path.endswith("_test.cpp") or self.path.startswith("tests/")

    @property
    def folder(self):
        """The folder of src/ that the file belongs to, or None."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def read_sources(root):
    sources = []
    for top in ("src", "tests"):
        for file in sorted((root / top).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.suffix not in (".cpp", ".hpp", ".py") or path.startswith("tests/data/") or "/node_modules/" in path:
                continue
            sources.append(read_source(file, path))
    return sources


def read_source(file, path):
    text = file.read_text(encoding="utf-8")
    # The content of raw strings is data: it keeps its line ends only, so that line numbers stay right.
    code = RAW_STRING.sub(lambda match: "\n" * match.group(0).count("\n"), text) if path.endswith("pp") else text
    source = Source(path, text, code.splitlines())
    for number, line in enumerate(source.lines, 1):
        if source.is_cpp and (match := INCLUDE.match(line)):
            source.includes.append((number, match.group(1), match.group(2)))
    return source


@dataclass
class Layers:
    """What each folder may include: `uses` transitively, and for its tests `test_uses` besides."""

    uses: dict = field(default_factory=dict)
    test_uses: dict = field(default_factory=dict)

    def reachable(self, folder, is_test):
        seen = set()
        waiting = [folder] + (self.test_uses.get(folder, []) if is_test else [])
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += self.uses.get(current, [])
        return seen


def read_layers(root):
    layers = Layers()
    for file in sorted((root / "src").glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", file.read_text(encoding="utf-8"))
        for name, arguments in FOLDER.findall(text):
            used = re.search(r"\bUSES\b(.*?)(?:\bLINKS\b|$)", arguments, re.DOTALL)
            layers.uses[name] = used.group(1).split() if used else []
        for name, links in TEST_LINKS.findall(text):
            layers.test_uses.setdefault(name, []).extend(re.findall(r"\bramet_(\w+)", links))
    return layers


def check_cycles(layers):
    for folder, used in layers.uses.items():
        for other in used:
            if other not in layers.uses:
                yield f"src/{folder}/CMakeLists.txt:1: USES {other}, which is no folder of src/"
            elif folder in layers.reachable(other, is_test=False):
                yield f"src/{folder}/CMakeLists.txt:1: {folder} uses {other}, which uses {folder}: a circle"


def check_layers(sources, layers):
    for source in sources:
        if source.folder is None:
            continue
        allowed = layers.reachable(source.folder, source.is_test)
        for number, _, name in source.includes:
            used = name.split("/")[0]
            if "/" in name and used in layers.uses and used not in allowed:
                yield f"{source.path}:{number}: {source.folder} does not use {used}, so it may not include {name}"


def check_heavy_headers(sources):
    for source in sources:
        for number, _, name in source.includes:
            for pattern, places in HEAVY_HEADERS:
                if pattern.match(name) and not source.path.startswith(places):
                    yield f"{source.path}:{number}: {name} may be included only in {', '.join(places)}"


def check_file_lengths(sources):
    for source in sources:
        length = source.text.count("\n")
        if length > MAX_FILE_LINES:
            yield f"{source.path}:1: {length} lines, more than {MAX_FILE_LINES}: one idea per file"
        elif length > WARN_FILE_LINES:
            yield f"warning: {source.path}:1: {length} lines, soon too long"


def functions_of(source):
    """(first line, length) of each body. In our format only the brace of a function stands on a line of its own, and its
    closing brace has the same indentation; what is inside is deeper."""
    opening = None
    for number, line in enumerate(source.lines, 1):
        stripped = line.strip()
        indentation = len(line) - len(line.lstrip())
        if opening is None and stripped == "{":
            opening = (number, indentation)
        elif opening is not None and stripped.startswith("}") and indentation == opening[1]:
            yield opening[0], number - opening[0] - 1
            opening = None


def check_function_lengths(sources):
    for source in sources:
        if not source.is_cpp:
            continue
        for first, length in functions_of(source):
            if length > MAX_FUNCTION_LINES:
                yield f"{source.path}:{first}: a function of {length} lines, more than {MAX_FUNCTION_LINES}"


def resolve(source, name, known):
    """The file that an include names: from src/, from tests/, or beside the including file."""
    beside = source.path.rsplit("/", 1)[0] + "/" + name
    return next((path for path in ("src/" + name, "tests/" + name, beside) if path in known), None)


def check_dead_files(sources, build_text):
    known = {source.path: source for source in sources}
    included = {resolve(source, name, known) for source in sources for _, _, name in source.includes}
    for source in sources:
        file_name = source.path.rsplit("/", 1)[-1]
        if source.is_header and source.path not in included and file_name not in build_text:
            yield f"{source.path}:1: nothing includes this header"
        if source.folder and source.path.endswith(".cpp") and is_orphan(source, known):
            yield f"{source.path}:1: a source without a header of its own folder that it implements"


def is_orphan(source, known):
    """A source is alive when it is a main, a test, has its header, or implements (includes) another of its folder."""
    if source.path.endswith(("/main.cpp", "_test.cpp")) or source.path[: -len("cpp")] + "hpp" in known:
        return False
    names = [resolve(source, name, known) for _, _, name in source.includes]
    return not any(name and name.startswith(f"src/{source.folder}/") for name in names)


def check_headers(sources):
    for source in sources:
        if source.is_header and not any(line.strip() == "#pragma once" for line in source.lines):
            yield f"{source.path}:1: a header without #pragma once"


def check_left_overs(sources):
    for source in sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            if match := LEFT_OVER.search(line):
                yield f"{source.path}:{number}: {match.group(1)}: do it, or write it into an issue"


def check(root):
    sources = read_sources(root)
    layers = read_layers(root)
    lists = [*root.glob("CMakeLists.txt"), *root.glob("cmake/*"), *root.glob("src/**/CMakeLists.txt"),
             *root.glob("tests/**/CMakeLists.txt")]
    build_text = "".join(file.read_text(encoding="utf-8") for file in lists)
    return [
        *check_cycles(layers),
        *check_layers(sources, layers),
        *check_heavy_headers(sources),
        *check_file_lengths(sources),
        *check_function_lengths(sources),
        *check_dead_files(sources, build_text),
        *check_headers(sources),
        *check_left_overs(sources),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    findings = check(parser.parse_args().root)
    print("\n".join(findings) if findings else "layers, lengths and files are as the house wants them")
    return 1 if any(not finding.startswith("warning:") for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
