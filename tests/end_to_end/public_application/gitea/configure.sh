# Joins the team's settings with those of this environment (GITEA__section__KEY) and sets `gitea` for what follows.
set -eu
export GITEA_WORK_DIR="$HOME"
"$GITEA_PROGRAM" config edit-ini --config app.ini --apply-env --out "$HOME/app.ini"
gitea() { "$GITEA_PROGRAM" --config "$HOME/app.ini" "$@"; }
