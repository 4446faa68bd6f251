#include "storage/projects.hpp"

#include "storage/rows.hpp"

namespace ramet::storage {
namespace {

const std::string columns =
    "id, name, repository_url, connection, forge, forge_url, repository_owner, repository_name, token_secret, "
    "token_version, webhook_secret, webhook_secret_version, webhook_state, trusted_branch, trusted_commit, "
    "file_name, file_text, target_here, poll_state, created_at";

SecretReference reference(const Row& row, int column)
{
    return {row.text(column), row.integer(column + 1), {}};
}

Project read(const Row& row)
{
    Project project;
    project.id = row.id<ProjectId>(0);
    project.name = row.text(1);
    project.repository_url = row.text(2);
    project.connection = {row.text(3),       row.text(4),        row.text(5), {row.text(6), row.text(7)},
                          reference(row, 8), reference(row, 10), row.text(12)};
    project.trusted_branch = row.text(13);
    project.trusted_commit = row.id<CommitSha>(14);
    project.file_name = row.text(15);
    project.file_text = row.text(16);
    project.target_here = row.boolean(17);
    project.poll_state = row.text(18);
    project.created_at = row.time(19);
    return project;
}

}  // namespace

Result<void> Projects::insert(Transaction& transaction, const Project& project)
{
    const auto& forge = project.connection;
    return require_new(
        transaction->execute("INSERT INTO project (" + columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                             {project.id,
                              project.name,
                              project.repository_url,
                              text_or_null(forge.id),
                              forge.forge,
                              forge.url,
                              forge.repository.owner,
                              forge.repository.name,
                              forge.token.id,
                              forge.token.version,
                              forge.webhook_secret.id,
                              forge.webhook_secret.version,
                              forge.webhook_state,
                              project.trusted_branch,
                              project.trusted_commit,
                              project.file_name,
                              project.file_text,
                              project.target_here,
                              project.poll_state,
                              project.created_at}),
        "project", project.name);
}

Result<void> Projects::update(Transaction& transaction, const Project& project)
{
    const auto& forge = project.connection;
    return require_change(
        transaction->execute(
            "UPDATE project SET repository_url = ?, connection = ?, forge = ?, forge_url = ?, repository_owner = ?, "
            "repository_name = ?, token_secret = ?, token_version = ?, webhook_secret = ?, "
            "webhook_secret_version = ?, webhook_state = ?, trusted_branch = ?, trusted_commit = ?, "
            "file_name = ?, file_text = ?, target_here = ? WHERE id = ?",
            {project.repository_url, text_or_null(forge.id), forge.forge, forge.url, forge.repository.owner,
             forge.repository.name, forge.token.id, forge.token.version, forge.webhook_secret.id,
             forge.webhook_secret.version, forge.webhook_state, project.trusted_branch, project.trusted_commit,
             project.file_name, project.file_text, project.target_here, project.id}),
        "project", project.name);
}

Result<void> Projects::set_poll_state(Transaction& transaction, const ProjectId& id, std::string_view state)
{
    return require_change(transaction->execute("UPDATE project SET poll_state = ? WHERE id = ?", {state, id}),
                          "project", id.str());
}

Result<void> Projects::remove(Transaction& transaction, const ProjectId& id)
{
    auto removed = transaction->execute("DELETE FROM project WHERE id = ?", {id});
    if (!removed && removed.error().kind == ErrorKind::conflict)
        return fail(ErrorKind::conflict, "the project still has environments");
    return require_change(std::move(removed), "project", id.str());
}

Result<Project> Projects::get(const ProjectId& id, Transaction* within)
{
    Reading reading(database_, within);
    return require_row(reading->find("SELECT " + columns + " FROM project WHERE id = ?", {id}, read), "project",
                       id.str());
}

Result<std::optional<Project>> Projects::find_by_name(std::string_view name, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT " + columns + " FROM project WHERE name = ?", {name}, read);
}

Result<std::optional<Project>> Projects::find_by_connection(std::string_view forge, std::string_view connection,
                                                            Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT " + columns + " FROM project WHERE connection = ? AND forge = ?", {connection, forge},
                         read);
}

Result<std::vector<Project>> Projects::list(Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns + " FROM project ORDER BY name", {}, read);
}

}  // namespace ramet::storage
