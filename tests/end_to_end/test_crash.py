"""kill -9 of the server in the middle of everything: the next one takes over, and all ends as if nothing had happened."""
import itertools
import random

import pytest

from gitea import wait_for
from world import page_saying, slow_build

HALVES = {"in the first half": (0.0, 0.5), "in the second half": (0.5, 1.0)}
DONE = ("done", "undone", "failed", "skipped")
numbers = itertools.count(1)


@pytest.fixture(params=list(HALVES))
def moment(request):
    """The share of a run's steps that is done when the server ends: another one each time, as every single place is `crash/`'s affair."""
    drawn = random.uniform(*HALVES[request.param])
    print(f"killed at {drawn:.3f}")
    return drawn


def newest_run(shop, number):
    preview = shop.preview(number)
    return shop.ramet.run_of(preview) if preview and preview["run"] else None


def kill_in_the_middle(shop, number, run_before, moment, existed=False):
    """Ends the server when that share of the steps of the run that follows `run_before` is done, or when it is over already: also when
    the preview that `existed`, as one with a run before does, is gone."""
    def reached():
        run = newest_run(shop, number)
        if run is None:
            return shop.preview(number) is None and (existed or run_before is not None)
        if run["id"] == run_before:
            return False
        done = sum(step["state"].lower() in DONE for step in run["steps"])
        return run["is_final"] or done >= moment * len(run["steps"])
    wait_for(reached, f"{moment:.0%} of a run of pr-{number}", pause_s=0.001)
    shop.ramet.restart_after_kill()


def begin(shop):
    branch = f"crash-{next(numbers)}"
    return branch, shop.open(branch, {"apps/web/templates/page.html": page_saying("Begin")})


def test_a_create_goes_on_after_kill_9(shop, moment):
    _, number = begin(shop)
    kill_in_the_middle(shop, number, None, moment)
    assert "<h1>Begin</h1>" in shop.get(shop.wait_ready(number), "web").text
    shop.finish(number)


def test_an_update_goes_on_after_kill_9(shop, moment):
    branch, number = begin(shop)
    run = shop.wait_ready(number)["run"]
    commit = shop.push(branch, {"apps/web/templates/page.html": page_saying("After")})
    kill_in_the_middle(shop, number, run, moment)
    assert "<h1>After</h1>" in shop.get(shop.wait_ready(number, commit), "web").text
    shop.finish(number)


def test_a_delete_goes_on_after_kill_9(shop, moment):
    _, number = begin(shop)
    run = shop.wait_ready(number)["run"]
    shop.close_pull_request(number)
    kill_in_the_middle(shop, number, run, moment)
    shop.wait_gone(number)
    shop.check_clean()


def test_a_close_in_the_middle_of_a_create_and_kill_9_leave_nothing(shop, moment):
    _, number = begin(shop)
    wait_for(lambda: newest_run(shop, number), "the run to begin", pause_s=0.001)
    shop.close_pull_request(number)
    shop.ramet.restart_after_kill()
    if shop.preview(number) is not None:  # The delete that follows is interrupted as well.
        kill_in_the_middle(shop, number, None, moment, existed=True)
    shop.wait_gone(number)
    shop.check_clean()


def test_a_push_during_a_build_and_kill_9_end_with_the_newest_commit(shop, moment):
    branch, number = begin(shop)
    run = shop.wait_ready(number)["run"]
    shop.push(branch, {"apps/web/build.py": slow_build(300)})
    wait_for(shop.build_is_running, "the slow build to run")
    slow_run = newest_run(shop, number)["id"]
    newest = shop.push(branch, {"apps/web/build.py": slow_build(0)})
    kill_in_the_middle(shop, number, slow_run if moment > 0.25 else run, moment)
    shop.wait_ready(number, newest)
    assert not shop.build_is_running()
    shop.finish(number)


def test_a_reopened_one_is_made_after_kill_9(shop, moment):
    _, number = begin(shop)
    shop.wait_ready(number)
    shop.close_pull_request(number)
    shop.wait_gone(number)
    shop.gitea.reopen(shop.repository, number)
    kill_in_the_middle(shop, number, None, moment)
    shop.wait_ready(number)
    shop.finish(number)


@pytest.mark.parametrize("end", ["merge", "retarget"])
def test_other_ends_go_on_after_kill_9(shop, moment, end):
    branch = f"crash-{next(numbers)}"
    if end == "merge":
        shop.work.push("release", {})
    number = shop.open(branch, {"README.md": f"{branch}\n"}, base="release" if end == "merge" else "main")
    run = shop.wait_ready(number)["run"]
    if end == "merge":
        shop.gitea.merge(shop.repository, number)
    else:
        shop.gitea.retarget(shop.repository, number, "elsewhere")
    kill_in_the_middle(shop, number, run, moment)
    shop.wait_gone(number)
    shop.check_clean()
    if end == "retarget":
        shop.close_pull_request(number)


def test_a_stacked_one_goes_on_after_kill_9(shop, moment):
    below = shop.open(f"stack-{next(numbers)}", {"README.md": "below\n"})
    branch = shop.gitea.pull_request(shop.repository, below)["head"]["ref"]
    shop.wait_ready(below)
    above = shop.open(f"above-{next(numbers)}", {"README.md": "above\n"}, base=branch)
    kill_in_the_middle(shop, above, None, moment)
    shop.wait_ready(above)
    shop.close_pull_request(below)
    shop.wait_gone(below)
    shop.finish(above)


def test_a_restart_does_not_touch_what_runs(shop):
    _, number = begin(shop)
    preview = shop.wait_ready(number)
    processes, bases = shop.processes(preview), shop.processes(shop.base())
    for _ in range(3):
        shop.ramet.restart_after_kill()
        assert shop.get(shop.preview(number), "web").status == 200
    assert shop.processes(shop.preview(number)) == processes
    assert shop.processes(shop.base()) == bases
    shop.finish(number)


def test_a_second_server_on_the_same_directory_is_refused_and_the_first_goes_on(shop):
    refused = shop.ramet.cli("up", "--no-input", "-o", "json", "--data-dir", shop.ramet.data, "--listen", "127.0.0.1:0",
                             "--proxy-listen", "127.0.0.1:0", deadline_s=20)
    assert refused.code != 0
    assert str(shop.ramet.pid) in refused.err or "already" in refused.err or "in use" in refused.err
    assert shop.base()["state"] == "ready"


def test_a_stopped_server_ends_in_good_order_and_leaves_what_runs(shop):
    _, number = begin(shop)
    processes = shop.processes(shop.wait_ready(number))
    assert shop.ramet.stop() == 0
    shop.ramet.start()
    assert shop.processes(shop.wait_ready(number)) == processes
    shop.finish(number)
