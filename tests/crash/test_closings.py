"""A preview is closed while it is made, at moments drawn from the whole time that making one takes: nothing is left of it."""
import statistics
import time

from gitea import wait_for

CREATIONS = 5  # measured for the length of one


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
    for _ in range(closings):
        moment_s = sample.uniform(0, length_s)
        states.append(close_after(world, moment_s))
        try:
            world.check_gone()
        except AssertionError as failure:
            raise AssertionError(f"closed after {moment_s:.3f} s of {length_s:.3f} s: {failure}") from failure
    print(f"{closings} closed within {length_s * 1000:.0f} ms, {states.count('creating')} of them while they were made")
    assert not world.findings_of_sweep(), world.findings_of_sweep()
    assert states.count("creating") >= closings / 2, states
