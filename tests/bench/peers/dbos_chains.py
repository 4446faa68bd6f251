"""Workflows of chained steps in DBOS, all in flight at once. Prints the seconds that they took. Usage: dbos_chains.py URL RUNS STEPS"""
import sys
import time

from dbos import DBOS

URL, RUNS, STEPS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
DBOS(config={"name": "chains", "system_database_url": URL, "run_admin_server": False, "log_level": "ERROR", "console_log_level": "ERROR"})


@DBOS.step()
def following(previous):
    return previous + 1


@DBOS.workflow()
def chain(steps):
    previous = 0
    for _ in range(steps):
        previous = following(previous)
    return previous


DBOS.launch()
assert chain(STEPS) == STEPS  # What is done once is done.
began = time.perf_counter()
handles = [DBOS.start_workflow(chain, STEPS) for _ in range(RUNS)]
assert all(handle.get_result() == STEPS for handle in handles)
print(time.perf_counter() - began, flush=True)
DBOS.destroy()
