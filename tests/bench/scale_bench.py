#!/usr/bin/python3
"""10,000 environments: what a server costs that has them loaded and idle, and how long a full reconcile pass over them takes.

The server's are copies of a ready one's rows: to the server all are ready, with their routes in memory. The pass is measured beside it, in
one process with the real application and store, where each environment belongs to an open pull request and the Git host answers from
memory (tests/bench/reconcile_bench_main.cpp). Prints JSON rows.
"""
import argparse
import json
import pathlib
import subprocess
import time

from installation import Installation
from many_bench import copy_environments, cpu_seconds, digest, make_previews, name_of, pss_mb, remove_all, timed_start
from rows import median, row, say

from tiny import BASE, make_repository


def as_ready(table, values, number, _):
    if table == "resource":
        values |= {"id": digest(values["id"], number)}
    return values


def measure_server(stored, seconds):
    with Installation() as here:
        repository = here.ramet.directory / "tiny"
        make_repository(repository)
        here.ramet.run("apply", "-f", repository / "ramet.yaml", "--repo", repository)
        make_previews(here, range(1))
        preview = here.preview(name_of(0))
        here.ramet.stop()
        began = time.monotonic()
        copy_environments(here.database, name_of(0), stored - 2, as_ready)
        say(f"copied in {time.monotonic() - began:.0f} s")
        said, seen = timed_start(here, preview)
        say(f"ready after {said:.3f} s, a route and a service seen after {seen:.3f} s")
        in_store, ready = here.query("SELECT count(*), sum(state = 'ready') FROM environment")[0]
        assert in_store == ready == stored, f"{in_store} environments, {ready} of them ready"
        time.sleep(15)  # What follows a start is over.
        server = [here.ramet.pid]
        before = cpu_seconds(server)
        time.sleep(seconds)
        used = (cpu_seconds(server) - before) / seconds * 100
        memory = pss_mb(server)
        what = f"{stored:,} environments loaded"
        row(f"{what}: memory of the server (PSS)", memory, "MB", "≤ 500 MB", memory <= 500)
        row(f"{what}: processor of the server while idle", used, "% of a core", "< 2 %", used < 2)
        remove_all(here, range(1))
        assert here.environment(BASE)["state"] == "ready"


def measure_passes(program, stored, passes):
    lines = subprocess.run([program, str(stored), str(passes + 1)], check=True, capture_output=True, text=True).stdout.splitlines()
    found = [json.loads(line) for line in lines][1:]  # The first one warms the caches.
    took = median([each["seconds"] for each in found])
    say(f"passes: {[round(each['seconds'], 3) for each in found]} s, of processor {[round(each['processor_seconds'], 3) for each in found]} s")
    row(f"a full reconcile pass over {stored:,} environments of open pull requests, p50", took, "s", "≤ 5 s", took <= 5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reconcile", required=True, type=pathlib.Path, metavar="PROGRAM", help="build/release/tests/bench/ramet_reconcile_bench")
    parser.add_argument("--stored", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60, help="of idling")
    parser.add_argument("--passes", type=int, default=5)
    options = parser.parse_args()
    measure_passes(options.reconcile, options.stored, options.passes)
    measure_server(options.stored, options.seconds)


if __name__ == "__main__":
    main()
