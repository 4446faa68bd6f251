"""The shop's page: what the API has, rendered on the server."""
import os
import pathlib

from api_client import ApiError, call
from http_wire import Refused, Reply, json_reply, serve

PAGE = pathlib.Path(__file__).with_name("dist") / "page.html"
ROW = '<tr><td class="id">{id}</td><td>{name}</td><td class="number">{price}</td><td class="number">{stock}</td><td>{form}</td></tr>'
FORM = ('<form method="post" action="/buy"><input type="hidden" name="product" value="{id}">'
        '<input type="hidden" name="token" value="{token}"><button>Buy<span class="hidden"> {name}</span></button></form>')


def escape(text):
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(letter, entity)
    return text


def token():
    """Only pages of this environment know it: another site's form cannot buy."""
    import hashlib  # Not at the start: it loads OpenSSL.
    return hashlib.sha256(b"buy:" + os.environ.get("SESSION_KEY", "").encode()).hexdigest()[:32]


def accent(environment):
    """A colour of its own for each environment, so that two open tabs are told apart."""
    return str(sum(ord(letter) * 47 for letter in environment) % 360)


def render(page, values):
    for name, value in values.items():
        page = page.replace("{{" + name + "}}", value)
    return page


def product_row(product):
    name = escape(product["name"])
    form = FORM.format(id=product["id"], token=token(), name=name)
    price = f"{product['price_cents'] // 100}.{product['price_cents'] % 100:02}"
    return ROW.format(id=product["id"], name=name, price=price, stock=product["stock"], form=form)


def show_page(_):
    products, count = call("GET", "/products?limit=12"), call("GET", "/orders/count")
    environment = os.environ.get("ENVIRONMENT", "local")
    return Reply(200, render(PAGE.read_text(), {
        "environment": escape(environment),
        "commit": escape(os.environ.get("COMMIT", "none")),
        "accent": accent(environment),
        "api_url": escape(os.environ.get("API_URL", "")),
        "orders": str(count["orders"]),
        "shipped": str(count["shipped"]),
        "token": token(),
        "products": "\n".join(map(product_row, products)),
    }), "text/html; charset=utf-8")


def buy(request):
    fields = dict(pair.partition("=")[::2] for pair in request.body.decode("latin-1").split("&"))
    if fields.get("token") != token():
        raise Refused(422, "the form is not from this page")
    if not fields.get("product", "").isdigit():
        raise Refused(422, "product must be a number")
    call("POST", "/orders", {"product_id": int(fields["product"]), "quantity": 1})
    return Reply(303, "", headers=[("Location", "/")])


def health(_):
    return json_reply(200 if PAGE.exists() else 503, {"page": "ok" if PAGE.exists() else "not built"})


ROUTES = {("GET", "/"): show_page, ("POST", "/buy"): buy, ("GET", "/healthz"): health}


def handle(request):
    route = ROUTES.get((request.method, request.path))
    if route is None:
        raise Refused(404, f"there is no {request.method} {request.path}")
    try:
        return route(request)
    except ApiError as error:
        raise Refused(502, f"the API does not answer as it should: {error}") from None


def main():
    serve(handle)
