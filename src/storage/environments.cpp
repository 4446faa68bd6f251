#include "storage/environments.hpp"

#include "storage/news.hpp"
#include "storage/rows.hpp"

namespace ramet::storage {
namespace {

const std::string columns =
    "id, project, name, origin, is_protected, base, trusted_branch, target, desired_generation, observed_generation, "
    "power, state, reason, commit_sha, branch, pull_request, created_by, created_at, updated_at, expires_at, "
    "is_pinned, last_run";

std::string_view word_of(Power power)
{
    return power == Power::on ? "on" : "off";
}

Environment read(const Row& row)
{
    Environment environment;
    environment.id = row.id<EnvironmentId>(0);
    environment.project = row.id<ProjectId>(1);
    environment.name = row.text(2);
    environment.origin = parse_environment_origin(row.text(3));
    environment.is_protected = row.boolean(4);
    environment.base = row.id<EnvironmentId>(5);
    environment.trusted_branch = row.text(6);
    environment.target = row.text(7);
    environment.desired_generation = row.integer(8);
    environment.observed_generation = row.integer(9);
    environment.power = row.text(10) == "off" ? Power::off : Power::on;
    environment.state = parse_environment_state(row.text(11));
    environment.reason = row.text(12);
    environment.commit = row.id<CommitSha>(13);
    environment.branch = row.text(14);
    environment.pull_request = row.integer(15);
    environment.created_by = row.text(16);
    environment.created_at = row.time(17);
    environment.updated_at = row.time(18);
    environment.expires_at = row.optional_time(19);
    environment.is_pinned = row.boolean(20);
    environment.last_run = row.id<RunId>(21);
    return environment;
}

}  // namespace

Result<void> Environments::insert(Transaction& transaction, const Environment& e)
{
    return require_new(transaction->execute("INSERT INTO environment (" + columns +
                                                ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                            {e.id,
                                             e.project,
                                             e.name,
                                             to_string(e.origin),
                                             e.is_protected,
                                             text_or_null(e.base.str()),
                                             e.trusted_branch,
                                             e.target,
                                             e.desired_generation,
                                             e.observed_generation,
                                             word_of(e.power),
                                             to_string(e.state),
                                             e.reason,
                                             e.commit,
                                             e.branch,
                                             e.pull_request,
                                             e.created_by,
                                             e.created_at,
                                             e.updated_at,
                                             e.expires_at,
                                             e.is_pinned,
                                             e.last_run}),
                       "environment", e.name);
}

Result<void> Environments::update(Transaction& transaction, const Environment& e, std::int64_t expected_generation)
{
    const auto changed = TRY(transaction->execute(
        "UPDATE environment SET is_protected = ?, base = ?, trusted_branch = ?, target = ?, desired_generation = ?, "
        "observed_generation = ?, power = ?, state = ?, reason = ?, commit_sha = ?, branch = ?, updated_at = ?, "
        "expires_at = ?, "
        "is_pinned = ?, last_run = ? WHERE id = ? AND desired_generation = ?",
        {e.is_protected, text_or_null(e.base.str()), e.trusted_branch, e.target, e.desired_generation,
         e.observed_generation, word_of(e.power), to_string(e.state), e.reason, e.commit, e.branch, e.updated_at,
         e.expires_at, e.is_pinned, e.last_run, e.id, expected_generation}));
    transaction.announce(news::of_environment(e.id));
    if (changed == 1) return {};
    const auto present = TRY(get(e.id, &transaction));
    return fail(ErrorKind::conflict, "the environment {} is at generation {} by now, not {}", e.name,
                present.desired_generation, expected_generation);
}

Result<void> Environments::set_state(Transaction& transaction, const EnvironmentId& id, EnvironmentState state,
                                     std::string_view reason, Time now)
{
    transaction.announce(news::of_environment(id));
    return require_change(
        transaction->execute("UPDATE environment SET state = ?, reason = ?, updated_at = ? WHERE id = ?",
                             {to_string(state), reason, now, id}),
        "environment", id.str());
}

Result<void> Environments::set_observed_generation(Transaction& transaction, const EnvironmentId& id,
                                                   std::int64_t generation, Time now)
{
    return require_change(
        transaction->execute(
            "UPDATE environment SET observed_generation = CASE WHEN observed_generation < ?1 THEN ?1 ELSE "
            "observed_generation END, updated_at = ?2 WHERE id = ?3",
            {generation, now, id}),
        "environment", id.str());
}

Result<void> Environments::set_last_run(Transaction& transaction, const EnvironmentId& id, const RunId& run, Time now)
{
    return require_change(
        transaction->execute("UPDATE environment SET last_run = ?, updated_at = ? WHERE id = ?", {run, now, id}),
        "environment", id.str());
}

Result<void> Environments::set_expiry(Transaction& transaction, const EnvironmentId& id, std::optional<Time> expires_at,
                                      Time now)
{
    return require_change(transaction->execute("UPDATE environment SET expires_at = ?, updated_at = ? WHERE id = ?",
                                               {expires_at, now, id}),
                          "environment", id.str());
}

Result<void> Environments::set_pinned(Transaction& transaction, const EnvironmentId& id, Pin pin, Time now)
{
    return require_change(transaction->execute("UPDATE environment SET is_pinned = ?, updated_at = ? WHERE id = ?",
                                               {pin == Pin::pinned, now, id}),
                          "environment", id.str());
}

Result<void> Environments::set_desired(Transaction& transaction, const EnvironmentId& id, const Desired& desired)
{
    return require_change(transaction->execute("UPDATE environment SET desired = ?, notes = ? WHERE id = ?",
                                               {desired.text, desired.notes, id}),
                          "environment", id.str());
}

Result<void> Environments::remove(Transaction& transaction, const EnvironmentId& id, Time now)
{
    transaction.announce(news::of_environment(id));
    TRY(transaction->execute("INSERT INTO past_environment (id, project, name, pull_request, ended_at) "
                             "SELECT id, project, name, pull_request, CAST(? AS BIGINT) FROM environment WHERE id = ? "
                             "ON CONFLICT DO NOTHING",
                             {now, id}));
    TRY(transaction->execute("DELETE FROM host WHERE owner = ?", {id}));
    TRY(transaction->execute("DELETE FROM queue WHERE environment = ?", {id}));
    TRY(transaction->execute("DELETE FROM golden_pin WHERE environment = ?", {id}));
    auto removed = transaction->execute("DELETE FROM environment WHERE id = ?", {id});
    if (!removed && removed.error().kind == ErrorKind::conflict)
        return fail(ErrorKind::conflict, "the environment still is the base of previews");
    return discard_count(std::move(removed));
}

Result<Environment> Environments::get(const EnvironmentId& id, Transaction* within)
{
    return require_row(find(id, within), "environment", id.str());
}

Result<std::optional<Environment>> Environments::find(const EnvironmentId& id, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT " + columns + " FROM environment WHERE id = ?", {id}, read);
}

Result<std::optional<Environment>> Environments::find_by_name(const ProjectId& project, std::string_view name,
                                                              Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT " + columns + " FROM environment WHERE project = ? AND name = ?", {project, name},
                         read);
}

Result<std::optional<Environment>> Environments::find_by_pull_request(const ProjectId& project, std::int64_t number,
                                                                      Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT " + columns +
                             " FROM environment WHERE project = ? AND pull_request = ? AND pull_request <> 0",
                         {project, number}, read);
}

Result<Environments::Desired> Environments::get_desired(const EnvironmentId& id, Transaction* within)
{
    Reading reading(database_, within);
    return require_row(reading->find("SELECT desired, notes FROM environment WHERE id = ?", {id},
                                     [](const Row& row) { return Desired{row.text(0), row.text(1)}; }),
                       "environment", id.str());
}

Result<std::vector<Environment>> Environments::list(const ProjectId& project, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns + " FROM environment WHERE project = ? ORDER BY name", {project}, read);
}

Result<std::vector<Environment>> Environments::list_all(Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns + " FROM environment ORDER BY project, name", {}, read);
}

Result<std::vector<Environment>> Environments::list_previews_of(const EnvironmentId& base, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns + " FROM environment WHERE base = ? ORDER BY name", {base}, read);
}

Result<std::vector<Environment>> Environments::list_expired(Time now, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns +
                             " FROM environment WHERE expires_at <= ? AND is_pinned = 0 ORDER BY expires_at",
                         {now}, read);
}

Result<std::optional<EnvironmentId>> Environments::find_past(const ProjectId& project, std::string_view name,
                                                             Transaction* within)
{
    Reading reading(database_, within);
    return reading->find(
        "SELECT id FROM past_environment WHERE project = ? AND name = ? ORDER BY ended_at DESC, id DESC LIMIT 1",
        {project, name}, [](const Row& row) { return row.id<EnvironmentId>(0); });
}

}  // namespace ramet::storage
