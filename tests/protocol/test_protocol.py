"""The models of the protocol hold in every state, and notice what is planted in them. README.md tells what they stand for."""

import re

import pytest

from spin import HERE, search

FEW = ("STEPS=2", "CRASHES=1")
DESTROY_FIRST = ("FIRST=destroy", "STARTS_LIVE")
DESTROY_LAST = ("SECOND=destroy",)
# Each generation changes another path of what is live.
CROSSWISE = ("CROSSWISE", "STARTS_LIVE")
FULL = ("STEPS=3", "CRASHES=2", "SLEEPS=0", "STRANGER")
WITH_SLEEP = ("STEPS=2", "CRASHES=2", "SLEEPS=1", "STRANGER")

# Everything that can happen within these bounds; each is searched to its end.
WORLDS = [
    ("two applies", "run.pml", FULL),
    ("apply, then destroy", "run.pml", FULL + DESTROY_LAST),
    ("destroy, then apply", "run.pml", FULL + DESTROY_FIRST),
    ("two updates of different paths", "run.pml", FULL + CROSSWISE),
    ("two applies, and a holder sleeps", "run.pml", WITH_SLEEP),
    ("apply, then destroy, and a holder sleeps", "run.pml", WITH_SLEEP + DESTROY_LAST),
    ("destroy, then apply, and a holder sleeps", "run.pml", ("STEPS=3",) + WITH_SLEEP[1:] + DESTROY_FIRST),
    ("two updates of different paths, and a holder sleeps", "run.pml", WITH_SLEEP + CROSSWISE),
    ("leases", "lease.pml", ()),
    ("sweeps", "sweep.pml", ()),
]

ENDS = ("STEPS=2", "CRASHES=1", "SLEEPS=0", "FAULTS=1", "NO_REFUSALS", "ENDLESS_TIME")
ENDS_AFTER_SLEEP = ("STEPS=2", "CRASHES=1", "SLEEPS=1", "FAULTS=1", "NO_REFUSALS", "ENDLESS_TIME")
FAIR_WORLDS = [
    ("two applies end with the newest", "run.pml", ENDS),
    ("apply, then destroy leaves nothing", "run.pml", ENDS + DESTROY_LAST),
    ("destroy, then apply makes all anew", "run.pml", ENDS_AFTER_SLEEP + DESTROY_FIRST),
    ("what comes back is collected", "sweep.pml", ("NO_FAULTS",)),
]

# What is planted, the world that it is planted in, and the promise that it breaks.
PLANTED = [
    ("SKIP_INTENT", "run.pml", FEW, "I1"),
    ("IGNORE_EPOCH", "run.pml", FEW, "I7"),
    ("CALL_WITHOUT_LEASE", "run.pml", FEW, "I1"),
    ("BELIEVE_ABSENCE_AT_ONCE", "run.pml", FEW, "I4, I6"),
    ("TOMBSTONE_ON_REQUEST", "run.pml", FEW, "I4, I6"),
    ("UNDO_ACKNOWLEDGED_ONLY", "run.pml", FEW, "I5: all of it is taken back"),
    ("RESTORE_OWN_STEPS_ONLY", "run.pml", FEW + CROSSWISE, "I5: the last good spec is back"),
    ("ADOPT_BY_NAME", "run.pml", FEW + ("STRANGER",), "succeeded: as wanted"),
    ("ADOPT_WHAT_MAY_CHANGE", "run.pml", FEW + CROSSWISE, "succeeded: as wanted"),
    ("REMOVE_BY_NAME", "run.pml", FEW + ("STRANGER",), "I8"),
    ("APPLY_BEATS_DESTROY", "run.pml", FEW + DESTROY_FIRST, "supersede: destroy ends first"),
    ("UPDATES_WITHOUT_REVISION", "run.pml", FEW, "I5: the last good spec is back"),
    ("NO_CHANGE_NO_REVISION", "run.pml", FEW, "I5: the last good spec is back"),
    ("NOBODY_TAKES_OVER", "run.pml", ENDS, "never reached"),
    ("FORGET_WHAT_WAITS", "run.pml", ENDS, "never reached"),
    ("NO_GRACE_BEFORE_LEASE_END", "lease.pml", (), "I7, at the provider"),
    ("NO_WAIT_AFTER_LEASE_END", "lease.pml", (), "I7, at the provider"),
    ("CALLS_OUTLIVE_THE_MARGINS", "lease.pml", (), "I7, at the provider"),
    ("LEASE_COUNTED_FROM_THE_ANSWER", "lease.pml", (), "I7, at the provider"),
    ("CHECK_EPOCH_THEN_WRITE", "lease.pml", (), "I7"),
    ("IGNORE_EPOCH", "lease.pml", (), "I7"),
    ("SWEEP_WITHOUT_LEDGER", "sweep.pml", (), "sweep: what is live, or has no INTENT, stays"),
    ("SWEEP_AT_FIRST_SIGHT", "sweep.pml", (), "sweep: seen twice"),
    ("SEEN_BY_NAME", "sweep.pml", (), "sweep: seen twice"),
    ("SWEEP_THE_YOUNG", "sweep.pml", (), "sweep: not young"),
    ("SWEEP_BESIDE_A_RUN", "sweep.pml", (), "one run of an owner at a time"),
    ("REMOVE_BY_NAME", "sweep.pml", (), "I8"),
    ("FORGET_SIGHTINGS", "sweep.pml", ("NO_FAULTS",), "never reached"),
]

# The bounds and the kinds of world; every other word that a model asks for is planted.
BOUNDS = {"STEPS", "CRASHES", "SLEEPS", "FAULTS", "FIRST", "SECOND", "STARTS_LIVE", "STRANGER", "CROSSWISE", "NO_REFUSALS",
          "ENDLESS_TIME", "NO_FAULTS", "MARGIN", "LEASE", "TAKEOVERS", "RETURNS", "SURPRISES"}

unreached = {}


def names(rows):
    return [row[0] for row in rows]


def holds(found):
    print(found)
    assert found.errors == 0, f"{found.broken}\n{found.story or found.output}"
    assert found.is_complete, f"the search did not see everything:\n{found.output}"


@pytest.mark.parametrize("story, model, world", WORLDS, ids=names(WORLDS))
def test_every_state_of_the_model_keeps_the_promises(story, model, world):
    found = search(model, world)
    holds(found)
    unreached.setdefault(model, []).append(found.unreached)


@pytest.mark.parametrize("story, model, world", FAIR_WORLDS, ids=names(FAIR_WORLDS))
def test_with_fair_turns_and_finitely_many_faults_it_ends_as_wanted(story, model, world):
    holds(search(model, world, is_for_cycles=True))


@pytest.mark.parametrize("change, model, world, promise", PLANTED, ids=[f"{row[0]} in {row[1]}" for row in PLANTED])
def test_a_planted_change_is_caught_by_the_promise_that_it_breaks(change, model, world, promise):
    found = search(model, world + (change,), is_for_cycles=promise == "never reached")
    assert found.errors > 0, f"{change} went unnoticed:\n{found.output}"
    assert found.broken == promise, found.story
    assert promise == "never reached" or "Error: assertion violated" in found.story


def test_no_line_of_a_model_is_dead():
    assert sum(map(len, unreached.values())) == len(WORLDS), "run it after the searches of every world"
    dead = {model: set.intersection(*lines) for model, lines in unreached.items()}
    assert not any(dead.values()), dead


def test_every_change_that_a_model_knows_is_planted():
    for model in ("run.pml", "lease.pml", "sweep.pml"):
        text = "".join(path.read_text() for path in HERE.glob(model.replace(".pml", "*.pml")))
        asked = set(re.findall(r"^#if(?:n?def) (\w+)", text, re.MULTILINE)) | set(re.findall(r"defined\((\w+)\)", text))
        assert asked - BOUNDS == {row[0] for row in PLANTED if row[1] == model}
