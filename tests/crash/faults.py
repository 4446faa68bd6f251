"""What a call of the operating system can fail with, and work that goes on while one does."""
from gitea import wait_for

SETTLED_DEADLINE_S = 60  # A retry waits for some seconds, several do for more.
KNOWN_DEADLINE_S = 60
FORBIDDING = ("EACCES", "EPERM")
FINAL = ("ready", "failed", "degraded", "needs_human")

# By the name of a call: what it is known to fail with where disk, memory or a table of the kernel give out.
ERRORS = {
    "chmod": ("EIO", "EPERM"), "chown": ("EIO", "EPERM"), "connect": ("EAGAIN", "ENOBUFS"), "create": ("ENOSPC", "EMFILE", "EACCES"),
    "fsync": ("EIO", "ENOSPC"), "ioctl": ("EIO",), "list": ("EMFILE", "ENOMEM"), "lock": ("ENOLCK",), "mkdir": ("ENOSPC", "EACCES"),
    "mount": ("ENOMEM",), "open": ("EMFILE", "EIO", "EACCES"), "pipe": ("EMFILE",), "read": ("EIO",), "recv": ("ECONNRESET",),
    "rename": ("EIO", "ENOSPC"), "rmdir": ("EIO",), "send": ("EPIPE",), "socket": ("EMFILE", "ENOBUFS"), "spawn": ("EAGAIN", "ENOMEM"),
    "stat": ("EIO", "EACCES"), "truncate": ("EIO",), "umount": ("EIO",), "unlink": ("EIO",), "write": ("ENOSPC", "EIO"),
}
WORDS = {
    "EACCES": "Permission denied", "EAGAIN": "Resource temporarily unavailable", "ECONNRESET": "Connection reset",
    "EIO": "Input/output error", "EMFILE": "Too many open files", "ENOBUFS": "No buffer space", "ENOLCK": "No locks available",
    "ENOMEM": "Cannot allocate memory", "ENOSPC": "No space left", "EPERM": "Operation not permitted", "EPIPE": "Broken pipe",
}


def draw_faults(calls, sample):
    """One for each name of a call, at a place drawn from all: (name, which, error)."""
    counts = {}
    for call in calls:
        counts[call] = counts.get(call, 0) + 1
    # The very last one may not be made the next time.
    return [(call, sample.choice(sorted({1, max(1, count - 1), sample.randint(1, count)})), sample.choice(ERRORS[call.partition("(")[0]]))
            for call, count in sorted(counts.items())]


class Faulty:
    """Does the work of an operation while a call fails. `told` is what people were told of it."""

    def __init__(self, work):
        self.work, self.world = work, work.world
        self.told = []
        self._fired = work.world.ramet.directory / "orders.fired"
        self._fired.write_text("")

    def has_fired(self):
        return bool(self._fired.read_text())

    def once(self, call, which, error):
        """Ends as if nothing had happened, or undone with words; asked again, it comes to its end."""
        self._prepare()
        self._order(f"fail {error} {which} {call}")
        self.work.ask()
        self._wait_settled()
        self._end()

    def until_lifted(self, call, error):
        self.during(lambda: self._order(f"fail {error} always {call}"), self.world.ramet.order,
                    has_come=lambda: self.has_fired() or self._is_over(self._preview()))

    def _order(self, fault):
        self.world.ramet.order(f"fired {self._fired}", fault)

    def during(self, begin, lift, meanwhile=False, has_come=lambda: True):
        """Until the fault is lifted the state of the work is known, with words; then it comes to its end. The fault begins before
        the work or `meanwhile`, and is not lifted before it `has_come`."""
        self._prepare()
        steps = (self.work.ask, begin) if meanwhile else (begin, self.work.ask)
        for step in steps:
            step()
        wait_for(lambda: has_come() and self._is_known(), lambda: f"a known state\n{self.world.evidence()}", KNOWN_DEADLINE_S)
        lift()
        self._wait_settled()
        self._end()

    def _prepare(self):
        self.work.prepare()
        self.told = self.world.refusals = []

    def _preview(self):
        """None when there is none; one without a state when the server cannot tell now."""
        try:
            return self.world.preview()
        except (OSError, AssertionError) as error:
            assert not self.world.ramet.has_ended(), f"the server ended:\n{self.world.ramet.log_tail()}"
            return {"state": "unknown", "reason": str(error), "run": None}

    def _is_over(self, preview):
        return bool(self.told) or preview is None or (preview["state"] in FINAL and self.work.was_accepted())

    def _is_known(self):
        """Over, refused, or shown with the reason why it is not over yet."""
        preview = self._preview()
        return bool(self.told) or preview is None or preview["state"] in FINAL or bool(preview["reason"]) or self._waits_in_words(preview)

    def _waits_in_words(self, preview):
        if not preview["run"]:
            return False
        status, run = self.world.ramet.api("GET", f"/runs/{preview['run']}")
        return status != 200 or any(step.get("error") or step.get("waiting_for") for step in run["steps"])

    def _wait_settled(self):
        def settled():
            preview = self._preview()
            return self._is_over(preview) or preview["state"] == "needs_human"
        wait_for(settled, lambda: f"it to settle\n{self.world.evidence()}", SETTLED_DEADLINE_S, pause_s=0.01)
        preview = self._preview()
        if preview is not None and preview["state"] in ("failed", "degraded", "needs_human"):
            self.told.append(f"{preview['state']}: {preview['reason']}")
        if preview is not None and preview["state"] == "needs_human":
            # What a machine forbids it may forbid for ever: that is a person's, and nothing else is.
            assert any(WORDS[error] in preview["reason"] for error in FORBIDDING), f"a human is needed\n{self.world.evidence()}"

    def _end(self):
        """Asked once more where it was refused or undone: as a person would."""
        self.world.ramet.order()
        self.world.refusals = None
        if self.told:
            self.work.ask_again()
        self.work.wait()
        self.work.check()
