import shutil

import pytest
import yaml

from conftest import SHOP, run


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(SHOP / "apps", tmp_path / "apps", ignore=shutil.ignore_patterns("__pycache__", "dist", "version.txt"))
    return tmp_path / "apps"


def test_a_change_of_the_template_or_the_style_changes_what_is_built(copy):
    built = []
    for name, text in (("assets/style.css", ""), ("assets/style.css", "/* a new style */"), ("templates/page.html", "<!-- new -->")):
        with open(copy / "web" / name, "a") as file:
            file.write(text)
        assert run(copy / "web", "build.py").returncode == 0
        built.append((copy / "web" / "dist" / "page.html").read_text())
    assert len(set(built)) == 3
    assert "/* a new style */" in built[1]


def test_the_same_sources_give_the_same_version(copy):
    versions = []
    for _ in range(2):
        assert run(copy / "api", "build.py").returncode == 0
        versions.append((copy / "api" / "version.txt").read_text())
    assert versions[0] == versions[1]


def test_an_unknown_placeholder_fails_the_build_and_is_named(copy):
    (copy / "web" / "templates" / "page.html").write_text("{{enviroment}}")
    done = run(copy / "web", "build.py")
    assert done.returncode != 0
    assert "enviroment" in done.stderr


@pytest.mark.parametrize("service", ["api", "web"])
def test_a_syntax_error_fails_the_build(copy, service):
    (copy / service / "broken.py").write_text("def broken(:\n")
    done = run(copy / service, "build.py")
    assert done.returncode != 0
    assert "broken.py" in done.stdout + done.stderr


def test_the_two_services_have_the_same_server():
    # Each build context stands alone, as each becomes an image of its own on a cluster; so the file is there twice.
    assert (SHOP / "apps/api/http_wire.py").read_bytes() == (SHOP / "apps/web/http_wire.py").read_bytes()


def test_the_project_file_names_programs_that_exist():
    project = yaml.safe_load((SHOP / "ramet.yaml").read_text())
    contexts = {name: service["build"]["context"] for name, service in project["services"].items() if "build" in service}
    for name, part in {**project["services"], **project["jobs"]}.items():
        program = SHOP / contexts[part.get("from", name)] / part["run"][1]
        assert program.is_file(), f"{name}: {program}"


def test_a_commit_changes_the_environment_of_the_page_only():
    project = yaml.safe_load((SHOP / "ramet.yaml").read_text())
    users = [name for name, service in project["services"].items() if "git." in str(service.get("env"))]
    assert users == ["web"]
