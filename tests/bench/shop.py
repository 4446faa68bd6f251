"""The shop on a real Git host with a real webhook, its base with a database of a chosen size, and what it is compared with."""
import json
import os
import pathlib
import shutil
import subprocess

from installation import Installation, wait_for
from rows import say

from checkout import Checkout
from gitea import Gitea
from world import BASE, IN_PROGRESS, SERVERS_OWN_FILES, SHOP, replaced, shop_file

BYTES_PER_ROW = 900
ROWS_PER_GB = 1_000_000  # With keys, index and page headers: measured.


class Shop(Installation):
    """`with Shop(gigabytes=2) as shop:`; the base is up, and one preview has come and gone, so that builds and the golden copy are
    there. `look(shop, preview)` is called while that one runs; `model` is what it returned."""

    def __init__(self, gigabytes, look):
        super().__init__(store_gib=max(4, int(gigabytes * 6)))
        self._look = look
        self._rows = int(gigabytes * ROWS_PER_GB)
        self.gitea = Gitea()
        self.repository = self.work = None
        self.model = None

    def __enter__(self):
        try:
            self.gitea.start()
            self.repository = self.gitea.create_repository("shop")
            self.work = Checkout(self.gitea, self.repository)
            self.work.push_tree("main", SHOP, message="The shop")
            self.work.push("main", {"ramet.yaml": self._project_file()})
            super().__enter__()
            self._bring_up()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *what):
        super().__exit__(*what)
        if self.work:
            self.work.remove()
        self.gitea.remove()

    def _project_file(self):
        text = replaced(shop_file("ramet.yaml"), 'SEED_ROWS: "100000"', f'SEED_ROWS: "{self._rows}"')
        return replaced(text, 'SEED_BYTES_PER_ROW: "64"', f'SEED_BYTES_PER_ROW: "{BYTES_PER_ROW}"')

    def _bring_up(self):
        say(f"bringing up the base with {self._rows:,} rows")
        self.ramet.run("git", "connect", "gitea", "--url", self.gitea.url, "--repo", self.repository, stdin=self.gitea.alice.token,
                       deadline_s=900)
        _, self.base = self.wait_ready(BASE, deadline_s=900, pause_s=0.2)
        # What may come and stay: the server's own files, and the base's.
        self.watch.allowed_files = (*SERVERS_OWN_FILES, "data/state/*", "data/store/goldens*", "bench*", "data/store/bench*", f"data/environments/{self.base['id']}/*")
        self.watch.watched_files = IN_PROGRESS
        say("making the golden copy with a first preview")
        number = self.open("warm-up", {"README.md": "warm\n"})
        _, preview = self.wait_ready(f"pr-{number}", deadline_s=300, pause_s=0.1)
        self.model = self._look(self, preview)
        self.close(number)
        wait_for(lambda: self.preview(f"pr-{number}") is None, "the first preview to be gone")

    # -- what people do, each from the arrival of its webhook

    def open(self, branch, changes):
        self.work.push(branch, changes, start="main")
        return self.gitea.open_pull_request(self.repository, branch, "main")

    def close(self, number):
        self.gitea.close(self.repository, number)

    def arrival(self, newest_before, is_it):
        """When the first webhook after delivery `newest_before` came in of which `is_it(event, body)` is true. The Git host
        sends its events one after the other: what an earlier change led to may come in between."""
        def came():
            rows = self.query("SELECT received_at, event, body FROM delivery JOIN delivery_content ON delivery = id WHERE id > ? ORDER BY id", newest_before)
            return next((at for at, event, body in rows if is_it(event, json.loads(body))), None)
        return wait_for(came, "the webhook", pause_s=0.01) / 1000

    def newest_run(self, preview):
        """When the newest run of this preview was submitted; also after its end."""
        return self.query("SELECT created_at FROM run WHERE owner_id = ? ORDER BY sequence DESC LIMIT 1", preview["id"])[0][0] / 1000

    def newest_delivery(self):
        return self.query("SELECT coalesce(max(id), 0) FROM delivery")[0][0]


class Elsewhere:
    """A folder on the file system of the databases, and the same under a path that other users can pass."""

    def __init__(self, shop):
        self.inner = shop.ramet.data / "store" / "bench"
        self.outer = shop.ramet.directory / "bench"
        self.inner.mkdir(parents=True)
        self.inner.chmod(0o755)
        self.outer.mkdir()
        if os.geteuid() == 0:
            subprocess.run(["mount", "--bind", self.inner, self.outer], check=True)
        else:
            self.outer.rmdir()
            self.outer.symlink_to(self.inner)

    def remove(self):
        if os.geteuid() == 0:
            subprocess.run(["umount", self.outer], check=True)
            self.outer.rmdir()
        else:
            self.outer.unlink()
        shutil.rmtree(self.inner)


def golden_directory(shop):
    """The newest golden copy: a data directory that no server uses."""
    found = [pathlib.Path(folder) for folder, _, names in os.walk(shop.ramet.data / "store" / "goldens") if "PG_VERSION" in names]
    found = [folder for folder in found if (folder / "global" / "pg_control").exists()]
    return max(found, key=lambda folder: folder.stat().st_mtime)


__all__ = ["BASE", "Elsewhere", "Shop", "golden_directory", "wait_for"]
