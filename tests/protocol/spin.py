"""Searches a Promela model with SPIN: spin writes a verifier in C, gcc builds it, and it visits every state there is."""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MEGABYTES = 2000
SECONDS = 900

# What says that a search ended before it had seen everything.
CUT_OFF = re.compile(r"max search depth too small|Search not completed|MEMLIM|out of memory|hash table is full|Warning", re.IGNORECASE)
NOISE = re.compile(r"\[else\]|\[?\.?\(?goto\)?\]|\[break\]|^\s*$|<valid end state>")


@dataclasses.dataclass
class Search:
    output: str
    errors: int
    states: int
    megabytes: float
    is_complete: bool
    unreached: set      # "file:line, state number": a line of an inline has one state for each place that it stands at
    broken: str         # what the comment behind the broken assertion calls it, or "never reached" for a cycle
    story: str

    def __str__(self):
        return f"{self.states:,} states, {self.megabytes:.0f} MB, {self.errors} errors"


def run(command, directory):
    """Its output; a tool that says more than that fails the test."""
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@functools.cache
def texts():
    """All that a search depends on beside its own arguments: the models, the tools, and how they are used."""
    versions = [run([tool, option], HERE) for tool, option in (("spin", "-V"), ("gcc", "--version"))]
    return [pathlib.Path(__file__).read_text(), *versions, *(path.read_text() for path in sorted(HERE.glob("*.pml")))]


def search(model, defines=(), is_for_cycles=False):
    """Visits all states of `model`. For cycles: whether its ltl formula holds for every fair run; else: its assertions, and
    that nobody is stuck for ever at a place that is not an end. What the same model said before is remembered."""
    key = hashlib.sha256(json.dumps([*texts(), model, *defines, is_for_cycles]).encode()).hexdigest()
    place = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "ramet" / "protocol" / f"{key}.json"
    if place.exists():
        return read(*json.loads(place.read_text()))
    said = search_anew(model, defines, is_for_cycles)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(said))
    fresh.rename(place)
    return read(*said)


def search_anew(model, defines, is_for_cycles):
    """(what the verifier said, the story of what it found)"""
    flags = [f"-D{each}" for each in defines]
    with tempfile.TemporaryDirectory(prefix="ramet-protocol-") as directory:
        for source in HERE.glob("*.pml"):
            shutil.copy(source, directory)
        run(["spin", "-a", *flags, model], directory)
        # Collapsed states are exact; there is no hashing that could take two states for one.
        build = ["gcc", "-w", "-O2", "-DCOLLAPSE", f"-DMEMLIM={MEGABYTES}", "-o", "pan", "pan.c"]
        build += ["-DNFAIR=3"] if is_for_cycles else ["-DSAFETY", "-DNOCLAIM"]
        run(build, directory)
        output = run(["./pan", "-m200000", *(["-a", "-f"] if is_for_cycles else [])], directory)
        trail = pathlib.Path(directory) / f"{model}.trail"
        story = run(["spin", "-k", trail.name, "-p", "-g", *flags, model], directory) if trail.exists() else ""
    return output, story


def number(pattern, text):
    found = re.search(pattern, text)
    return float(found.group(1)) if found else -1


def read(output, story):
    errors = int(number(r"errors: (\d+)", output))
    states = int(number(r"([\d.e+]+) states, stored", output))
    return Search(output=output, errors=errors, states=states, megabytes=number(r"([\d.]+)\s+total actual memory usage", output),
                  is_complete=errors >= 0 and not CUT_OFF.search(output),
                  unreached={where for where, what in re.findall(r"^\t(\w+\.pml:\d+, state \d+), \"(.*)\"", output, re.MULTILINE)
                             if what != "-end-"},
                  broken=name_of_broken(output, story), story=shortened(story))


def name_of_broken(output, story):
    if "acceptance cycle" in output:
        return "never reached"
    if "invalid end state" in output.split("Full statespace")[0]:
        return "stuck"
    found = re.search(r"(\w+\.pml):(\d+), Error: assertion violated", story)
    if not found:
        return ""
    line = (HERE / found.group(1)).read_text().splitlines()[int(found.group(2)) - 1]
    return re.search(r"/\* (.*) \*/", line).group(1)


def shortened(story):
    """What was done, step by step, and at the end what everything is."""
    told, end, rest = story.partition("trail ends")
    steps = [line for line in told.splitlines() if not line.startswith("\t\t") and not NOISE.search(line)]
    return "\n".join(re.sub(r"\s*\(state \d+\)", "", line) for line in steps) + "\n" + end + rest
