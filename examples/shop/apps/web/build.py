"""The build: puts the style sheet into the page, checks that every placeholder is known, compiles to byte code."""
import compileall
import hashlib
import pathlib
import py_compile
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
PLACEHOLDERS = {"environment", "commit", "version", "orders", "shipped", "products", "api_url", "token", "accent"}


def render_page():
    page = (HERE / "templates" / "page.html").read_text()
    page = page.replace("{{style}}", (HERE / "assets" / "style.css").read_text())
    unknown = set(re.findall(r"\{\{(\w+)\}\}", page)) - PLACEHOLDERS
    if unknown:
        sys.exit(f"templates/page.html: unknown placeholders: {', '.join(sorted(unknown))}")
    return page


def content_hash():
    total = hashlib.sha256()
    for path in sorted([*HERE.glob("*.py"), *HERE.glob("templates/*"), *HERE.glob("assets/*")]):
        total.update(f"{path.relative_to(HERE)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def main():
    page, version = render_page(), content_hash()
    (HERE / "dist").mkdir(exist_ok=True)
    (HERE / "dist" / "page.html").write_text(page.replace("{{version}}", version))
    compiled = compileall.compile_dir(HERE, quiet=1, force=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    print(f"built page of {len(page)} bytes, version {version}")
    return 0 if compiled else 1


if __name__ == "__main__":
    sys.exit(main())
