"""What a service was given as a secret, looked for in everything that the server writes for itself: its store and its logs."""
import base64
import pathlib
import urllib.parse

WRITTEN = ("*.db", "*.db-wal", "server*.log", "logs/**/*")


def secrets_of(pid):
    """The key and the password that a process of the small project was started with."""
    entries = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    given = dict(entry.split("=", 1) for entry in entries if "=" in entry)
    return {"SESSION_KEY": given["SESSION_KEY"], "the password in DATABASE_URL": urllib.parse.urlsplit(given["DATABASE_URL"]).password}


def forms_of(secret):
    raw = secret.encode()
    yield from {"as it is": raw, "base64": base64.b64encode(raw).rstrip(b"="), "hex": raw.hex().encode(),
                "URL": urllib.parse.quote(secret, safe="").encode()}.items()


def find_written(directory, secrets, known):
    """One line for each secret that stands somewhere. `known` is a word that has to stand there: else nothing was looked at."""
    content = {path: path.read_bytes() for pattern in WRITTEN for path in pathlib.Path(directory).rglob(pattern) if path.is_file()}
    assert any(known.encode() in text for text in content.values()), f"{known} stands in none of {sorted(map(str, content))}"
    return [f"{name} stands in {path} ({form})" for name, secret in secrets.items() for form, needle in forms_of(secret)
            for path, text in content.items() if needle in text]
