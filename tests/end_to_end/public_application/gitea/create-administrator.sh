. ./configure.sh
gitea migrate
# Gitea takes the password as an argument only: for a moment it stands in the list of processes.
gitea admin user create --admin --username keeper --email keeper@forge.test --password "$ADMINISTRATOR_PASSWORD" --must-change-password=false
