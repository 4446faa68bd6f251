"""Writes the API's contract as a C++ file: embed_openapi.py openapi.yaml openapi_document.cpp"""
import json
import pathlib
import sys

import yaml


def main(source, destination):
    document = json.dumps(yaml.safe_load(pathlib.Path(source).read_text()), ensure_ascii=True, separators=(",", ":"))
    # A compiler need not take literals of more than 64 KB: pieces, which it joins.
    pieces = "\n".join(f'    R"json({document[at:at + 4000]})json"' for at in range(0, len(document), 4000))
    pathlib.Path(destination).write_text(f"""\
// Made from schema/openapi.yaml by cmake/embed_openapi.py.
#include "api/openapi.hpp"

namespace ramet::api {{

std::string_view openapi_document()
{{
    return
{pieces};
}}

}}  // namespace ramet::api
""")


if __name__ == "__main__":
    main(*sys.argv[1:])
