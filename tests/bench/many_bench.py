#!/usr/bin/python3
"""Many environments: what 50 idle previews of 3 services cost, and how long a start takes with 1,000 environments in the store.

100 of the 1,000 run (unless fewer are asked for); the others are copies of a real one's rows, put into the store of the stopped server as
environments that failed and were rolled back: their state is still shown at their hosts. Prints one JSON row a line.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import time

from installation import Installation, wait_for
from rows import median, row, say

from ramet import binary
from tiny import BASE, make_repository

TICK = os.sysconf("SC_CLK_TCK")
SERVICES = 3


# -- what processes use

def pss_mb(pids):
    total = 0
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE).group(1))
    return total / 1024


def cpu_seconds(pids):
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


def shims_of(here):
    found = []
    for pid in here.watch.related_processes():
        try:
            program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
        except OSError:
            continue
        if program.startswith("ramet-shim"):
            found.append(pid)
    return found


# -- environments

def name_of(number):
    return f"preview-{number:04}"


def make_previews(here, numbers):
    began = time.monotonic()
    for number in numbers:
        status, reply = here.ramet.api("POST", "/previews", {"project": "", "base": BASE, "branch": "main", "commit": "", "name": name_of(number)})
        assert status in (200, 201, 202), f"{status} {reply}"
    for number in numbers:
        here.wait_ready(name_of(number), pause_s=0.05)
    say(f"{len(numbers)} previews of {SERVICES} services in {time.monotonic() - began:.1f} s")


def measure_idle(here, previews, seconds):
    server, shims = [here.ramet.pid], shims_of(here)
    time.sleep(3)  # What follows the last deployment is over.
    before = cpu_seconds(server), cpu_seconds(shims)
    time.sleep(seconds)
    used = [(after - earlier) / seconds * 100 for after, earlier in zip((cpu_seconds(server), cpu_seconds(shims)), before)]
    mine, theirs = pss_mb(server), pss_mb(shims)
    what = f"idle with {previews} previews of {SERVICES} services"
    bar = 60 + 0.5 * len(shims)
    row(f"{what}: memory of the server and {len(shims)} shims (PSS)", mine + theirs, "MB", f"≤ {bar:g} MB", mine + theirs <= bar)
    row(f"{what}: memory of the server alone (PSS)", mine, "MB", "≤ 60 MB", mine <= 60)
    row(f"{what}: memory of a shim (PSS)", theirs / len(shims), "MB", "≤ 0.5 MB", theirs / len(shims) <= 0.5)
    row(f"{what}: processor of the server", used[0], "% of a core", "< 1 %", used[0] < 1)
    row(f"{what}: processor of the server and its shims", sum(used), "% of a core", "< 1 %", sum(used) < 1)


# -- copies of rows

OWNERS = {"environment": "id", "generated_value": "environment", "host": "owner", "lease": "owner_id", "run": "owner_id", "resource": "owner_id"}
MADE_BY_THE_STORE = {("run", "sequence")}


def copy_environments(database, source, count, change):
    """Rows of the environment `source`, `count` times, with another id and name wherever these stand in them, and changed once more by
    `change(table, values, number, now)`."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.row_factory = sqlite3.Row
    identity, name = connection.execute("SELECT id, name FROM environment WHERE name = ?", (source,)).fetchone()
    rows = {table: connection.execute(f"SELECT * FROM {table} WHERE {owner} = ?", (identity,)).fetchall() for table, owner in OWNERS.items()}
    runs = [run["id"] for run in rows["run"]]
    rows["journal"] = [found for run in runs for found in connection.execute("SELECT * FROM journal WHERE run_id = ?", (run,))]
    now = int(time.time() * 1000)
    connection.execute("BEGIN IMMEDIATE")
    for number in range(count):
        def changed(text):
            text = text.replace(identity, digest(identity, number)).replace(name, f"copy-{number:04}")
            for run in runs:
                text = text.replace(run, digest(run, number))
            return text
        for table, found in rows.items():
            for each in found:
                insert(connection, table, change(table, {key: changed(each[key]) if isinstance(each[key], str) else each[key]
                                                         for key in each.keys()}, number, now))
    connection.execute("COMMIT")
    connection.close()


def as_failed(table, values, number, now):
    if table == "environment":
        values |= {"state": "failed", "reason": "a copy for the benchmark", "observed_generation": 0}
    if table == "run":
        values |= {"state": "rolled_back"}
    if table == "resource":
        values |= {"id": digest(values["id"], number), "phase": "gone", "absent_at": now}
    return values


def digest(text, number):
    return hashlib.sha256(f"{text}/{number}".encode()).hexdigest()[:len(text)]


def insert(connection, table, values):
    columns = [name for name in values if (table, name) not in MADE_BY_THE_STORE]
    connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", [values[name] for name in columns])


# -- starts

def timed_start(here, environment):
    """Seconds until the server says that it is ready, and until a route and a service were seen to be there."""
    ramet = here.ramet
    began = time.perf_counter()
    with open(ramet.directory / "server.log", "ab") as log:
        ramet._process = subprocess.Popen(
            [binary(), "up", "--no-input", "-o", "json", "--data-dir", ramet.data, "--listen", ramet._listen, "--proxy-listen", ramet._proxy_listen],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=ramet._server_environment(), cwd=ramet.directory)
    line = ramet._process.stdout.readline()
    said = time.perf_counter() - began
    ramet.token = json.loads(line)["token"]
    answer = ramet.request(environment["urls"]["web"])
    now = here.preview(environment["name"])
    seen = time.perf_counter() - began
    assert answer.status == 200, f"{answer.status} {answer.text}"
    assert all(service["state"] == "healthy" for service in now["services"]), now["services"]
    return said, seen


def measure_starts(here, running, stored, starts):
    environments = [here.preview(name_of(number)) for number in range(running - 1)]
    processes = {environment["name"]: [service["process_ids"] for service in environment["services"]] for environment in environments}
    here.ramet.stop()
    copy_environments(here.database, name_of(0), stored - running, as_failed)
    said, seen = [], []
    for number in range(starts):
        one = timed_start(here, environments[number % len(environments)])
        said.append(one[0])
        seen.append(one[1])
        say(f"start {number}: ready after {one[0]:.3f} s, a route and a service seen after {one[1]:.3f} s")
        if number + 1 < starts:
            here.ramet.kill()
    for environment in environments:
        assert here.ramet.request(environment["urls"]["web"]).status == 200, environment["name"]
        now = here.preview(environment["name"])
        assert [service["process_ids"] for service in now["services"]] == processes[environment["name"]], f"{environment['name']} was touched"
    in_store = here.query("SELECT count(*) FROM environment")[0][0]
    what = f"start to ready after kill -9, {in_store:,} environments in the store, {running} of them running"
    row(f"{what}, p50", median(said), "s", "≤ 0.5 s", median(said) <= 0.5)
    row(f"{what}: until a route and a service were seen, p50", median(seen), "s", "≤ 0.5 s", median(seen) <= 0.5)


def remove_all(here, numbers):
    began = time.monotonic()
    for number in numbers:
        status, reply = here.ramet.api("DELETE", f"/previews/{name_of(number)}")
        assert status == 202, f"{status} {reply}"
    for number in numbers:
        name = name_of(number)
        wait_for(lambda: here.preview(name) is None, lambda: f"{name} to be gone: {here.ramet.cli('why', name).out}", 60, pause_s=0.05)
    say(f"{len(numbers)} previews removed in {time.monotonic() - began:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=int, default=50, help="previews while idle is measured")
    parser.add_argument("--seconds", type=float, default=35, help="of idling")
    parser.add_argument("--running", type=int, default=100, help="environments that run while starts are measured, the base counted")
    parser.add_argument("--stored", type=int, default=1000)
    parser.add_argument("--starts", type=int, default=7)
    options = parser.parse_args()
    with Installation() as here:
        repository = here.ramet.directory / "tiny"
        make_repository(repository)
        here.ramet.run("apply", "-f", repository / "ramet.yaml", "--repo", repository)
        make_previews(here, range(options.idle))
        measure_idle(here, options.idle, options.seconds)
        make_previews(here, range(options.idle, options.running - 1))
        measure_starts(here, options.running, options.stored, options.starts)
        remove_all(here, range(options.running - 1))


if __name__ == "__main__":
    main()
