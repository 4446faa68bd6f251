"""What both demonstrations are told with: a repository with the shop in it, a server, and the words on the screen."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RAMET = pathlib.Path(os.environ.get("RAMET_BINARY", ROOT / "build" / "release" / "ramet"))
SHOP = ROOT / "examples" / "shop"
BOLD, DIM, END = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "", "")


def say(text):
    print(f"\n{BOLD}▸ {text}{END}", flush=True)


def note(text):
    print(f"  {text}", flush=True)


class Stopwatch:
    def __enter__(self):
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.start


class Repository:
    """A real Git repository with the shop in it, its file as `edit` gives it."""

    def __init__(self, folder, edit=lambda text: text):
        self.folder = folder
        shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("tests", "__pycache__"))
        file = folder / "ramet.yaml"
        file.write_text(edit(file.read_text()))
        self.git("init", "-q", "-b", "main")
        self.commit("The shop")

    def git(self, *arguments):
        identity = {"GIT_AUTHOR_NAME": "Demo", "GIT_AUTHOR_EMAIL": "demo@example.com",
                    "GIT_COMMITTER_NAME": "Demo", "GIT_COMMITTER_EMAIL": "demo@example.com",
                    "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = subprocess.run(["git", "-C", self.folder, *arguments], check=True, capture_output=True, text=True,
                              env={**os.environ, **identity})
        return done.stdout.strip()

    def commit(self, message):
        """Returns its id."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def change_web(self, which):
        page = sorted((self.folder / "apps" / "web" / "templates").iterdir())[0]
        page.write_text(page.read_text() + f"<!-- {which} change -->\n")
        return self.commit(f"The {which} change")


class Server:
    def __init__(self, data, *options):
        self.log = open(data.parent / "server.log", "w")
        self.process = subprocess.Popen(
            [RAMET, "up", "--no-input", "-o", "json", "--data-dir", data,
             "--listen", os.environ.get("DEMO_LISTEN", "127.0.0.1:0"),
             "--proxy-listen", os.environ.get("DEMO_PROXY", "127.0.0.1:0"), *options],
            stdout=subprocess.PIPE, stderr=self.log, text=True, start_new_session=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"demo: the server did not start; see {self.log.name}")
        self.facts = json.loads(line)
        self.environment = {**os.environ, "RAMET_URL": self.facts["url"], "RAMET_TOKEN": self.facts["token"]}

    def run(self, *arguments, check=True):
        """Runs one command as a person would; its progress goes to the screen."""
        print(f"  {DIM}$ ramet {' '.join(map(str, arguments))}{END}", flush=True)
        done = subprocess.run([RAMET, *arguments], env=self.environment, stdout=subprocess.PIPE, text=True)
        if check and done.returncode != 0:
            print(done.stdout)
            raise SystemExit(f"demo: ramet {arguments[0]} ended with {done.returncode}; the server's log: {self.log.name}")
        return done.stdout

    def read(self, *arguments):
        return json.loads(self.run(*arguments, "-o", "json", "--quiet"))

    def begin(self, *arguments):
        """One that goes on until it is ended."""
        print(f"  {DIM}$ ramet {' '.join(map(str, arguments))}{END}", flush=True)
        return subprocess.Popen([RAMET, *arguments], env=self.environment, stdout=subprocess.PIPE, text=True)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
