"""The table of operations: (method, GitHub's path template, function)."""
from state import Refused

ROUTES = []


def route(method, template):
    def register(function):
        ROUTES.append((method, template, function))
        return function
    return register


def body_field(body, name, kind=str):
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, kind):
        raise Refused(422, f"Invalid request.\n\n\"{name}\" wasn't supplied.")
    return value
