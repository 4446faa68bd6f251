"""Every example payload that GitHub's integrators published goes through the adapter's parser."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fakes" / "github"))
from description import examples  # noqa: E402


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """file name → (payload, what the adapter made of it)."""
    folder, payloads = tmp_path_factory.mktemp("payloads"), {}
    for number, (event, payload) in enumerate(examples()):
        payloads[f"{event}.{number}.json"] = payload
        (folder / f"{event}.{number}.json").write_text(json.dumps(payload))
    done = subprocess.run([os.environ["RAMET_PAYLOADS"], folder], check=True, stdout=subprocess.PIPE, text=True)
    hints = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    return {name: (payload, hints[name]) for name, payload in payloads.items()}


def of_event(outcome, event):
    found = [entry for name, entry in outcome.items() if name.split(".")[0] == event]
    assert found, f"no example of {event}"
    return found


def test_no_example_is_an_error(outcome):
    assert len(outcome) > 300
    assert [name for name, (_, hint) in outcome.items() if hint.startswith("error")] == []


def test_every_pull_request_is_a_hint_to_its_number(outcome):
    for payload, hint in of_event(outcome, "pull_request"):
        assert hint == f"pull {payload['repository']['full_name']} {payload['number']}"


def test_every_push_to_a_branch_is_a_hint_to_it(outcome):
    for payload, hint in of_event(outcome, "push"):
        is_branch = payload["ref"].startswith("refs/heads/")
        assert hint == (f"branch {payload['repository']['full_name']} {payload['ref'][11:]}" if is_branch else "none")


def test_only_new_comments_on_pull_requests_are_hints(outcome):
    for payload, hint in of_event(outcome, "issue_comment"):
        counts = payload["action"] == "created" and "pull_request" in payload["issue"]
        wanted = f"comment {payload['repository']['full_name']} {payload['issue']['number']} {payload['comment']['user']['login']}"
        assert hint == (wanted if counts else "none")


def test_all_other_events_change_nothing(outcome):
    hinting = ("pull_request", "push", "issue_comment")
    assert {hint for name, (_, hint) in outcome.items() if name.split(".")[0] not in hinting} == {"none"}
