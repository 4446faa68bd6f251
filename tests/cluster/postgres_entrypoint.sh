#!/bin/sh
# The first start of PostgreSQL's published image, as far as the product relies on it: an empty $PGDATA becomes a database with the
# superuser's password, then the scripts of /docker-entrypoint-initdb.d run against a server that listens on its socket only.
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA"
    [ -n "$POSTGRES_PASSWORD" ] || { echo "POSTGRES_PASSWORD is not set" >&2; exit 1; }
    echo "$POSTGRES_PASSWORD" >/tmp/password
    initdb --username="${POSTGRES_USER:-postgres}" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    rm /tmp/password
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl -w start -o "-c listen_addresses=''" >/dev/null
    for script in /docker-entrypoint-initdb.d/*.sh; do
        [ ! -e "$script" ] || . "$script"
    done
    pg_ctl -w -m fast stop >/dev/null
fi
exec "$@" -c "listen_addresses=*"
