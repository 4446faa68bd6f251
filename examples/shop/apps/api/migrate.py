"""Brings the schema up to date: runs each file of migrations/ once, in the order of their names, in one transaction."""
import pathlib

from storage import transaction

FOLDER = pathlib.Path(__file__).with_name("migrations")
LOCK = 7_305_001  # Any number; two migrations at once wait for each other.


def migrate():
    """Returns the names of the files that were run."""
    with transaction() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute("CREATE TABLE IF NOT EXISTS schema_migrations"
                       " (name text PRIMARY KEY, run_at timestamptz NOT NULL DEFAULT now())")
        cursor.execute("SELECT name FROM schema_migrations")
        done = {name for (name,) in cursor.fetchall()}
        missing = [path for path in sorted(FOLDER.glob("*.sql")) if path.name not in done]
        for path in missing:
            cursor.execute(path.read_text())
            cursor.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (path.name,))
        return [path.name for path in missing]


if __name__ == "__main__":
    for name in migrate():
        print(f"ran {name}", flush=True)
    print("the schema is up to date", flush=True)
