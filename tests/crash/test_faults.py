"""Calls of the operating system fail while the real server creates, updates and removes a preview: once, and until the fault is
lifted. All ends as if nothing had happened, or with words that name what failed, and then as if nothing had happened."""
import subprocess
import time

import pytest

from crash_world import OPERATIONS
from faults import Faulty, draw_faults
from ramet import CHECKOUT

LEAST_CALLS = {"create": 150, "update": 100, "destroy": 100}  # By name.
MOST_FAILURES = 3


class FaultyLives:
    """Each name of a call that an operation passes fails there; a failure spoils its world, the next fault meets a new one."""

    def __init__(self, fresh_world, sample):
        self._fresh_world, self._sample = fresh_world, sample
        self.failures, self.told, self.count, self.fired = [], 0, 0, 0
        self._renew()

    def _renew(self):
        world = self._fresh_world()
        self._works = {name: work(world) for name, work in OPERATIONS.items()}

    def draw(self, count):
        """(operation, call, which, error), so that operations take turns as a preview's life wants; all when `count` is 0."""
        drawn = {name: draw_faults(work.passed_by_work("operations"), self._sample) for name, work in self._works.items()}
        for name, faults in drawn.items():
            assert len(faults) >= LEAST_CALLS[name], f"{name} passes {len(faults)} calls only"
            self._sample.shuffle(faults)
        lives = count or max(map(len, drawn.values()))
        return [(name, *faults[number % len(faults)]) for number in range(lives) for name, faults in drawn.items()]

    def live(self, faults, how):
        for name, call, which, error in faults:
            self.count += 1
            faulty = Faulty(self._works[name])
            try:
                how(faulty, call, which, error)
                self.fired += faulty.has_fired()
                self.told += bool(faulty.told)
                assert all(len(words) > 20 for words in faulty.told), f"too few words: {faulty.told}"
            except (AssertionError, TimeoutError) as failure:
                self.failures.append(f"{name}, {error} of {call} #{which}:\n{failure}")
                assert len(self.failures) < MOST_FAILURES, "\n\n".join(self.failures)
                self._renew()
        assert not self.failures, "\n\n".join(self.failures)


@pytest.mark.parametrize("how", ["once", "until it is lifted"])
def test_it_ends_well_when_calls_fail(fresh_world, request, sample, how):
    began = time.monotonic()
    lives = FaultyLives(fresh_world, sample)
    faults = lives.draw(request.config.getoption("--faults"))
    if how == "once":
        lives.live(faults, lambda faulty, call, which, error: faulty.once(call, which, error))
    else:
        lives.live(faults, lambda faulty, call, which, error: faulty.until_lifted(call, error))
    print(f"{lives.fired} of {lives.count} calls failed {how}, {lives.told} of them were told to people; {time.monotonic() - began:.0f} s")
    # What is called depends a little on the moment.
    assert lives.fired >= 0.9 * lives.count


def test_the_binary_that_people_get_hides_no_call_of_the_c_library():
    """What the build with failpoints puts before them would be among the names that it gives away."""
    def given_away(program):
        listed = subprocess.run(["nm", "--dynamic", "--defined-only", program], check=True, stdout=subprocess.PIPE, text=True).stdout
        return {line.split()[-1].partition("@")[0] for line in listed.splitlines()}
    hidden = {"open", "open64", "read", "write", "pwrite64", "fdatasync", "connect", "posix_spawn", "clock_gettime"}
    assert hidden <= given_away(CHECKOUT / "build" / "failpoints" / "ramet")
    assert not hidden & given_away(CHECKOUT / "build" / "release" / "ramet")
