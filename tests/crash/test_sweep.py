"""SIGKILL at the places of a sweep that removes real orphans: what a disk that was away brings back when its preview is gone.

The preview is deleted while its folders are elsewhere: the server observes their absence and closes the rows. Then they are back,
with the marks, the identities and the processes that they had.
"""
import json
import time

import pytest

from crash_world import Operation
from gitea import wait_for

ORPHANED_AT_ONCE = 6
OLD_ENOUGH_S = 16 * 60  # A sweep takes nothing that is younger than a quarter of an hour.


def owner_of(folder):
    """The environment whose mark a folder carries."""
    try:
        return json.loads((folder / "mark.json").read_text())["owner"]
    except FileNotFoundError:
        return None


class Disk:
    """Keeps what previews have on disk away from the server, and brings it back, the last one first."""

    PLACES = ("environments/*", "servers/*", "store/databases/*")

    def __init__(self, ramet):
        self._ramet = ramet
        self.away = ramet.directory / "away"
        self._kept = []  # For each preview (where it is, where it belongs).

    def take_away(self, owner):
        moved = []
        for path in [path for pattern in self.PLACES for path in self._ramet.data.glob(pattern)]:
            if owner_of(path) == owner:
                place = self.away / f"{len(self._kept)}-{len(moved)}"
                self.away.mkdir(exist_ok=True)
                path.rename(place)
                moved.append((place, path))
        assert len(moved) >= 3, f"{moved} is not all that a preview has"
        self._kept.append(moved)

    def bring_back(self):
        for place, path in self._kept.pop():
            place.rename(path)


class Sweep(Operation):
    def __init__(self, world):
        super().__init__(world)
        self._disk = Disk(world.ramet)
        self._before = []  # For each preview what there was before it.

    def prepare(self):
        if not self._before:
            self._make_orphans()
        self._disk.bring_back()
        assert self.world.findings_of_sweep(), "what came back is not seen by a sweep"

    def _make_orphans(self):
        world = self.world
        names = [f"lost-{number}" for number in range(ORPHANED_AT_ONCE)]
        owners = []
        for name in names:
            self._before.append(world.take_snapshot())
            world.create(name)
            owners.append(world.wait_ready(name=name)["id"])
        world.ramet.kill()
        for owner in owners:
            self._disk.take_away(owner)
        world.ramet.restart()
        for name in names:
            world.destroy(name)
        for name in names:
            world.wait_gone(name)
        world.ramet.clock_ahead_s += OLD_ENOUGH_S
        world.ramet.restart()

    def ask(self):
        """Two sweeps have to see it. There may be more of it than a sweep takes unasked."""
        for _ in range(2):
            self.world.sweep()

    def was_accepted(self):
        return True  # A sweep that nobody noted is asked for again below.

    def is_finished(self):
        return not self.world.findings_of_sweep()

    def wait(self):
        def swept():
            self.world.sweep()
            return not self.world.findings_of_sweep()
        wait_for(swept, lambda: f"the sweep to take all\n{self.world.findings_of_sweep()}\n{self.world.ramet.log_tail()}", deadline_s=30)

    def check(self):
        # What is still away shows in the mounts of its own processes, under another name than before.
        self.world.check_gone(self._before.pop(), but=f"/{self._disk.away.parent.name}/{self._disk.away.name}/")


def test_a_sweep_ends_well_after_a_crash_at_its_places(fresh_world, request, sample):
    began = time.monotonic()
    world = fresh_world()
    work = Sweep(world)
    found = work.find_places()
    count = min(request.config.getoption("--sweeps") or len(found), len(found))
    killed = 0
    for place in sample.sample(found, count):
        try:
            killed += work.crash_at(place)
        except (AssertionError, TimeoutError) as failure:
            pytest.fail(f"killed at {place}:\n{failure}")
    print(f"{count} of {len(found)} places, {killed} servers killed there; {time.monotonic() - began:.0f} s")
    assert len(found) >= 30, "\n".join(found)
    assert killed >= 0.9 * count
