"""Plants violations of the rules of the house and expects each to be found, at its line, and nothing else."""

import importlib.util
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("check_layers", ROOT / "scripts" / "check_layers.py")
check_layers = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_layers)

HEADER = "#pragma once\n"
# A small house without a fault: base ← domain ← app, and net beside.
CLEAN = {
    "src/base/CMakeLists.txt": "ramet_folder(base LINKS spdlog::spdlog)\n",
    "src/base/text.hpp": HEADER,
    "src/base/text.cpp": '#include "base/text.hpp"\n',
    "src/base/log.cpp": '#include "base/text.hpp"\n#include <spdlog/logger.h>\n',
    "src/domain/CMakeLists.txt": "# The words.\nramet_folder(domain USES base)\n",
    "src/domain/words.hpp": HEADER + '#include "base/text.hpp"\n',
    "src/domain/words.cpp": '#include "domain/words.hpp"\n',
    "src/domain/words_test.cpp": '#include "domain/words.hpp"\n#include "support/temporary.hpp"\n',
    "src/net/CMakeLists.txt": "ramet_folder(net\n    USES base\n    LINKS CURL::libcurl)\n",
    "src/net/client.hpp": HEADER + '#include "base/text.hpp"\n',
    "src/net/client.cpp": '#include "net/client.hpp"\n#include <curl/curl.h>\n#include <boost/asio.hpp>\n',
    "src/app/CMakeLists.txt": "ramet_folder(app USES domain)\n",
    "src/app/main.cpp": '#include "domain/words.hpp"\n#include "base/text.hpp"\nint main()\n{\n    return 0;\n}\n',
    "tests/support/temporary.hpp": HEADER,
}


@pytest.fixture
def findings_with(tmp_path):
    """The findings in the clean house after some files were changed or added."""

    def findings(changes=None):
        for path, text in {**CLEAN, **(changes or {})}.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return check_layers.check(tmp_path)

    return findings


def test_a_clean_house_has_no_findings(findings_with):
    assert findings_with() == []


def body(lines):
    return "int f()\n{\n" + "    g();\n" * lines + "}\n"


def member(lines):
    return "struct S {\n    int f()\n    {\n" + "        g();\n" * lines + "    }\n};\n"


PLANTED = [
    ("a folder that is not used", "src/domain/words.cpp", '#include "domain/words.hpp"\n#include "net/client.hpp"\n',
     "src/domain/words.cpp:2: domain does not use net"),
    ("a layer above", "src/base/text.cpp", '#include "base/text.hpp"\n\n#include "domain/words.hpp"\n',
     "src/base/text.cpp:3: base does not use domain"),
    ("a layer above, in a test", "src/base/text_test.cpp", '#include "domain/words.hpp"\n',
     "src/base/text_test.cpp:1: base does not use domain"),
    ("curl outside net", "src/domain/words.hpp", HEADER + '#include "base/text.hpp"\n#include <curl/curl.h>\n',
     "src/domain/words.hpp:3: curl/curl.h may be included only in src/net/"),
    ("asio in a test", "tests/support/temporary.hpp", HEADER + "#include <boost/asio/io_context.hpp>\n",
     "tests/support/temporary.hpp:2: boost/asio/io_context.hpp may"),
    ("beast outside net", "src/app/main.cpp", "#include <boost/beast.hpp>\n", "src/app/main.cpp:1: boost/beast.hpp may"),
    ("openssl outside net", "src/app/main.cpp", "#include <openssl/ssl.h>\n", "src/app/main.cpp:1: openssl/ssl.h may"),
    ("sqlite outside storage", "src/net/client.cpp", '#include "net/client.hpp"\n#include <sqlite3.h>\n',
     "src/net/client.cpp:2: sqlite3.h may"),
    ("libpq outside data", "src/app/main.cpp", "#include <libpq-fe.h>\n", "src/app/main.cpp:1: libpq-fe.h may"),
    ("yaml outside config", "src/app/main.cpp", "#include <yaml-cpp/yaml.h>\n", "src/app/main.cpp:1: yaml-cpp/yaml.h may"),
    ("spdlog outside log.cpp", "src/base/text.cpp", '#include "base/text.hpp"\n#include <spdlog/spdlog.h>\n',
     "src/base/text.cpp:2: spdlog/spdlog.h may"),
    ("CLI11 outside cli", "src/app/main.cpp", "#include <CLI/CLI.hpp>\n", "src/app/main.cpp:1: CLI/CLI.hpp may"),
    ("a file too long", "src/base/text.hpp", HEADER + "\n" * 400, "src/base/text.hpp:1: 401 lines"),
    ("a long python file", "tests/support/tool.py", "\n" * 401, "tests/support/tool.py:1: 401 lines"),
    ("a function too long", "src/app/main.cpp", body(61), "src/app/main.cpp:2: a function of 61 lines"),
    ("a member function too long", "src/app/main.cpp", member(61), "src/app/main.cpp:3: a function of 61 lines"),
    ("a header nobody includes", "src/domain/lost.hpp", HEADER, "src/domain/lost.hpp:1: nothing includes"),
    ("a source without a header", "src/domain/lost.cpp", '#include "base/text.hpp"\n',
     "src/domain/lost.cpp:1: a source without a header"),
    ("a header without its guard", "src/base/text.hpp", "// #pragma once\n", "src/base/text.hpp:1: a header without"),
    ("a left-over note", "src/app/main.cpp", "// later\n// TO" + "DO(x): later\n", "src/app/main.cpp:2: TO" + "DO: do it"),
    ("another left-over note", "tests/support/tool.py", "# FIX" + "ME\n", "tests/support/tool.py:1: FIX" + "ME: do it"),
    ("an unknown folder", "src/app/CMakeLists.txt", "ramet_folder(app USES domain wrong)\n",
     "src/app/CMakeLists.txt:1: USES wrong, which is no folder"),
]


@pytest.mark.parametrize(("path", "text", "expected"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED])
def test_a_planted_violation_is_found_and_nothing_else(findings_with, path, text, expected):
    findings = findings_with({path: text})
    assert len(findings) == 1, findings
    assert findings[0].startswith(expected)


ACCEPTED = [
    ("a folder through another", "src/app/more.cpp", '#include "app/more.hpp"\n#include "base/text.hpp"\n'),
    ("a folder linked for the tests", "src/domain/net_test.cpp", '#include "net/client.hpp"\n'),
    ("a source of another header", "src/domain/parse_words.cpp", '#include "domain/words.hpp"\n'),
    ("libpq in a test", "tests/support/tool.cpp", "#include <libpq-fe.h>\n"),
    ("a function as long as allowed", "src/app/main.cpp", body(60)),
    ("a long table", "src/app/main.cpp", "const int table[] = {\n" + "    1,\n" * 100 + "};\n"),
    ("a long class of short functions", "src/app/main.cpp", "struct S {\n" + "    void f() { g(); }\n" * 100 + "};\n"),
    ("braces in a raw string", "src/app/main.cpp", 'auto s = R"x(\n{\n' + "\n" * 100 + '}\n#include "net/client.hpp"\n)x";\n'),
    ("a word that contains another", "src/app/main.cpp", "// TO" + "DOS, " + "maTO" + "DO\n"),
    ("data of the tests", "tests/data/huge.py", "\n" * 1000),
]


@pytest.mark.parametrize(("path", "text"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_what_is_allowed_is_not_found(findings_with, path, text):
    tests = "ramet_folder(domain USES base)\ntarget_link_libraries(ramet_domain_test PRIVATE ramet_net)\n"
    assert findings_with({"src/app/more.hpp": HEADER, "src/app/user.cpp": '#include "app/more.hpp"\n',
                          "src/domain/CMakeLists.txt": tests, path: text}) == []


def test_a_circle_of_folders_is_found(findings_with):
    findings = findings_with({"src/base/CMakeLists.txt": "ramet_folder(base USES app)\n"})
    assert any("base uses app, which uses base: a circle" in finding for finding in findings)


def test_a_file_that_grows_long_is_a_warning_only(findings_with):
    assert findings_with({"src/base/text.hpp": HEADER + "\n" * 310}) == [
        "warning: src/base/text.hpp:1: 311 lines, soon too long"]


def test_the_real_tree_is_read_in_less_than_two_seconds():
    start = time.monotonic()
    check_layers.check(ROOT)
    assert time.monotonic() - start < 2
