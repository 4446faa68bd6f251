#include "app/environment_notes.hpp"

#include "clone/desired_json.hpp"

namespace ramet::app {

namespace {

Result<Json> load(App& app, const EnvironmentId& id, storage::Transaction* within = nullptr)
{
    const auto stored = TRY(app.stores.environments.get_desired(id, within));
    if (stored.notes.empty()) return Json(json::object());
    return parse_json(stored.notes);
}

Result<void> save_member(App& app, storage::Transaction& transaction, const EnvironmentId& id, std::string_view key,
                         Json value)
{
    auto stored = TRY(app.stores.environments.get_desired(id, &transaction));
    auto notes = TRY(load(app, id, &transaction));
    notes.as_object()[key] = std::move(value);
    stored.notes = to_text(notes);
    return app.stores.environments.set_desired(transaction, id, stored);
}

Json words_to_json(const std::set<std::string>& words)
{
    json::array list;
    for (const auto& word : words) list.emplace_back(word);
    return list;
}

void add_words(const Json& list, std::set<std::string>& words)
{
    if (!list.is_array()) return;
    for (const auto& word : list.as_array())
        if (word.is_string()) words.emplace(word.as_string());
}

}  // namespace

Result<void> save_submitted(App& app, storage::Transaction& transaction, const EnvironmentId& id,
                            const std::string& desired, const std::vector<std::string>& notes)
{
    auto kept = TRY(load(app, id, &transaction));
    auto& members = kept.as_object();
    members.erase("pending");
    members["notes"] = json::array(notes.begin(), notes.end());
    return app.stores.environments.set_desired(transaction, id, {desired, to_text(kept)});
}

Result<std::vector<std::string>> load_notes(App& app, const EnvironmentId& id)
{
    const auto notes = TRY(load(app, id));
    std::vector<std::string> words;
    const auto& list = get_member(notes, "notes");
    if (!list.is_array()) return words;
    for (const auto& note : list.as_array())
        if (note.is_string()) words.emplace_back(note.as_string());
    return words;
}

Result<void> save_pending(App& app, storage::Transaction& transaction, const EnvironmentId& id,
                          const DeployOptions& pending)
{
    json::object scale;
    for (const auto& [service, replicas] : pending.scale) scale[service] = replicas;
    json::object restore;
    for (const auto& [database, snapshot] : pending.restore) restore[database] = to_json(snapshot);
    return save_member(app, transaction, id, "pending",
                       json::object{{"always", pending.when == DeployOptions::When::always},
                                    {"reset", words_to_json(pending.reset)},
                                    {"restore", std::move(restore)},
                                    {"restart", words_to_json(pending.restart)},
                                    {"scale", std::move(scale)},
                                    {"asked_by", pending.asked_by}});
}

bool has_pending(App& app, const EnvironmentId& id)
{
    const auto notes = load(app, id);
    return notes && get_member(*notes, "pending").is_object();
}

Result<void> forget_pending(App& app, storage::Transaction& transaction, const EnvironmentId& id)
{
    return save_member(app, transaction, id, "pending", nullptr);
}

Result<DeployOptions> with_pending(App& app, const EnvironmentId& id, const DeployOptions& asked)
{
    auto options = asked;
    const auto notes = TRY(load(app, id));
    const auto& pending = get_member(notes, "pending");
    if (!pending.is_object()) return options;
    if (get_bool(pending, "always")) options.when = DeployOptions::When::always;
    add_words(get_member(pending, "reset"), options.reset);
    add_words(get_member(pending, "restart"), options.restart);
    if (get_member(pending, "scale").is_object())
        for (const auto& [service, replicas] : get_member(pending, "scale").as_object())
            options.scale.emplace(service, replicas.is_int64() ? static_cast<int>(replicas.as_int64()) : 1);
    if (get_member(pending, "restore").is_object())
        for (const auto& [database, snapshot] : get_member(pending, "restore").as_object())
            options.restore.emplace(database, data_snapshot_from_json(snapshot));
    if (options.asked_by.empty()) options.asked_by = get_string(pending, "asked_by");
    return options;
}

Result<void> save_left_commit(App& app, storage::Transaction& transaction, const EnvironmentId& id,
                              const CommitSha& commit)
{
    return save_member(app, transaction, id, "left_commit", Json(commit.str()));
}

Result<CommitSha> load_left_commit(App& app, const EnvironmentId& id, storage::Transaction* within)
{
    const auto notes = TRY(load(app, id, within));
    return CommitSha(get_string(notes, "left_commit"));
}

}  // namespace ramet::app
