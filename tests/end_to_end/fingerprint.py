"""One hash for everything that a preview must not change at its base, with the parts beside it to see what differs.

Databases are asked directly, files are read directly; nothing of this comes from the product but the address to connect to.
"""
import fnmatch
import hashlib
import json
import os
import pathlib
import stat
import subprocess
from dataclasses import dataclass

import psycopg2
import redis

PG_DUMP = "/usr/lib/postgresql/15/bin/pg_dump"

# Parts that say what the base is, each ordered, so that equal contents give equal texts.
CATALOGUE = {
    "databases": "SELECT datname, pg_get_userbyid(datdba), datcollate, datallowconn, datconnlimit, datacl FROM pg_database ORDER BY 1",
    "roles": "SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,"
             " rolconnlimit, rolvaliduntil, rolconfig FROM pg_roles ORDER BY 1",
    "memberships": "SELECT pg_get_userbyid(roleid), pg_get_userbyid(member), admin_option FROM pg_auth_members ORDER BY 1, 2",
    "settings": "SELECT name, setting FROM pg_settings WHERE source NOT IN ('client', 'session', 'override') ORDER BY 1",
    "role settings": "SELECT coalesce(d.datname, ''), coalesce(r.rolname, ''), s.setconfig FROM pg_db_role_setting s"
                     " LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole ORDER BY 1, 2",
    "sequences": "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2",
    "replication slots": "SELECT slot_name, slot_type, temporary FROM pg_replication_slots ORDER BY 1",
    "prepared transactions": "SELECT gid FROM pg_prepared_xacts ORDER BY 1",
    "extensions": "SELECT extname, extversion FROM pg_extension ORDER BY 1",
    "system identifier": "SELECT system_identifier FROM pg_control_system()",
}
PASSWORDS = "SELECT rolname, rolpassword FROM pg_authid ORDER BY 1"  # Superusers only.
TABLES = ("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables"
          " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1")


@dataclass(frozen=True)
class Fingerprint:
    parts: dict

    @property
    def hash(self):
        return hashlib.sha256(json.dumps(self.parts, sort_keys=True).encode()).hexdigest()

    def changes(self, other):
        """The names of the parts that differ, with both sides."""
        names = sorted({*self.parts, *other.parts})
        return [f"{name}: {self.parts.get(name)} → {other.parts.get(name)}" for name in names
                if self.parts.get(name) != other.parts.get(name)]


def join(groups):
    """One fingerprint of {group: {name: value}}."""
    return Fingerprint({f"{group}: {name}": value for group, part in groups.items() for name, value in part.items()})


def of_postgres(url):
    """Rows of every table in order, schema, roles, settings."""
    parts = {"schema": digest(schema_of(url).encode())}
    connection = psycopg2.connect(url)
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    try:
        with connection.cursor() as cursor:
            for name, query in CATALOGUE.items():
                parts[name] = answer(cursor, query)
            if is_superuser(cursor):
                parts["passwords"] = digest(answer(cursor, PASSWORDS).encode())
            cursor.execute(TABLES)
            for (table,) in cursor.fetchall():
                parts[f"table {table}"] = rows_of(cursor, table)
    finally:
        connection.close()
    return parts


def of_redis(url):
    """Every key of every database with its value."""
    parts = {}
    with redis.Redis.from_url(url) as client:
        for number in sorted(client.info("keyspace")):
            with redis.Redis.from_url(url, db=int(number[2:])) as database:
                for key in sorted(database.scan_iter(count=1000)):
                    parts[f"{number} {key.decode(errors='replace')}"] = digest(database.dump(key) or b"")
    return parts


def of_tree(root, skip=()):
    """Every path under `root` with kind, mode, owner and content; `skip` are patterns of relative paths."""
    parts = {}
    root = pathlib.Path(root)
    for folder, folders, names in os.walk(root):
        relative_folder = os.path.relpath(folder, root)
        folders[:] = [name for name in folders if not is_skipped(os.path.join(relative_folder, name), skip)]
        for name in (*folders, *names):
            relative = os.path.normpath(os.path.join(relative_folder, name))
            if not is_skipped(relative, skip):
                parts[relative] = of_path(root / relative)
    return parts


def of_environment(pid):
    """The variables that a process was started with; values as hashes, as some are secrets."""
    content = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    pairs = (entry.partition(b"=") for entry in content.split(b"\0") if entry)
    return {name.decode(errors="replace"): digest(value) for name, _, value in pairs}


def of_path(path):
    info = path.lstat()
    content = ""
    if stat.S_ISLNK(info.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(info.st_mode):
        content = digest(path.read_bytes())
    return f"{stat.filemode(info.st_mode)} {info.st_uid}:{info.st_gid} {content}"


def is_skipped(relative, patterns):
    return any(fnmatch.fnmatch(os.path.normpath(relative), pattern) for pattern in patterns)


def schema_of(url):
    dumped = subprocess.run([PG_DUMP, "--schema-only", "--dbname", url], check=True, stdout=subprocess.PIPE, text=True).stdout
    # Newer versions put a random word around each dump; comments hold versions.
    return "\n".join(line for line in dumped.splitlines() if not line.startswith(("\\restrict", "\\unrestrict", "--")))


def rows_of(cursor, table):
    total, count = Total(), 0
    cursor.copy_expert(f"COPY (SELECT t::text FROM {table} AS t ORDER BY t::text COLLATE \"C\") TO STDOUT", total)
    cursor.execute(f"SELECT count(*) FROM {table}")
    count = cursor.fetchone()[0]
    return f"{count} rows {total.hexdigest()}"


class Total:
    """A file to write to, of which only the hash is kept."""

    def __init__(self):
        self._sum = hashlib.sha256()

    def write(self, data):
        self._sum.update(data if isinstance(data, bytes) else data.encode())

    def hexdigest(self):
        return self._sum.hexdigest()[:16]


def is_superuser(cursor):
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    return cursor.fetchone()[0]


def answer(cursor, query):
    cursor.execute(query)
    return "\n".join("|".join(map(str, row)) for row in cursor.fetchall())


def digest(content):
    return hashlib.sha256(content).hexdigest()[:16]
