#!/usr/bin/python3
"""One pull request of the shop on a real Gitea: webhook to healthy, a push that changes one service, and the end.

The floor script (floor.py) and a script with dump and restore do the same work in turn, in the same run. Times begin when the
webhook arrives, and end when the result was seen from outside. Prints one JSON row a line.
"""
import argparse
import os
import time
from dataclasses import dataclass, field

from rows import median, percentile, row, say
from shop import BASE, Shop, wait_for

from floor import Floor, model_of
from leftovers import read_process
from ramet import Load
from world import page_saying

BUILD = ["/usr/bin/python3", "build.py"]  # Of web, as the shop's file says.
LEFT_BEHIND_S = 30


class Remains:
    """What one preview holds on the machine: what is there and was not before. Quick to ask, and asks the machine only."""

    def __init__(self, before, during):
        self._processes = during.processes - before.processes
        self._files = during.files - before.files

    def is_gone(self):
        return not any(lives(process) for process in self._processes) and not any(os.path.lexists(path) for path in self._files)

    def what_is_left(self):
        return "\n".join([*(str(process) for process in self._processes if lives(process)),
                          *(path for path in self._files if os.path.lexists(path))][:10])


def lives(process):
    now = read_process(process.pid)
    return now is not None and now.started == process.started and not now.is_zombie


@dataclass
class Pushed:
    taken: float
    alone: float                 # its build and its start, by hand
    others: list = field(default_factory=list)  # services that were not changed and have other processes
    answered: int = 0
    failures: list = field(default_factory=list)


class Round:
    """One pull request from its beginning to its end."""

    def __init__(self, shop, index):
        self._shop = shop
        self._branch = f"change-{index}"
        self._text = f"Round {index}"
        shop.watch.ignored_pids = {shop.ramet.pid}
        self._before = shop.watch.take()
        self.number = 0
        self.preview = None

    def create(self):
        newest = self._shop.newest_delivery()
        self.number = self._shop.open(self._branch, {"README.md": f"{self._text}\n"})
        seen_at, self.preview = self._shop.wait_ready(f"pr-{self.number}", pause_s=0.008)
        unwell = [service for service in self.preview["services"] if service["state"] != "healthy"]
        assert not unwell, f"ready, but {unwell}"
        assert self._shop.ramet.request(self.preview["urls"]["web"]).status == 200
        return self._since_webhook(seen_at, newest, lambda event, body: event == "pull_request" and body["action"] == "opened")

    def _since_webhook(self, seen_at, newest, is_it):
        """Nothing when the periodic look at the Git host was earlier than its webhook: that is no time of a webhook."""
        arrived = self._shop.arrival(newest, is_it)
        if self._shop.newest_run(self.preview) < arrived:
            say("  the webhook came later than the periodic look: not counted")
            return None
        return seen_at - arrived

    def push(self, floor):
        """A change of the page, under load."""
        before = {service["name"]: service["process_ids"] for service in self.preview["services"]}
        newest = self._shop.newest_delivery()
        with Load(self._shop.ramet, self.preview["urls"]["web"], "/healthz") as load:
            commit = self._shop.work.push(self._branch, {"apps/web/templates/page.html": page_saying(self._text)})
            seen_at, self.preview = self._shop.wait_ready(f"pr-{self.number}", self.preview["generation"], pause_s=0.008)
        taken = self._since_webhook(seen_at, newest, lambda event, body: commit in (body.get("after"), head_of(body)))
        assert self.preview["commit"] == commit and self._text in self._shop.ramet.request(self.preview["urls"]["web"]).text
        others = [service["name"] for service in self.preview["services"]
                  if service["name"] != "web" and service["process_ids"] != before[service["name"]]]
        built, started = floor.build_and_start("web", BUILD, commit)
        floor.take_down()
        say(f"  push {text_of(taken)}; by hand its build {built:.3f} s, its start {started:.3f} s; {load.answered} requests answered, "
            f"{len(load.failures)} failed")
        return Pushed(taken, built + started, others, load.answered, load.failures)

    def end(self):
        """The slow and thorough check for leftovers comes after the quick one."""
        shop = self._shop
        remains = Remains(self._before, shop.watch.take())
        newest = shop.newest_delivery()
        shop.close(self.number)
        wait_for(remains.is_gone, lambda: f"pr-{self.number} to be gone:\n{remains.what_is_left()}", LEFT_BEHIND_S, pause_s=0.004)
        gone_at = time.time()
        deadline = gone_at + LEFT_BEHIND_S
        while left := shop.watch.leftovers(self._before):
            assert time.time() < deadline, "left behind:\n" + "\n".join(left)
            time.sleep(0.02)
            gone_at = time.time()
        wait_for(lambda: shop.preview(f"pr-{self.number}") is None, f"pr-{self.number} to be forgotten")
        return self._since_webhook(gone_at, newest, lambda event, body: event == "pull_request" and body["action"] == "closed")


def head_of(body):
    return body.get("pull_request", {}).get("head", {}).get("sha")


def text_of(seconds):
    return "–" if seconds is None else f"{seconds:.3f} s"


@dataclass
class Samples:
    create: list = field(default_factory=list)
    floor: list = field(default_factory=list)
    restore: list = field(default_factory=list)
    delete: list = field(default_factory=list)
    push: list = field(default_factory=list)
    method: str = ""


def measure(shop, floor, options):
    samples, source = Samples(), shop.ramet.api("GET", f"/environments/{BASE}/databases/db/connection")[1]["url"]
    for index in range(options.rounds):
        current = Round(shop, index)
        created = current.create()
        samples.method = current.preview["databases"][0]["method"]
        pushed = current.push(floor) if len(samples.push) < options.pushes else None
        samples.push += [pushed] if pushed is not None and pushed.taken is not None else []
        ended = current.end()
        samples.delete += [] if ended is None else [ended]
        by_hand = floor.bring_up(current.number)
        floor.take_down()
        if created is not None:
            samples.create.append(created)
            samples.floor.append(by_hand)
        if index < options.restores:
            samples.restore.append(floor.dump_and_restore(current.number, source))
            floor.take_down()
        say(f"round {index}: webhook to healthy {text_of(created)}, floor {by_hand:.3f} s, gone in {text_of(ended)}"
            + (f", dump and restore {samples.restore[-1]:.1f} s" if index < options.restores else ""))
    return samples


def report(samples, gigabytes):
    what = f"webhook to all services healthy ({gigabytes:g} GB, {samples.method})"
    mine, floor = median(samples.create), median(samples.floor)
    over = median([one - other for one, other in zip(samples.create, samples.floor)]) * 1000
    row(f"{what}: above the floor script, p50", over, "ms", "≤ 150 ms", over <= 150, floor * 1000, mine / floor)
    row(f"{what}, p50", mine, "s", "≤ 1.0 s", mine <= 1.0, floor, mine / floor)
    if samples.restore:
        times = median(samples.restore) / mine
        row(f"{what}: times faster than dump, restore and start", times, "x", "≥ 30×", times >= 30, median(samples.restore), times)
    if samples.push:
        report_pushes(samples.push)
    gone = median(samples.delete)
    row("delete until nothing is left, p50", gone, "s", "≤ 0.5 s", gone <= 0.5)


def report_pushes(pushes):
    over = median([one.taken - one.alone for one in pushes]) * 1000
    alone = median([one.alone for one in pushes])
    row("push that changes one service: above its build and start by hand, p50", over, "ms", "≤ 150 ms", over <= 150, alone * 1000,
        median([one.taken for one in pushes]) / alone)
    touched = sum(len(one.others) for one in pushes)
    row("push that changes one service: others with new process ids", touched, "services", "0", touched == 0)
    failures = [failure for one in pushes for failure in one.failures]
    row(f"push that changes one service: failed of {sum(one.answered for one in pushes):,} requests", len(failures), "requests", "0",
        not failures)
    for failure in failures[:5]:
        say(f"failed request {failure}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--pushes", type=int, default=5)
    parser.add_argument("--restores", type=int, default=2)
    options = parser.parse_args()
    with Shop(options.gigabytes, model_of) as shop, Floor(shop, shop.model) as floor:
        samples = measure(shop, floor, options)
    report(samples, options.gigabytes)
    say(f"webhook to healthy, p95: {percentile(samples.create, 0.95):.3f} s; delete, p95: {percentile(samples.delete, 0.95):.3f} s")


if __name__ == "__main__":
    main()
