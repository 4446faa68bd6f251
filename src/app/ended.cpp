#include "app/ended.hpp"

#include "app/environment_notes.hpp"

namespace ramet::app {

namespace {

std::string key_of(const ProjectId& project, std::int64_t number)
{
    return fmt::format("ended/{}/{}", project.str(), number);
}

}  // namespace

Result<void> save_ended(App& app, storage::Transaction& transaction, const Environment& preview)
{
    if (preview.pull_request == 0) return {};
    // After a rollback the head is the commit that was left.
    const auto left = TRY(load_left_commit(app, preview.id, &transaction));
    return app.stores.settings.set(transaction, key_of(preview.project, preview.pull_request),
                                   preview.commit.str() + " " + left.str());
}

Result<bool> was_ended_at(App& app, const ProjectId& project, std::int64_t number, const CommitSha& head)
{
    const auto commits = TRY(app.stores.settings.find(key_of(project, number)));
    return commits && commits->find(head.str()) != std::string::npos;
}

Result<bool> was_ended(App& app, const ProjectId& project, std::int64_t number)
{
    const auto commits = TRY(app.stores.settings.find(key_of(project, number)));
    return commits && !commits->empty();
}

Result<void> forget_ended(App& app, const ProjectId& project, std::int64_t number)
{
    if (!TRY(was_ended(app, project, number))) return {};
    return app.database.write([&](storage::Transaction& transaction) {
        return app.stores.settings.set(transaction, key_of(project, number), {});
    });
}

}  // namespace ramet::app
