"""A preview is closed while it is made, at moments drawn from the whole time that making one takes: nothing is left of it."""
import statistics
import time

from gitea import wait_for

CREATIONS = 5  # measured for the length of one
MOST_TRIES = 4


def length_of_create(world):
    def measure():
        began = time.monotonic()
        world.create_and_wait()
        length = time.monotonic() - began
        world.destroy_and_wait()
        return length
    return statistics.median(measure() for _ in range(CREATIONS))


def close_after(world, moment_s):
    """How far its making had come."""
    end = time.monotonic() + moment_s
    world.create()
    wait_for(lambda: time.monotonic() >= end, "the moment to come", pause_s=0.0005)
    state = (world.preview() or {"state": "gone"})["state"]
    world.destroy()
    world.wait_gone()
    return state


def test_a_preview_that_is_closed_while_it_is_made_leaves_nothing(fresh_world, request, sample):
    closings = request.config.getoption("--closings")
    world = fresh_world()
    length_s = length_of_create(world)
    states = []
    while states.count("creating") < closings:
        # Now and then it was quicker, or had not been begun.
        assert len(states) < MOST_TRIES * closings, states
        moment_s = sample.uniform(0, length_s)
        states.append(close_after(world, moment_s))
        try:
            world.check_gone()
        except AssertionError as failure:
            raise AssertionError(f"closed after {moment_s:.3f} s of {length_s:.3f} s: {failure}") from failure
    print(f"{len(states)} closed within {length_s * 1000:.0f} ms, {closings} of them while they were made")
    assert not world.findings_of_sweep(), world.findings_of_sweep()
