"""A real file system without room, under everything that the server keeps: in the middle of the work, and from before it."""
import errno
import os
import pathlib
import subprocess
import tempfile

import psycopg2
import pytest

from crash_world import OPERATIONS, CrashWorld
from faults import Faulty
from gitea import wait_for
from small_project import BASE

SIZE_MB = 600


class SmallDisk:
    """A file system in a file, mounted by a loop device."""

    def __init__(self, directory):
        self.at = directory / "disk"
        self._image = directory / "image"
        self._filler = self.at / "filler"

    def __enter__(self):
        self.at.mkdir()
        with open(self._image, "wb") as image:
            image.truncate(SIZE_MB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", self._image], check=True)
        subprocess.run(["mount", "-o", "loop", self._image, self.at], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.at], check=True)

    def fill(self):
        """To the last byte."""
        with open(self._filler, "ab", buffering=0) as filler:
            for size in (1 << 20, 4096, 1):
                try:
                    while filler.write(b"x" * size) == size:
                        pass
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error
        os.sync()

    def empty(self):
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def small_disk():
    # A short path, for the sockets of PostgreSQL; through which what runs under other user ids can get.
    with tempfile.TemporaryDirectory(prefix="ramet-disk-") as directory:
        place = pathlib.Path(directory)
        place.chmod(0o755)
        with SmallDisk(place) as disk:
            yield disk


def answers(world):
    """Whether the original's database does. A PostgreSQL that could not write its log ends, and is started again."""
    try:
        psycopg2.connect(world.ramet.connection_url(BASE), connect_timeout=5).close()
        return True
    except psycopg2.OperationalError:
        return False


def test_a_full_disk_is_told_and_when_there_is_room_again_all_goes_on(small_disk):
    directory = small_disk.at / "ramet"
    directory.mkdir()
    world = CrashWorld(directory)

    def make_room():
        small_disk.empty()
        wait_for(lambda: answers(world), "the original's database to be back", deadline_s=60)
    try:
        world.start()
        for meanwhile in (False, True):
            for name, work in OPERATIONS.items():
                faulty = Faulty(work(world))
                faulty.during(small_disk.fill, make_room, meanwhile)
                print(f"{name}, full {'meanwhile' if meanwhile else 'before'}: {faulty.told}")
    finally:
        small_disk.empty()
        world.close()
