"""The check that no secret is written down finds one in each of its forms, and does not pass where it has read nothing."""
import base64

import pytest

from written_down import find_written

SECRET = "p4ss/w+rd%0815"
FORMS = {"as it is": SECRET, "base64": base64.b64encode(SECRET.encode()).decode(), "hex": SECRET.encode().hex(), "URL": "p4ss%2Fw%2Brd%250815"}


@pytest.mark.parametrize("name", ["data/ramet.db", "data/ramet.db-wal", "server.log", "data/logs/web/1.log"])
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_that_was_written_down_is_found(tmp_path, name, form):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\0known\0" + FORMS[form].encode() + b"\0")
    assert find_written(tmp_path, {"KEY": SECRET}, "known") == [f"KEY stands in {file} ({form})"]
    assert find_written(tmp_path, {"KEY": "another"}, "known") == []


def test_where_nothing_was_read_nothing_is_proved(tmp_path):
    (tmp_path / "server.log").write_text("started")
    with pytest.raises(AssertionError, match="known stands in none"):
        find_written(tmp_path, {"KEY": SECRET}, "known")
