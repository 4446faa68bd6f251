"""Sends webhooks as GitHub does: one thread, in order, signed over the raw body, and once; what failed is only recorded."""
import hashlib
import hmac
import json
import queue
import threading
import urllib.error
import urllib.request
import uuid

from objects import now
from state import ids


class Dispatcher:
    def __init__(self, description=None):
        self._queue = queue.Queue()
        self._description = description
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        self.violations = []

    def send(self, repository, event, payload, only=None):
        """To every active hook of the repository that asked for this kind of event; `only` one of them for a ping."""
        body = json.dumps(payload).encode()
        self._hold_to_description(event, payload)
        for hook in [only] if only else list(repository.hooks.values()):
            if hook.active and (event in hook.events or "*" in hook.events or event == "ping"):
                self.deliver(hook, event, body, str(uuid.uuid4()))

    def deliver(self, hook, event, body, guid, redelivery=False):
        """A redelivery has the guid of the first one."""
        self._queue.put((hook, event, body, guid, redelivery))

    def stop(self):
        self._queue.put(None)
        self._thread.join(10)

    def _hold_to_description(self, event, payload):
        if self._description:
            try:
                self._description.check_payload(event, payload)
            except AssertionError as violation:
                self.violations.append(str(violation))

    def _work(self):
        while (item := self._queue.get()) is not None:
            hook, event, body, guid, redelivery = item
            status = post(hook, event, body, guid)
            hook.deliveries.append({"id": next(ids), "guid": guid, "event": event, "status_code": status, "body": body,
                                    "redelivery": redelivery, "delivered_at": now()})


def post(hook, event, body, guid):
    """The status that came back; 0 for none."""
    request = urllib.request.Request(hook.url, data=body, method="POST", headers={
        "Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/fake", "X-GitHub-Event": event, "X-GitHub-Delivery": guid,
        "X-GitHub-Hook-ID": str(hook.id), "X-GitHub-Hook-Installation-Target-Type": "repository"})
    if hook.secret:
        # SHA-1 is sent as well, for those who never changed.
        for header, algorithm in (("X-Hub-Signature-256", hashlib.sha256), ("X-Hub-Signature", hashlib.sha1)):
            digest = hmac.new(hook.secret.encode(), body, algorithm).hexdigest()
            request.add_header(header, f"{'sha256' if algorithm is hashlib.sha256 else 'sha1'}={digest}")
    try:
        # GitHub gives an endpoint ten seconds.
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
