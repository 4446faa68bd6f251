"""The driver of the product, held to what the scenarios rely on, against a stand-in."""
import pathlib
import urllib.error

import pytest

from gitea import wait_for
from leftovers import Watch
from ramet import CommandFailed, Load, Ramet

FAKE = pathlib.Path(__file__).with_name("fake_ramet.py")


@pytest.fixture
def ramet(monkeypatch):
    monkeypatch.setenv("RAMET_BINARY", str(FAKE))
    server = Ramet()
    yield server.start()
    server.remove(Watch([server.directory]))


def test_it_comes_back_on_its_ports_after_kill_9(ramet):
    pid, url, proxy = ramet.pid, ramet.url, ramet.proxy
    ramet.restart_after_kill()
    assert ramet.pid != pid
    assert (ramet.url, ramet.proxy) == (url, proxy)
    assert ramet.find_preview("pr-1")["state"] == "ready"


def test_a_preview_that_is_gone_is_none_for_command_and_api(ramet):
    assert ramet.show("pr-1")["state"] == "ready"
    assert (ramet.show("pr-2"), ramet.find_preview("pr-2")) == (None, None)


def test_another_failure_is_not_taken_for_gone(ramet):
    ramet.token = "wrong"
    with pytest.raises(CommandFailed):
        ramet.show("pr-1")
    with pytest.raises(AssertionError):
        ramet.find_preview("pr-2")


def test_a_server_that_does_not_answer_is_not_taken_for_gone(ramet):
    ramet.kill()
    with pytest.raises(urllib.error.URLError):
        ramet.find_preview("pr-1")
    ramet.start()


def test_a_failed_command_shows_what_it_said(ramet):
    with pytest.raises(CommandFailed, match="there is no preview pr-2"):
        ramet.run("preview", "show", "pr-2")


def test_a_server_that_ends_at_once_is_an_error_with_its_log(ramet, monkeypatch):
    other = Ramet()
    monkeypatch.setenv("RAMET_BINARY", "/bin/false")
    try:
        with pytest.raises(AssertionError, match="ended with 1"):
            other.start()
    finally:
        other.remove(Watch([other.directory]))


def test_the_proxy_is_asked_by_host_header(ramet):
    assert ramet.request("http://web-pr-1.localhost:80").status == 200
    assert ramet.request("http://web-pr-2.localhost:80").status == 404


def test_load_counts_answers_and_names_every_failure(ramet):
    with Load(ramet, "http://web-pr-1.localhost:80", "/") as good, Load(ramet, "http://web-pr-2.localhost:80", "/") as bad:
        wait_for(lambda: good.answered > 5 and bad.failures, "answers and failures")
    assert good.failures == []
    assert "404" in bad.failures[0]
    with Load(ramet, "http://web-pr-1.localhost:80", "/") as interrupted:
        wait_for(lambda: interrupted.answered, "an answer")
        ramet.kill()
        wait_for(lambda: interrupted.failures, "a failure")
    assert "refused" in interrupted.failures[0].lower() or "reset" in interrupted.failures[0].lower() or "Remote" in interrupted.failures[0]
    ramet.start()


def test_removing_it_ends_its_processes_and_takes_its_directory(ramet):
    directory, watch = ramet.directory, Watch([ramet.directory])
    assert watch.related_processes()
    ramet.remove(watch)
    assert not directory.exists()
    assert not watch.related_processes()
