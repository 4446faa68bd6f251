"""The helm program on the product's chart, and its errors in its own words."""
import pathlib
import subprocess

import yaml

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
CHART = CHECKOUT / "deploy" / "chart"
RELEASE = SPACE = "ramet"


def program():
    script = CHECKOUT / "scripts" / "helm"
    return pathlib.Path(subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()) / "helm"


class Helm:
    """Its notes about what it did lie in `directory`; a cluster is reached by `kubeconfig`."""

    def __init__(self, directory, kubeconfig=None):
        self._program = program()
        self._environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory)} | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})

    def run(self, *arguments, values=None, deadline_s=300):
        """How it ended, whatever that is."""
        words = [self._program, *map(str, arguments), *(["--values", "-"] if values is not None else [])]
        return subprocess.run(words, input=yaml.safe_dump(values or {}), env=self._environment, check=False, capture_output=True, text=True,
                              timeout=deadline_s)

    def must(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, f"helm {' '.join(map(str, arguments))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def render(self, values):
        """The objects that the chart makes of these values, by kind and name."""
        text = self.must("template", RELEASE, CHART, "--namespace", SPACE, values=values)
        return {(it["kind"], it["metadata"]["name"]): it for it in yaml.safe_load_all(text) if it}

    def refusal(self, values):
        """What it says of values that it does not take."""
        done = self.run("template", RELEASE, CHART, "--namespace", SPACE, values=values)
        assert done.returncode != 0, f"it took {values}"
        return done.stderr
