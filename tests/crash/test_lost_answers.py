"""The answer to each call that changes something is lost, one after the other: what was made is found and taken over, nothing is made
twice, and nobody is needed."""
import re

import pytest

from crash_world import OPERATIONS

# A second one is made where the machine is slow, which it may not be the next time.
CHANGING = re.compile(r"after (apply|remove) .* #1$")
LEAST_CALLS = {"create": 12, "update": 4, "destroy": 8}


def test_what_was_done_is_taken_over_when_its_answer_is_lost(fresh_world):
    world = fresh_world()
    works = {name: work(world) for name, work in OPERATIONS.items()}
    answers = {name: [place for place in work.find_places() if CHANGING.match(place)] for name, work in works.items()}
    for name, found in answers.items():
        assert len(found) >= LEAST_CALLS[name], f"{name}:\n" + "\n".join(found)
    lost = 0
    for number in range(max(map(len, answers.values()))):
        for name, work in works.items():
            answer = answers[name][number % len(answers[name])]
            try:
                passed = work.passed_by_work("log", f"lose {answer}")
            except (AssertionError, TimeoutError) as failure:
                pytest.fail(f"{name}, {answer} was lost:\n{failure}")
            lost += answer in passed
    counts = ", ".join(f"{name} {len(found)}" for name, found in answers.items())
    print(f"\nanswers of {counts} calls that change something; {lost} lost")
    assert lost == len(works) * max(map(len, answers.values()))
