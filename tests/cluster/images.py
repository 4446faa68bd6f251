"""Images without a registry: archives that containerd imports, made of static programs."""
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
PAUSE = "localhost/pause:1"
SERVER = "localhost/server:1"
# What a container is when it only holds a pod's namespaces, and one that answers 200 on $PORT.
PROGRAMS = {PAUSE: HERE / "pause.c", SERVER: HERE / "server.c"}


def make_all(directory):
    """One archive for each image, in `directory`; returns their paths."""
    return [make(pathlib.Path(directory), name, source) for name, source in PROGRAMS.items()]


def make(directory, name, source):
    program = directory / source.stem
    subprocess.run(["cc", "-static", "-Os", "-s", "-o", program, source], check=True)
    layer = _tar({source.stem: (program.read_bytes(), 0o755)})
    # Not as root: pods of the restricted profile have to be able to run it.
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": [f"/{source.stem}"], "User": "65532:65532"},
                         "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    archive = directory / f"{source.stem}.tar"
    archive.write_bytes(_tar({"layer.tar": (layer, 0o644), "config.json": (config, 0o644), "manifest.json": (manifest, 0o644)}))
    program.unlink()
    return archive


def _tar(files):
    """The same bytes for the same files: no times, no owners."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, (content, mode) in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()
