"""A project of three services that need next to nothing, for benchmarks that count environments rather than what runs in them."""
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BASE = "base"

PROJECT_FILE = """\
version: 1
project: tiny
services:
  web: {build: {context: app}, run: [./server], port: 8080, public: true, health: {http: /healthz}}
  second: {from: web, run: [./server], port: 8081, health: {http: /healthz}}
  third: {from: web, run: [./server], port: 8082}
environments:
  base: {branch: main, target: here}
targets:
  here: {type: local}
previews:
  base: base
  target: here
"""


def write_project(folder):
    """ramet.yaml and the compiled program; nothing has to be built."""
    (folder / "app").mkdir(parents=True)
    (folder / "ramet.yaml").write_text(PROJECT_FILE)
    subprocess.run(["cc", "-Os", "-static", "-s", "-o", folder / "app" / "server", HERE / "tiny_server.c"], check=True)


def make_repository(folder):
    """The same as a Git repository with one commit on main."""
    write_project(folder)
    for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"],
                      ["-c", "user.name=Bench", "-c", "user.email=bench@example.com", "commit", "--quiet", "--message=Tiny"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
