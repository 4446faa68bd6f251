"""A public program that nobody here wrote, as the application under preview: Gitea on PostgreSQL, its configuration as the project."""
import contextlib

import psycopg2
import pytest

from checkout import Checkout
from forge_world import PROJECT, ForgeWorld
from gitea import wait_for
from ramet import NOT_FOUND, binary
from world import name_of, never, replaced

REFUSED = 5  # Exit code of the table in the manual.


@pytest.fixture(scope="module")
def running_forge():
    if not binary().exists():
        pytest.fail(f"{binary()} does not exist: run `make build`")
    made = ForgeWorld()
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
def forge(running_forge):
    """What an earlier scenario left open after its failure is closed before."""
    for request in running_forge.gitea.pages(f"/repos/{running_forge.repository}/pulls?state=open"):
        running_forge.finish(request["number"])
    return running_forge


def file_of(name):
    return (PROJECT / name).read_text()


def settings(old, new):
    """The change of a pull request on the team's settings."""
    return {"gitea/app.ini": replaced(file_of("gitea/app.ini"), old, new)}


def unknown_storage():
    """A slip with which the program does not start: it calls this storage `minio`."""
    return settings("[log]", "[storage]\nSTORAGE_TYPE = s3\n[log]")


def title_of(forge, number=None):
    environment = forge.base() if number is None else forge.preview(number)
    page = forge.get(environment, "gitea")
    assert page.status == 200, page
    return page.text.partition("<title>")[2].partition("</title>")[0].strip()


def rows(forge, environment, query):
    with contextlib.closing(psycopg2.connect(forge.ramet.connection_url(environment))) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_a_base_that_lacks_secrets_names_them_all_and_comes_up_once_they_are_set(forge):
    assert forge.first_answer.code == REFUSED
    for text in (forge.first_answer.err, forge.first_explanation):
        for name in ("gitea-secret-key", "gitea-internal-token", "gitea-jwt-secret", "gitea-administrator"):
            assert name in text, text
        assert "ramet secret set" in text, text
    assert "ramet preview" not in forge.first_explanation, "no command for previews helps a base"
    assert forge.base()["state"] == "ready"


def test_a_pull_request_on_the_configuration_shows_it_with_the_bases_data(forge):
    change = settings("APP_NAME = The forge", "APP_NAME = The renamed forge")
    change = {"gitea/app.ini": replaced(change["gitea/app.ini"], "DEFAULT_PAGING_NUM = 30", "DEFAULT_PAGING_NUM = 7")}
    number = forge.open("rename", change)
    forge.wait_ready(number)
    preview, base = forge.application(number), forge.application()
    assert "The renamed forge" in title_of(forge, number)
    assert "The renamed forge" not in title_of(forge) and "The forge" in title_of(forge)
    assert [it.api("GET", "/settings/api", user=None)["default_paging_num"] for it in (preview, base)] == [7, 30]
    assert preview.names_of_users() == base.names_of_users() == ["ada", "brian", "keeper"]
    assert preview.names_of_repositories() == base.names_of_repositories() == ["ada/notes"]
    assert preview.titles_of_issues("ada/notes") == base.titles_of_issues("ada/notes") == {1: "Found in the base"}
    # Addresses that it shows are its own, whatever the rows were written under.
    assert preview.api("GET", "/repos/ada/notes", user=None)["clone_url"].startswith(preview.public_url)
    forge.finish(number)


def test_what_is_written_in_the_preview_does_not_show_in_the_base(forge):
    number = forge.open("write", settings("APP_NAME = The forge", "APP_NAME = Written to"))
    forge.wait_ready(number)
    preview, base = forge.application(number), forge.application()
    called = len(forge.hook.deliveries)
    preview.add_user("grace")
    assert preview.open_issue("ada/notes", "Found in the preview", "brian") == 2
    preview.create_repository("own", owner="grace")
    with Checkout(preview, "grace/own", user="grace") as work:
        commit = work.push("main", {"README.md": "the preview's own\n"})
    assert preview.api("GET", "/repos/grace/own/branches/main", user="grace")["commit"]["id"] == commit
    assert "grace" in preview.names_of_users() and "grace" not in base.names_of_users()
    assert base.names_of_repositories() == ["ada/notes"]
    assert base.titles_of_issues("ada/notes") == {1: "Found in the base"}
    # The base's hook came along with the rows; `previews.vars` keeps the copy from calling it.
    assert rows(forge, name_of(number), "SELECT count(*) FROM webhook") == [(1,)]
    assert never(lambda: len(forge.hook.deliveries) > called)
    forge.finish(number)


def test_a_push_changes_the_configuration_and_keeps_what_was_written(forge):
    number = forge.open("push", settings("APP_NAME = The forge", "APP_NAME = Once"))
    forge.wait_ready(number)
    preview = forge.application(number)
    preview.create_repository("kept", owner="ada")
    with Checkout(preview, "ada/kept", user="ada") as work:
        work.push("main", {"README.md": "kept\n"})
        forge.wait_ready(number, forge.push("push", settings("APP_NAME = The forge", "APP_NAME = Twice")))
        assert "Twice" in title_of(forge, number)
        assert preview.find_file("ada/kept", "README.md") == "kept\n"
        work.push("main", {"README.md": "and pushed to\n"})
    forge.finish(number)


def test_files_beside_the_database_stay_with_the_base(forge):
    """Volumes are not served yet: the copy knows its repositories, and their commits are not there."""
    number = forge.open("files", settings("APP_NAME = The forge", "APP_NAME = Files"))
    forge.wait_ready(number)
    preview, base = forge.application(number), forge.application()
    assert base.find_file("ada/notes", "README.md") == "the base's notes\n"
    assert preview.find_file("ada/notes", "README.md") is None
    assert preview.names_of_repositories() == ["ada/notes"]
    forge.finish(number)


def test_volumes_are_refused_in_words_by_the_plan_and_on_the_pull_request(forge):
    volumes = "    volumes: [{name: repositories, path: /data, size: 1Gi, clone: true}]\n"
    wanted = replaced(file_of("ramet.yaml"), "    strategy: recreate", volumes + "    strategy: recreate")
    number = forge.open("volumes", {"ramet.yaml": wanted})
    preview = forge.wait_state(number, "failed")
    assert "services.gitea.volumes: volumes are not served yet" in preview["reason"]
    plan = forge.ramet.cli("plan", "--pr", number)
    assert "volumes are not served yet" in plan.out + plan.err
    assert "volumes are not served yet" in forge.why(number)
    forge.finish(number)


def test_a_configuration_with_which_it_does_not_start_is_told_in_its_own_words(forge):
    number = forge.open("broken", unknown_storage())
    forge.wait_state(number, "failed")
    why = forge.why(number)
    assert "unsupported storage type" in why, why
    assert "ramet logs" not in why, "what was taken back has no log"
    said = lambda: "unsupported storage type" in "".join(comment["body"] for comment in forge.marked_comments(number))
    wait_for(said, "the comment to say it as well")
    forge.wait_ready(number, forge.push("broken", settings("APP_NAME = The forge", "APP_NAME = Mended")))
    assert "Mended" in title_of(forge, number)
    forge.finish(number)


def test_a_push_with_which_it_does_not_start_keeps_the_last_good_one_serving(forge):
    number = forge.open("keep-good", settings("APP_NAME = The forge", "APP_NAME = Good"))
    forge.wait_ready(number)
    forge.push("keep-good", unknown_storage())
    forge.wait_state(number, "degraded")
    assert "unsupported storage type" in forge.why(number)
    assert "Good" in title_of(forge, number)
    forge.finish(number)


def test_the_receipt_names_all_that_was_there(forge):
    number = forge.open("receipt", settings("APP_NAME = The forge", "APP_NAME = Short"))
    forge.wait_ready(number)
    forge.finish(number)
    receipt = forge.ramet.json("preview", "receipt", name_of(number))
    assert receipt["name"] == name_of(number) and receipt["hash"]
    assert all(resource["kind"] and resource["absent_at"] for resource in receipt["resources"])
    paths = {resource["path"] for resource in receipt["resources"]}
    assert paths >= {"home", "build/gitea", "data/db", "server/db", "database/db", "address/gitea", "service/gitea"}, paths
    assert any(path.startswith("route/gitea/") for path in paths), paths
    assert forge.ramet.cli("preview", "show", name_of(number)).code == NOT_FOUND


def test_a_merge_brings_the_configuration_to_the_base_and_keeps_its_data(forge):
    number = forge.open("merge", settings("APP_NAME = The forge", "APP_NAME = The merged forge"))
    forge.wait_ready(number)
    forge.gitea.merge(forge.repository, number)
    forge.wait_gone(number)
    forge.wait_base(lambda: "The merged forge" in title_of(forge))
    base = forge.application()
    assert base.names_of_users() == ["ada", "brian", "keeper"]
    assert base.find_file("ada/notes", "README.md") == "the base's notes\n"
