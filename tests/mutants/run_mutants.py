#!/usr/bin/python3
"""Plants each defect of mutants.py into a copy of the checkout, builds what has to notice it, and runs that.

    run_mutants.py [--drivers] [NAME…]     all of them, or those whose name contains one of the words

With --drivers those of the real drivers, which are noticed by a real server and need the machine for themselves; else all others.
Exit code 0 when all were caught. What was caught is remembered, outside the checkout, until something changes that the programs are made
of. The copies stay in build/mutants, so that only what changed is built again; the compiler's cache knows everything that a defect does
not touch.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import time

from mutants import DRIVERS, ENGINE, FOREIGN, GIT_HOST, MUTANTS, PLACES, SIMULATION, STORAGE

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
COPIES = CHECKOUT / "build" / "mutants"
BUILD_DEADLINE_S = 900
RUN_DEADLINE_S = 1200  # A defect may make it hang; it has the processors for itself only now and then.
MOST_MEMORY = 4 << 30
SEEDS = "20000"


@dataclasses.dataclass(frozen=True)
class Watcher:
    """What notices a defect: a program, how it is built, and the arguments with which it fails on one."""
    preset: str
    target: str
    program: str
    arguments: tuple = ()
    jobs = ("-j", "1")  # Others plant theirs at the same time.

    def command(self, place):
        # A defect may make it grow for ever; the machine is needed by others.
        return ["prlimit", f"--as={MOST_MEMORY}", place / "build" / self.preset / self.program, *self.arguments]


class RealServer(Watcher):
    """What notices it by what becomes of a server of that build."""
    jobs = ()

    def command(self, place):
        return ["env", "-C", "tests/crash", f"RAMET_BINARY={place / 'build' / self.preset / self.program}", "sh", "../support/own_machine",
                "/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", *self.arguments]


SIMULATION_PROGRAM = ("release", "ramet_simulation", "tests/simulation/ramet_simulation")
WATCHERS = {
    SIMULATION: Watcher(*SIMULATION_PROGRAM, ("--hunt", SEEDS)),
    PLACES: Watcher(*SIMULATION_PROGRAM, ("--places",)),
    GIT_HOST: Watcher(*SIMULATION_PROGRAM, ("--git-host",)),
    FOREIGN: Watcher(*SIMULATION_PROGRAM, ("--foreign", "10000")),
    ENGINE: Watcher("dev", "ramet_engine_test", "src/engine/ramet_engine_test", ("--no-version", "--no-colors")),
    STORAGE: Watcher("dev", "ramet_storage_test", "src/storage/ramet_storage_test",
                     ("--no-version", "--no-colors", "--test-suite-exclude=postgres")),
    DRIVERS: RealServer("failpoints", "ramet", "ramet", ("test_lost_answers.py",)),
}


def files_of_checkout():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=CHECKOUT, check=True,
                            capture_output=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (CHECKOUT / name).is_file())


# What none of the programs is made of; check_healthy looks whether that is so.
OUTSIDE = ("docs/", "examples/", "schema/", "scripts/", "src/api/", "src/cli/", "src/daemon/", "src/forges/", "src/net/", "src/shim/",
           "src/targets/", "tests/bench/", "tests/checks/", "tests/crash/", "tests/end_to_end/", "tests/failpoints/", "tests/fuzz/",
           "tests/gitea/", "tests/protocol/", "tests/servers/", "tests/shop/", "tests/support/postgres_server.py")
INSIDE = ("src/", "tests/", "cmake/", "CMakeLists.txt", "CMakePresets.json")


def is_part(name, drivers=False):
    """Whether what notices the defects is made of it. A real server is made of all."""
    if drivers:
        return name.startswith((*INSIDE, "schema/"))
    return name.startswith(INSIDE) and (not name.startswith(OUTSIDE) or name.endswith("CMakeLists.txt"))


class Memory:
    """Of what was caught and by what words, for just these sources, this compiler and this script."""

    def __init__(self, drivers):
        self._place = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "ramet" / "mutants"
        digest = hashlib.sha256(subprocess.run(["c++", "--version"], check=True, capture_output=True).stdout)
        digest.update(pathlib.Path(__file__).read_bytes())
        for name in files_of_checkout():
            if is_part(name, drivers) and name != "tests/mutants/mutants.py":
                digest.update(name.encode() + b"\0" + (CHECKOUT / name).read_bytes() + b"\0")
        self._common = digest.hexdigest()

    def _file(self, mutant):
        return self._place / hashlib.sha256(f"{self._common} {mutant}".encode()).hexdigest()

    def recall(self, mutant):
        file = self._file(mutant)
        return json.loads(file.read_text()) if file.exists() else None

    def keep(self, mutant, words):
        self._place.mkdir(parents=True, exist_ok=True)
        self._file(mutant).write_text(json.dumps(words))


class Copy:
    """A checkout of its own, in which one defect at a time is planted."""

    def __init__(self, name):
        self.place = COPIES / name
        self._configured = set()
        self._take_over()

    def _take_over(self):
        """Files that are the same keep their time, so that nothing is built again for them."""
        wanted = set(files_of_checkout())
        for path in self.place.rglob("*") if self.place.exists() else ():
            name = str(path.relative_to(self.place))
            if path.is_file() and not name.startswith("build/") and name not in wanted:
                path.unlink()
        for name in wanted:
            source, target = CHECKOUT / name, self.place / name
            if target.exists() and target.read_bytes() == source.read_bytes():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    def build(self, watcher):
        if watcher.preset not in self._configured:
            run(["cmake", "--preset", watcher.preset], self.place, BUILD_DEADLINE_S)
            self._configured.add(watcher.preset)
        return run(["cmake", "--build", "--preset", watcher.preset, "--target", watcher.target, *watcher.jobs], self.place, BUILD_DEADLINE_S)

    def sources(self, watcher):
        """The names of all files of the checkout that its program is made of."""
        build = self.place / "build" / watcher.preset
        inputs = run(["ninja", "-t", "inputs", watcher.target], build, BUILD_DEADLINE_S)[1].split()
        objects = [name for name in inputs if name.endswith((".o", ".gch"))]
        used = {line.strip() for line in run(["ninja", "-t", "deps", *objects], build, BUILD_DEADLINE_S)[1].splitlines() if line.startswith("    ")}
        paths = {pathlib.Path(os.path.normpath(build / name)) for name in {*inputs, *used}}
        names = {str(path.relative_to(self.place)) for path in paths if path.is_relative_to(self.place)}
        return {name for name in names if not name.startswith("build/") and (self.place / name).is_file()}

    def watch(self, watcher):
        return run(watcher.command(self.place), self.place, RUN_DEADLINE_S)

    def plant(self, mutant):
        for change in mutant.changes:
            path = self.place / change.file
            text = path.read_text()
            if text.count(change.find) != 1:
                raise Stale(f"{change.file} holds {text.count(change.find)} times: {change.find.strip()}")
            path.write_text(text.replace(change.find, change.replace))

    def heal(self, mutant):
        for file in {change.file for change in mutant.changes}:
            shutil.copyfile(CHECKOUT / file, self.place / file)


class Stale(Exception):
    """The code that a defect changes is not there any more."""


def run(command, place, deadline):
    done = subprocess.run(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=deadline, check=False, env={**os.environ, "CLICOLOR_FORCE": "0"})
    return done.returncode, done.stdout


def what_it_said(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "VIOLATION" in line or "ERROR:" in line or "no transition" in line
               or line.startswith("E ")]
    return (telling or lines or ["nothing"])[0]


def try_mutant(copy, mutant):
    """(was it caught, by what words)."""
    watcher = WATCHERS[mutant.caught_by]
    try:
        copy.plant(mutant)
        code, output = copy.build(watcher)
        if code != 0:
            return False, "it does not compile:\n" + "\n".join(output.splitlines()[-15:])
        code, output = copy.watch(watcher)
        return code != 0, what_it_said(output) if code != 0 else f"{mutant.caught_by} found nothing"
    except Stale as stale:
        return False, str(stale)
    except subprocess.TimeoutExpired as expired:
        is_hanging = "cmake" not in expired.cmd[0]
        return is_hanging, f"it did not end within {expired.timeout} s"
    finally:
        copy.heal(mutant)


def check_healthy(copy, wanted):
    """Without a defect nobody complains: or every one would count as caught."""
    for name in sorted({mutant.caught_by for mutant in wanted}):
        code, output = copy.build(WATCHERS[name])
        if code == 0:
            code, output = copy.watch(WATCHERS[name])
        if code != 0:
            sys.exit(f"{name} fails without any defect:\n{output}")
        sources = copy.sources(WATCHERS[name])
        if len(sources) < 50 or (unknown := {source for source in sources if not is_part(source, name == DRIVERS)}):
            sys.exit(f"{name} is made of files that nobody remembers: {sorted(unknown) if len(sources) >= 50 else sources}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drivers", action="store_true")
    parser.add_argument("words", nargs="*", metavar="NAME")
    options = parser.parse_args()
    wanted = [mutant for mutant in MUTANTS if (mutant.caught_by == DRIVERS) == options.drivers and
              (not options.words or any(word in mutant.name for word in options.words))]
    memory = Memory(options.drivers)
    known = {mutant.name: words for mutant in wanted if (words := memory.recall(mutant)) is not None}
    for mutant in wanted:
        if mutant.name in known:
            print(f"caught before  {mutant.name}\n    {mutant.caught_by}: {known[mutant.name]}")
    missed = try_all([mutant for mutant in wanted if mutant.name not in known], memory)
    print(f"{len(wanted) - missed} of {len(wanted)} defects were caught, {len(known)} of them before and with the same sources")
    return 1 if missed else 0


def try_all(wanted, memory):
    """How many nobody noticed."""
    if not wanted:
        return 0
    copies = queue.Queue()
    # Both kinds may be planted at the same time.
    drivers = any(mutant.caught_by == DRIVERS for mutant in wanted)
    workers = 1 if drivers else min(len(wanted), max(1, len(os.sched_getaffinity(0))))
    for number in range(workers):
        copies.put(Copy("drivers" if drivers else str(number)))
    check_healthy(copies.queue[0], wanted)

    def try_one(mutant):
        copy = copies.get()
        start = time.monotonic()
        try:
            return mutant, *try_mutant(copy, mutant), time.monotonic() - start
        finally:
            copies.put(copy)

    missed = 0
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for mutant, was_caught, words, seconds in pool.map(try_one, wanted):
            missed += not was_caught
            if was_caught:
                memory.keep(mutant, words)
            print(f"{'caught' if was_caught else 'MISSED'} {seconds:5.1f} s  {mutant.name}\n    {mutant.caught_by}: {words}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
