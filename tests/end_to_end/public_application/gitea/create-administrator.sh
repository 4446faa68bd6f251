. ./configure.sh
gitea migrate
gitea admin user create --admin --username keeper --email keeper@forge.test --password "$ADMINISTRATOR_PASSWORD" --must-change-password=false
