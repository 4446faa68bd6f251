"""GitHub's published description of its REST API and webhooks, as something that a request, reply or payload is held to."""
import functools
import json
import pathlib
import subprocess

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent


class Violation(AssertionError):
    """What was sent is not what GitHub describes."""


@functools.lru_cache(maxsize=1)
def folder():
    return pathlib.Path(subprocess.run([HERE / "descriptions"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def examples():
    """(event, payload) of every example that GitHub's integrators collected."""
    return [(kind["name"], payload) for kind in json.loads((folder() / "webhooks.json").read_text()) for payload in kind["examples"]]


class Description:
    def __init__(self):
        self._api = json.loads((folder() / "api.json").read_text())
        # The description forgets what GitHub's documentation on forks says: the head of a deleted fork has no repository.
        for name in ("pull-request", "pull-request-simple"):
            head = self._api["components"]["schemas"][name]["properties"]["head"]["properties"]
            head["repo"], head["user"] = {"nullable": True, "anyOf": [head["repo"]]}, {"nullable": True, "anyOf": [head["user"]]}
        make_nullable(self._api)
        self._resolver = jsonschema.RefResolver("", self._api)

    def check_request(self, method, template, body):
        operation = self._operation(method, template)
        described = self._resolved(operation.get("requestBody"))
        if described and body is not None:
            self._check(described["content"]["application/json"]["schema"], body, f"request {method} {template}")

    def check_reply(self, method, template, status, body):
        replies = self._operation(method, template)["responses"]
        if str(status) not in replies:
            # Not every operation lists 401 and the like, which any of them may answer.
            if status in (401, 403, 404, 422):
                return self._check({"$ref": "#/components/schemas/basic-error"}, body, f"reply {status} to {method} {template}")
            raise Violation(f"{method} {template} never answers {status}, but {', '.join(replies)}")
        content = self._resolved(replies[str(status)]).get("content", {}).get("application/json")
        if content:
            self._check(content["schema"], body, f"reply {status} to {method} {template}")
        return None

    def check_payload(self, event, payload):
        action = payload.get("action")
        name = event.replace("_", "-") + (f"-{action.replace('_', '-')}" if action else "")
        described = self._api["x-webhooks"].get(name)
        if not described:
            raise Violation(f"GitHub describes no webhook {name}")
        self._check(described["post"]["requestBody"]["content"]["application/json"]["schema"], payload, f"payload {name}")

    def _operation(self, method, template):
        path = self._api["paths"].get(template, {})
        if method.lower() not in path:
            raise Violation(f"GitHub describes no {method} {template}")
        return path[method.lower()]

    def _resolved(self, node):
        while node and "$ref" in node:
            node = self._resolver.resolve(node["$ref"])[1]
        return node

    def _check(self, schema, value, what):
        errors = jsonschema.Draft4Validator(schema, resolver=self._resolver).iter_errors(value)
        worst = jsonschema.exceptions.best_match(errors)
        if worst:
            raise Violation(f"{what}: at /{'/'.join(map(str, worst.absolute_path))}: {worst.message[:300]}")


def make_nullable(node):
    """OpenAPI 3.0 says `nullable: true` where JSON Schema has a type "null"."""
    if isinstance(node, list):
        for element in node:
            make_nullable(element)
    if not isinstance(node, dict):
        return
    for value in list(node.values()):
        make_nullable(value)
    if node.get("nullable") is not True:
        return
    if isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    if isinstance(node.get("enum"), list) and None not in node["enum"]:
        node["enum"].append(None)
    for key in ("allOf", "anyOf", "oneOf", "$ref"):
        if key in node and "type" not in node:
            kept = {key: node.pop(key)}
            node["anyOf"] = [kept, {"type": "null"}]
            break
