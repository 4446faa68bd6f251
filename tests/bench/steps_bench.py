#!/usr/bin/python3
"""Durable steps: the engine on its stores, against the bare commits of the same disk, and against Restate and DBOS.

A durable step: its INTENT is on disk before the call, its outcome before the call of the next. In every round all of them have their
turn, and the bare commits one before and one after the engine's, so that what else the machine and its disk do hits all. Ratios are
taken within a round; their medians count. Prints JSON rows.
"""
import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

from peers import Dbos, Restate
from rows import median, percentile, row, say

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from postgres_server import PostgresServer  # noqa: E402


class Engine:
    """The program that runs the engine on one store; see tests/bench/steps/main.cpp."""

    def __init__(self, program, store, where):
        self.store = store
        self._process = subprocess.Popen([program, store.lower(), where], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(60)

    def ask(self, *command):
        self._process.stdin.write(" ".join(map(str, command)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"steps_bench: the engine on {self.store} ended with {self._process.wait(60)}")
        return json.loads(line)

    def rows_per_second(self, seconds):
        found = self.ask("rows", seconds)
        return found["rows"] / found["seconds"]

    def steps_per_second(self, runs, steps):
        found = self.ask("chains", runs, steps)
        return found["steps"] / found["seconds"]

    def one_run(self, steps):
        """Milliseconds, and of the commits that it took so many bare ones."""
        found = self.ask("chains", 1, steps)
        bare = self.ask("commits", found["commits"])
        return found["seconds"] * 1000, bare["seconds"] * 1000, found["commits"]


class Measured:
    """What one store has shown so far."""

    def __init__(self, engine, share):
        """`share` of the store's own one-row commits is the bar."""
        self.engine, self.share = engine, share
        self.steps, self.bare, self.ratios = [], [], []
        self.singles, self.single_bare, self.commits = [], [], []

    def round(self, options):
        before = self.engine.rows_per_second(options.seconds)
        steps = self.engine.steps_per_second(options.runs, options.steps)
        bare = (before + self.engine.rows_per_second(options.seconds)) / 2
        self.steps.append(steps)
        self.bare.append(bare)
        self.ratios.append(steps / bare)
        for _ in range(self.singles_in(options)):
            took, bare_took, commits = self.engine.one_run(options.steps)
            self.singles.append(took)
            self.single_bare.append(bare_took)
            self.commits.append(commits)
        alone = f"; a run alone {median(self.singles):.1f} ms, its bare commits {median(self.single_bare):.1f} ms" if self.singles else ""
        say(f"{self.engine.store}: {steps:,.0f} steps/s, {bare:,.0f} bare commits/s{alone}")

    def singles_in(self, options):
        """A run on its own is measured on the store that most have."""
        return options.singles if self.engine.store == "SQLite" else 0

    def print(self, options):
        what = f"durable steps/s, {options.runs} runs of {options.steps} chained no-op steps, {self.engine.store}"
        ratio = median(self.ratios)
        row(what, median(self.steps), "1/s", f"≥ {self.share:g}× one-row commits/s", ratio >= self.share,
            median(self.bare), ratio)
        if not self.singles:
            return
        what = f"one idle run of {options.steps} chained steps, {self.engine.store}"
        took, bare = percentile(self.singles, 0.5), percentile(self.single_bare, 0.5)
        row(f"{what}: p50 against its bare commits", took, "ms", "≤ 1.5×", took <= 1.5 * bare, bare, took / bare)
        row(f"{what}: p50", took, "ms", "≤ 25 ms", took <= 25)
        row(f"{what}: commits", max(self.commits), "", f"≤ {options.steps + 1}", max(self.commits) <= options.steps + 1)


def start_postgres(stack):
    """A server of its own with everything that makes a commit durable left on."""
    server = PostgresServer(durable=True)
    stack.callback(server.remove)
    server.start()
    assert all(server.sql(f"SHOW {setting}") == "on" for setting in ("fsync", "synchronous_commit", "full_page_writes"))
    return server


def against(peer, ours, theirs, options):
    """`theirs` by the number of the round."""
    ratio = median([ours[number] / steps for number, steps in theirs.items()])
    row(f"durable steps/s, {options.runs} runs of {options.steps} chained no-op steps, SQLite, against {peer.name}",
        median([ours[number] for number in theirs]), "1/s", "> 1×", ratio > 1, median(list(theirs.values())), ratio)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, type=pathlib.Path, metavar="PROGRAM", help="build/release/tests/bench/ramet_steps_bench")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--singles", type=int, default=20, help="runs on their own, in each round")
    parser.add_argument("--seconds", type=float, default=1, help="of bare commits, twice in each round")
    parser.add_argument("--peer-singles", type=int, default=10)
    parser.add_argument("--slow-runs", type=int, default=25, help="of DBOS, in every third round: it is slow")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ramet-bench-steps-")))
        server = start_postgres(stack)
        restate = stack.enter_context(Restate())
        server.sql("CREATE DATABASE dbos")
        dbos = Dbos(server.url.removesuffix("ramet") + "dbos")
        stores = [Measured(stack.enter_context(Engine(options.engine, store, where)), share)
                  for store, where, share in (("SQLite", directory / "sqlite", 1), ("PostgreSQL", server.url, 0.5))]
        for measured in stores:
            measured.engine.steps_per_second(options.runs, options.steps)  # The files have their size, the caches are warm.
        restate.steps_per_second(options.runs, options.steps)
        restate_steps, restate_singles, dbos_steps = {}, [], {}
        for number in range(options.rounds):
            for measured in stores:
                measured.round(options)
            restate_steps[number] = restate.steps_per_second(options.runs, options.steps)
            restate_singles += restate.milliseconds_of_one(options.peer_singles, options.steps)
            if number % 3 == 0:
                dbos_steps[number] = dbos.steps_per_second(options.slow_runs, options.steps)
            say(f"Restate: {restate_steps[number]:,.0f} steps/s, a run alone {median(restate_singles):.1f} ms; "
                f"DBOS: {median(list(dbos_steps.values())):,.0f} steps/s")
        for measured in stores:
            measured.print(options)
        against(restate, stores[0].steps, restate_steps, options)
        against(dbos, stores[0].steps, dbos_steps, options)
        ours, theirs = percentile(stores[0].singles, 0.5), percentile(restate_singles, 0.5)
        row(f"one idle run of {options.steps} chained steps, SQLite, against {restate.name}: p50", ours, "ms", "< 1×", ours < theirs, theirs,
            ours / theirs)


if __name__ == "__main__":
    main()
