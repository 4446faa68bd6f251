"""An image of PostgreSQL made of what Debian has installed here, with the first start of the image that its makers publish: the same
variables, the same scripts of the first start, the same user."""
import functools
import io
import os
import pathlib
import re
import subprocess
import tarfile

from images import Image

HERE = pathlib.Path(__file__).resolve().parent
VERSION = "15"
NAME = f"docker.io/library/postgres:{VERSION}"
USER = 999
HOME = pathlib.Path(f"/usr/lib/postgresql/{VERSION}")
PROGRAMS = [*(HOME / "bin" / name for name in ("postgres", "initdb", "psql", "pg_ctl", "pg_isready")),
            *map(pathlib.Path, ("/bin/sh", "/bin/rm", "/bin/mkdir", "/bin/chmod", "/bin/cat", "/bin/sleep", "/usr/bin/touch", "/usr/bin/id"))]


@functools.cache
def make():
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path in sorted(wanted_files()):
            add(archive, path, path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
        add(archive, pathlib.Path("/etc/passwd"), f"root:x:0:0::/root:/bin/sh\npostgres:x:{USER}:{USER}::/var/lib/postgresql:/bin/sh\n".encode(), 0o644)
        add(archive, pathlib.Path("/etc/group"), f"root:x:0:\npostgres:x:{USER}:\n".encode(), 0o644)
        add(archive, pathlib.Path("/usr/local/bin/docker-entrypoint.sh"), (HERE / "postgres_entrypoint.sh").read_bytes(), 0o755)
        for folder in ("/tmp", "/var/run/postgresql", "/var/lib/postgresql/data"):
            member = tarfile.TarInfo(folder[1:])
            member.type, member.mode = tarfile.DIRTYPE, 0o1777
            archive.addfile(member)
    return Image(written.getvalue(), ("docker-entrypoint.sh",), f"{USER}:{USER}",
                 (f"PATH=/usr/local/bin:{HOME}/bin:/usr/bin:/bin", "PGDATA=/var/lib/postgresql/data"))


def wanted_files():
    """Programs, what they are linked with, and what they read: by the paths at which they look for it."""
    own = [*PROGRAMS, *(path for path in (HOME / "lib").rglob("*.so") if not path.name.startswith("llvmjit"))]  # Its compiler is 160 MB.
    found = {path for path in own if path.is_file()}
    found |= {library for path in own if path.suffix in ("", ".so") and path.is_file() for library in libraries_of(path)}
    return found | {path for path in pathlib.Path(f"/usr/share/postgresql/{VERSION}").rglob("*") if path.is_file()}


@functools.cache
def libraries_of(path):
    if not path.is_file():
        return ()
    listed = subprocess.run(["ldd", path], check=False, capture_output=True, text=True).stdout
    return tuple(pathlib.Path(name) for name in re.findall(r"(/\S+) \(0x", listed))


def add(archive, path, content, mode):
    member = tarfile.TarInfo(str(path)[1:])
    member.size, member.mode = len(content), mode
    archive.addfile(member, io.BytesIO(content))
