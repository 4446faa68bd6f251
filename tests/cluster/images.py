"""Images without a build tool: of static programs, as archives that containerd imports, and pushed to a registry."""
import base64
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile
import tempfile
import urllib.parse
import urllib.request
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
PAUSE = "localhost/pause:1"
SERVER = "localhost/server:1"
# What a container is when it only holds a pod's namespaces, and one that answers 200 on $PORT.
PROGRAMS = {PAUSE: HERE / "pause.c", SERVER: HERE / "server.c"}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Image:
    """One layer, and what runs in it. Not as root: pods of the restricted profile have to be able to run it."""
    layer: bytes
    entrypoint: tuple
    user: str = "65532:65532"
    variables: tuple = ()
    directory: str = "/"  # In which it starts.

    @property
    def config(self):
        return json.dumps({"architecture": "amd64", "os": "linux",
                           "config": {"Entrypoint": list(self.entrypoint), "User": self.user, "Env": list(self.variables), "WorkingDir": self.directory},
                           "rootfs": {"type": "layers", "diff_ids": [digest(self.layer)]}}).encode()

    def archive(self, name):
        """As `ctr images import` reads it."""
        manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
        return tar({"layer.tar": (self.layer, 0o644), "config.json": (self.config, 0o644), "manifest.json": (manifest, 0o644)})


def make_all(directory):
    """One archive for each image that the node has from the beginning, in `directory`."""
    for name, source in PROGRAMS.items():
        (pathlib.Path(directory) / f"{source.stem}.tar").write_bytes(compile_image(source).archive(name))


def compile_image(source, says=None):
    """Of a static program; `says` is the value of $SAYS in it, so that two images of one program can be told apart."""
    with tempfile.NamedTemporaryFile() as made:
        subprocess.run(["cc", "-static", "-Os", "-s", "-o", made.name, source], check=True)
        program = pathlib.Path(made.name).read_bytes()
    return Image(tar({source.stem: (program, 0o755)}), (f"/{source.stem}",), variables=(f"SAYS={says}",) if says else ())


class Registry:
    """What listens at `address` ("127.0.0.1:5000"); `login` is "USER:PASSWORD" where it wants one."""

    def __init__(self, address, login=""):
        self.address, self.login = address, login

    def push(self, image, repository, tag):
        """Its reference by digest."""
        return f"{self.address}/{repository}@{push(image, self, repository, tag)}"

    def ask(self, method, path, body=b"", content_type=None):
        headers = {"Content-Type": content_type} if content_type else {}
        if self.login:
            headers["Authorization"] = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        url = urllib.parse.urljoin(f"http://{self.address}", path)
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=30) as answer:
            answer.read()
            return answer


def push(image, registry, repository, tag):
    """Returns the digest under which it stands there."""
    for blob in (image.layer, image.config):
        upload = registry.ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
        joint = "&" if "?" in upload else "?"
        registry.ask("PUT", f"{upload}{joint}digest={digest(blob)}", blob, "application/octet-stream")
    described = lambda kind, blob: {"mediaType": f"application/vnd.oci.image.{kind}", "size": len(blob), "digest": digest(blob)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described("config.v1+json", image.config),
                           "layers": [described("layer.v1.tar", image.layer)]}).encode()
    registry.ask("PUT", f"/v2/{repository}/manifests/{tag}", manifest, MANIFEST)
    return digest(manifest)


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tar(files):
    """The same bytes for the same files: no times, no owners."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, (content, mode) in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()
