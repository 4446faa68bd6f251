#include "storage/goldens.hpp"

#include "storage/rows.hpp"

#include <array>

namespace ramet::storage {
namespace {

const std::string columns =
    "id, project, source, database, rules_hash, schema_hash, path, bytes, state, reason, made_at";

constexpr std::array<std::pair<GoldenState, std::string_view>, 4> words = {{{GoldenState::making, "making"},
                                                                            {GoldenState::ready, "ready"},
                                                                            {GoldenState::failed, "failed"},
                                                                            {GoldenState::removing, "removing"}}};

GoldenState parse_state(std::string_view word)
{
    for (const auto& [state, known] : words)
        if (known == word) return state;
    return GoldenState::failed;
}

Golden read(const Row& row)
{
    return {row.id<GoldenId>(0), row.id<ProjectId>(1), row.id<EnvironmentId>(2), row.text(3), row.text(4), row.text(5),
            row.text(6),         row.integer(7),       parse_state(row.text(8)), row.text(9), row.time(10)};
}

}  // namespace

std::string_view to_string(GoldenState state)
{
    for (const auto& [known, word] : words)
        if (known == state) return word;
    return "failed";
}

Result<void> Goldens::insert(Transaction& transaction, const Golden& g)
{
    return require_new(transaction->execute("INSERT INTO golden (" + columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                                            {g.id, g.project, g.source, g.database, g.rules_hash, g.schema_hash, g.path,
                                             g.bytes, to_string(g.state), g.reason, g.made_at}),
                       "golden copy", g.id.str());
}

Result<void> Goldens::update(Transaction& transaction, const Golden& g)
{
    return require_change(
        transaction->execute(
            "UPDATE golden SET schema_hash = ?, path = ?, bytes = ?, state = ?, reason = ?, made_at = ? WHERE id = ?",
            {g.schema_hash, g.path, g.bytes, to_string(g.state), g.reason, g.made_at, g.id}),
        "golden copy", g.id.str());
}

Result<void> Goldens::remove(Transaction& transaction, const GoldenId& id)
{
    auto removed = transaction->execute("DELETE FROM golden WHERE id = ?", {id});
    if (!removed && removed.error().kind == ErrorKind::conflict)
        return fail(ErrorKind::conflict, "the golden copy {} is still used by a preview", id.str());
    return discard_count(std::move(removed));
}

Result<void> Goldens::pin(Transaction& transaction, const GoldenId& id, const EnvironmentId& environment)
{
    TRY(transaction->execute("INSERT INTO golden_pin (golden, environment) "
                             "SELECT id, CAST(? AS TEXT) FROM golden WHERE id = ? AND state = 'ready' "
                             "ON CONFLICT DO NOTHING",
                             {environment, id}));
    const auto pinned = TRY(transaction->find("SELECT 1 FROM golden_pin WHERE golden = ? AND environment = ?",
                                              {id, environment}, [](const Row&) { return true; }));
    if (pinned) return {};
    return fail(ErrorKind::conflict, "the golden copy {} is not ready any more", id.str());
}

Result<void> Goldens::unpin(Transaction& transaction, const GoldenId& id, const EnvironmentId& environment)
{
    return discard_count(
        transaction->execute("DELETE FROM golden_pin WHERE golden = ? AND environment = ?", {id, environment}));
}

Result<Golden> Goldens::get(const GoldenId& id, Transaction* within)
{
    Reading reading(database_, within);
    return require_row(reading->find("SELECT " + columns + " FROM golden WHERE id = ?", {id}, read), "golden copy",
                       id.str());
}

Result<std::optional<Golden>> Goldens::find_newest(const EnvironmentId& source, std::string_view database,
                                                   std::string_view rules_hash, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT " + columns +
                             " FROM golden WHERE source = ? AND database = ? AND rules_hash = ? "
                             "AND state = 'ready' ORDER BY made_at DESC, id DESC LIMIT 1",
                         {source, database, rules_hash}, read);
}

Result<std::vector<Golden>> Goldens::list(const ProjectId& project, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns + " FROM golden WHERE project = ? ORDER BY made_at DESC, id DESC",
                         {project}, read);
}

Result<std::vector<EnvironmentId>> Goldens::list_pins(const GoldenId& id, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT environment FROM golden_pin WHERE golden = ? ORDER BY environment", {id},
                         [](const Row& row) { return row.id<EnvironmentId>(0); });
}

Result<std::vector<Golden>> Goldens::list_removable(const ProjectId& project, int keep, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT " + columns +
                             " FROM (SELECT *, row_number() OVER (PARTITION BY source, database, state "
                             "ORDER BY made_at DESC) AS place FROM golden WHERE project = ?) g "
                             "WHERE (state = 'failed' OR state = 'ready' AND place > ?) "
                             "AND NOT EXISTS (SELECT 1 FROM golden_pin p WHERE p.golden = g.id) ORDER BY made_at",
                         {project, keep}, read);
}

}  // namespace ramet::storage
