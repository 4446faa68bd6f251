#include "app/ledger_guard.hpp"

#include "app/deploy.hpp"

namespace ramet::app {

namespace {

bool is_the_same(const engine::ResourceRef& left, const engine::ResourceRef& right)
{
    if (left.kind != right.kind) return false;
    return left.name == right.name || (!left.identity.empty() && left.identity == right.identity);
}

bool is_present(const engine::ResourceRow& row)
{
    return row.phase != engine::Phase::gone;
}

std::unexpected<Error> refuse(const engine::ResourceRef& own, const engine::ResourceRef& other,
                              const std::string& original)
{
    return std::unexpected(
        Error{ErrorKind::refused,
              fmt::format("nothing is removed: by the ledger, {} is {} of {}", own.path, other.path, original),
              fmt::format("{} {}: name {}, identity {}", own.kind, own.path, own.name, own.identity),
              "the data directory was changed from outside: put it back from a backup"});
}

}  // namespace

Result<void> check_removes_its_own(App& app, const Environment& environment)
{
    const auto own = TRY(app.stores.runs.list_resources(owner_of(environment.id)));
    const auto environments = TRY(app.stores.environments.list(environment.project));
    for (const auto& original : environments) {
        if (original.origin == EnvironmentOrigin::preview || original.id == environment.id) continue;
        const auto others = TRY(app.stores.runs.list_resources(owner_of(original.id)));
        for (const auto& row : own)
            for (const auto& other : others)
                if (is_present(row) && is_present(other) && is_the_same(row.ref, other.ref))
                    return refuse(row.ref, other.ref, original.name);
    }
    return {};
}

}  // namespace ramet::app
