"""Images of examples/shop and of what it needs, made of what Debian has installed here: a build tool would get the same from a registry."""
import functools
import io
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

from images import Image
from postgres_image import add, libraries_of

PYTHON = pathlib.Path("/usr/bin/python3").resolve()
LIBRARY = pathlib.Path("/usr/lib") / PYTHON.name
PACKAGES = pathlib.Path("/usr/lib/python3/dist-packages")
REDIS = "docker.io/library/redis:7"
UNUSED = ("test", "idlelib", "lib2to3", "ensurepip", "tkinter", "turtledemo", "pydoc_data")


def make_app(folder):
    """A service of the shop, built as its build says, on Python."""
    with tempfile.TemporaryDirectory() as place:
        built = pathlib.Path(place) / "app"
        shutil.copytree(folder, built, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["/usr/bin/python3", "build.py"], cwd=built, check=True, capture_output=True)
        files = dict(python_files()) | {pathlib.Path("/app") / path.relative_to(built): path.read_bytes() for path in files_below(built)}
    return Image(layer_of(files, ("/tmp",)), ("/usr/bin/python3",), directory="/app")


@functools.cache
def python_files():
    found = {pathlib.Path("/usr/bin/python3"), *files_below(LIBRARY, UNUSED), *files_below(PACKAGES / "psycopg2")}
    found |= {library for path in (PYTHON, *(path for path in found if path.suffix == ".so")) for library in libraries_of(path)}
    return tuple((path, path.read_bytes()) for path in found)


def make_redis():
    programs = [pathlib.Path(f"/usr/bin/redis-{name}").resolve() for name in ("server", "cli")]
    files = {pathlib.Path("/usr/bin/redis-server"): programs[0].read_bytes(), pathlib.Path("/usr/bin/redis-cli"): programs[1].read_bytes()}
    for path in (pathlib.Path("/bin/sh"), pathlib.Path("/usr/bin/grep")):
        files[path] = path.read_bytes()
    for path in (*programs, *list(files)):
        files |= {library: library.read_bytes() for library in libraries_of(path)}
    return Image(layer_of(files, ("/tmp", "/data")), ("/usr/bin/redis-server",), "999:999", ("PATH=/usr/bin:/bin",))


def files_below(folder, unused=()):
    return [path for path in folder.rglob("*") if path.is_file() and not any(part in unused for part in path.relative_to(folder).parts)]


def layer_of(files, folders):
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path in sorted(files):
            is_program = path.parent.name == "bin" or os.access(path, os.X_OK)
            add(archive, path, files[path], 0o755 if is_program else 0o644)
        for folder in folders:
            member = tarfile.TarInfo(folder[1:])
            member.type, member.mode = tarfile.DIRTYPE, 0o1777
            archive.addfile(member)
    return written.getvalue()
