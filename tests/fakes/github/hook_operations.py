"""The operations on webhooks and their deliveries: a part of Service."""
import json

from routes import body_field, route
from state import Hook, Missing, Refused


class HookOperations:
    @route("GET", "/repos/{owner}/{repo}/hooks")
    def list_hooks(self, call):
        repository = self.repository(call, "admin")
        return 200, call.page([self.show.hook(repository, hook) for hook in repository.hooks.values()])

    @route("POST", "/repos/{owner}/{repo}/hooks")
    def create_hook(self, call):
        repository, config = self.repository(call, "admin"), body_field(call.body, "config", dict)
        if not body_field(config, "url").startswith(("http://", "https://")):
            raise Refused(422, "Validation Failed: url is not supported")
        if any(hook.url == config["url"] for hook in repository.hooks.values()):
            raise Refused(422, "Validation Failed: Hook already exists on this repository")
        hook = Hook(config["url"], config.get("secret", ""), tuple(call.body.get("events", ["push"])), call.body.get("active", True))
        repository.hooks[hook.id] = hook
        self._dispatcher.send(repository, "ping", {
            "zen": "Practicality beats purity.", "hook_id": hook.id, "hook": self.show.hook(repository, hook),
            "repository": self.show.repository(repository), "sender": self.show.user(call.user)}, only=hook)
        return 201, self.show.hook(repository, hook)

    def _hook(self, call):
        repository = self.repository(call, "admin")
        if int(call.hook_id) not in repository.hooks:
            raise Missing()
        return repository, repository.hooks[int(call.hook_id)]

    @route("PATCH", "/repos/{owner}/{repo}/hooks/{hook_id}")
    def edit_hook(self, call):
        repository, hook = self._hook(call)
        config = call.body.get("config", {})
        hook.url, hook.secret = config.get("url", hook.url), config.get("secret", hook.secret)
        hook.events, hook.active = tuple(call.body.get("events", hook.events)), call.body.get("active", hook.active)
        return 200, self.show.hook(repository, hook)

    @route("DELETE", "/repos/{owner}/{repo}/hooks/{hook_id}")
    def delete_hook(self, call):
        repository, hook = self._hook(call)
        del repository.hooks[hook.id]
        return 204, None

    @route("GET", "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries")
    def list_deliveries(self, call):
        repository, hook = self._hook(call)
        return 200, call.page([{
            "id": sent["id"], "guid": sent["guid"], "delivered_at": sent["delivered_at"], "redelivery": sent["redelivery"], "duration": 0.01,
            "status": "OK" if sent["status_code"] < 300 else "Invalid", "status_code": sent["status_code"], "event": sent["event"],
            "action": json.loads(sent["body"]).get("action"), "installation_id": None, "repository_id": repository.id}
            for sent in reversed(hook.deliveries)])

    @route("POST", "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts")
    def redeliver(self, call):
        _, hook = self._hook(call)
        sent = next((sent for sent in hook.deliveries if sent["id"] == int(call.delivery_id)), None)
        if not sent:
            raise Missing()
        self._dispatcher.deliver(hook, sent["event"], sent["body"], sent["guid"], redelivery=True)
        return 202, {}
