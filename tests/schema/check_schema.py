#!/usr/bin/env python3
"""Holds schema/ramet.schema.json against files: good ones validate, bad ones do not.

The bad ones are the reader's own cases (tests/data/config/bad_files.txt). A case marked "[schema: cannot]" breaks a rule that no
JSON Schema can express (references between keys, placeholders, duplicates); all others must fail here too.
"""
import glob
import json
import os
import re
import sys

import jsonschema
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema: `on` and `yes` are words there, as Ramet and editors read them."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
]:
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))


def load(text):
    return yaml.load(text, Loader)


def bad_cases(path):
    cases, story = [], None
    for line in open(path, encoding="utf-8").read().split("\n"):
        if line.startswith("=== "):
            story = line[4:]
            cases.append([story, ""])
        elif not line.startswith("--- ") and cases:
            cases[-1][1] += line + "\n"
    return cases


def main():
    schema = json.load(open(os.path.join(ROOT, "schema/ramet.schema.json"), encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = []

    good = ["tests/data/config/everything.yaml", "tests/data/clone/shop.yaml"]
    good += [os.path.relpath(path, ROOT) for path in sorted(glob.glob(os.path.join(ROOT, "examples/*/ramet.yaml")))]
    for path in good:
        for error in validator.iter_errors(load(open(os.path.join(ROOT, path), encoding="utf-8").read())):
            failures.append(f"{path}: {'/'.join(map(str, error.absolute_path))}: {error.message}")

    checked = 0
    for story, text in bad_cases(os.path.join(ROOT, "tests/data/config/bad_files.txt")):
        if "[schema: cannot]" in story:
            continue
        checked += 1
        if validator.is_valid(load(text)):
            failures.append(f"the schema accepts what the reader refuses: {story}")

    for failure in failures:
        print(failure)
    print(f"{len(good)} good and {checked} bad files, {len(failures)} failures")
    return 1 if failures or checked < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
