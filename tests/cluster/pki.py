"""Certificates of a cluster that lives for minutes: one authority, and what it signs. By openssl, with keys on P-256: RSA takes seconds."""
import pathlib
import subprocess

DAYS = "30"


class Authority:
    """Makes NAME.key and NAME.crt in `directory`, beside its own ca.key and ca.crt."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self._path("ca.key").exists():
            _openssl("req", "-x509", *_new_key(self._path("ca.key")), "-out", self._path("ca.crt"), "-days", DAYS, "-subj", "/CN=cluster")

    def sign(self, name, subject, alternatives=()):
        request, extensions = self._path(f"{name}.csr"), self._path(f"{name}.ext")
        lines = ["extendedKeyUsage=serverAuth,clientAuth"] + ([f"subjectAltName={','.join(alternatives)}"] if alternatives else [])
        extensions.write_text("\n".join(lines) + "\n")
        _openssl("req", *_new_key(self._path(f"{name}.key")), "-out", request, "-subj", subject)
        _openssl("x509", "-req", "-in", request, "-CA", self._path("ca.crt"), "-CAkey", self._path("ca.key"), "-CAcreateserial",
                 "-out", self._path(f"{name}.crt"), "-days", DAYS, "-extfile", extensions)
        request.unlink()
        extensions.unlink()

    def make_key(self, name):
        """A pair without a certificate, for signing the tokens of service accounts."""
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self._path(f"{name}.key"))

    def _path(self, name):
        return self.directory / name


def _new_key(path):
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
