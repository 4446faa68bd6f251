export GITEA__server__HTTP_ADDR="$HOST" GITEA__server__HTTP_PORT="$PORT"
. ./configure.sh
exec "$GITEA_PROGRAM" --config "$HOME/app.ini" web
