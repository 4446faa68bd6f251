import re
import shutil

import pytest

from client import get, post_form
from conftest import SHOP
from servers import Service


@pytest.fixture
def web(apps, api):
    with Service(apps / "web", "serve.py", {"API_INTERNAL": api.url, "API_URL": "http://api-pr-7.localhost:80", "ENVIRONMENT": "pr-7",
                                            "COMMIT": "a1b2c3d", "SESSION_KEY": "k"}) as service:
        yield service.wait_until_it_listens()


def fact(page, name):
    return re.search(rf'id="{name}">([^<]*)<', page).group(1)


def form_token(page):
    return re.search(r'name="token" value="(\w+)"', page).group(1)


def test_the_page_shows_the_environment_the_commit_and_products_of_the_api(web):
    answer = get(web.url + "/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for shown in ("pr-7", "a1b2c3d", "Green lamp no. 1<", "http://api-pr-7.localhost:80/products"):
        assert shown in answer.text
    assert answer.text.count("<button>") == 12
    assert "{{" not in answer.text


def test_buying_writes_an_order_and_leads_back_to_the_page(web):
    page = get(web.url + "/").text
    answer = post_form(web.url + "/buy", {"product": 2, "token": form_token(page)})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert fact(get(web.url + "/").text, "orders") == "1"


@pytest.mark.parametrize("fields", [{"product": 2}, {"product": 2, "token": "wrong"}])
def test_a_form_of_another_site_cannot_buy(web, fields):
    assert post_form(web.url + "/buy", fields).status == 422
    assert fact(get(web.url + "/").text, "orders") == "0"


def test_a_name_from_the_database_is_text_and_not_markup(web, query):
    query("UPDATE products SET name = '<script>alert(1)</script>\"''&' WHERE id = 1 RETURNING id")
    page = get(web.url + "/").text
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;" in page


def test_without_its_api_the_page_says_so_and_stays_healthy(apps):
    with Service(apps / "web", "serve.py", {"API_INTERNAL": "http://127.0.0.1:1"}) as service:
        service.wait_until_it_listens()
        answer = get(service.url + "/")
        assert answer.status == 502
        assert "the API does not answer" in answer.json["error"]
        assert get(service.url + "/healthz").status == 200


def test_it_is_not_healthy_before_it_was_built(tmp_path):
    shutil.copytree(SHOP / "apps" / "web", tmp_path / "web", ignore=shutil.ignore_patterns("dist"))
    with Service(tmp_path / "web", "serve.py", {"API_INTERNAL": "http://127.0.0.1:1"}) as service:
        assert get(service.wait_until_it_listens().url + "/healthz").status == 503


def test_the_page_needs_nothing_from_elsewhere(web):
    page = get(web.url + "/").text
    assert not re.findall(r'(?:src|href)="(?!http://api-pr-7)[^"#/]', page)
    assert "@import" not in page and "url(" not in page
