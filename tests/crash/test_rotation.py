"""SIGKILL around every call that changes a file while the keys are rotated: the key file's, and those of the database's commits."""
import re
import sqlite3
import time

import pytest

from crash_world import Operation
from gitea import wait_for

SECRETS = 150  # More than are wrapped anew in one commit.
CHANGING = re.compile(r"(create|write|fsync|truncate|rename|unlink|chmod)\(\) (keys|state)\b")
# A commit is many writes, of which none counts before the flush that follows them all: the first stands for them.
OF_COMMITS = re.compile(r"write\(\) state/")


class Rotation(Operation):
    def __init__(self, world):
        super().__init__(world)
        self._folder = world.ramet.data / "keys"
        for number in range(SECRETS):
            self._set(f"key-{number}")

    def _set(self, name):
        status, answer = self.world.ramet.api("PUT", f"/secrets/{name}?scope=organization", f"value of {name}")
        assert status in (200, 201), f"{status} {answer}"

    def find_places(self):
        """Before and after each call, as often as it was made."""
        counts, places = {}, []
        for call in filter(CHANGING.match, self.passed_by_work("operations")):
            counts[call] = counts.get(call, 0) + 1
            if OF_COMMITS.match(call) and counts[call] > 1:
                continue
            places += [f"{side} {call} #{counts[call]}" for side in ("before", "after")]
        return places

    def prepare(self):
        self._before = self._keys()
        assert len(self._before) == 1

    def ask(self):
        self.world.ask("POST", "/secrets/rotate", {})

    def was_accepted(self):
        return True  # Nobody asks again: what was begun has to end by itself, and what was not is as it was.

    def is_finished(self):
        return self._keys() != self._before and self._is_whole()

    def wait(self):
        wait_for(self._is_whole, lambda: f"one key to be left: {self._keys()}, used: {self._used()}\n{self.world.ramet.log_tail()}",
                 deadline_s=10, pause_s=0.01)

    def check(self):
        """A server does not start when there is a value that it cannot open: here one did. It does again with what is there now."""
        assert [path.name for path in self._folder.iterdir()] == ["keys"]
        self.world.check_base()

    def _is_whole(self):
        return self._used() == set(self._keys()) and len(self._keys()) == 1

    def _keys(self):
        """The ids in the file, the current one first."""
        return [line.split()[0] for line in (self._folder / "keys").read_text().splitlines()[1:]]

    def _used(self):
        database = sqlite3.connect(f"file:{self.world.ramet.data}/state/ramet.db?mode=ro", uri=True)
        try:
            return {key for (key,) in database.execute("SELECT DISTINCT key_id FROM secret_version")}
        finally:
            database.close()


def test_a_rotation_ends_well_after_a_crash_at_every_place(fresh_world):
    began = time.monotonic()
    world = fresh_world()
    work = Rotation(world)
    places = work.find_places()
    killed = 0
    for place in places:
        try:
            killed += work.crash_at(place)
        except (AssertionError, TimeoutError) as failure:
            pytest.fail(f"killed at {place}:\n{failure}")
    # What was sealed before, and again and again since, opens: a service is given it.
    world.ramet.restart()
    world.create_and_wait()
    world.check_ready()
    world.destroy_and_wait()
    world.check_gone()
    print(f"\n{len(places)} places, {killed} servers killed there; {time.monotonic() - began:.0f} s")
    assert len(places) >= 30, "\n".join(places)
    assert killed >= 0.9 * len(places)
