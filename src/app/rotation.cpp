#include "app/rotation.hpp"

#include "app/audit.hpp"
#include "app/scoping.hpp"
#include "app/work.hpp"
#include "base/log.hpp"

namespace ramet::app {
namespace {

/// One write each: other writers get their turn between them.
constexpr int at_once = 100;

/// The old keys go in the transaction that finds nothing under them: of several servers none can begin another rotation in between.
Result<std::int64_t> rewrap_all_and_retire(App& app)
{
    std::int64_t total = 0;
    for (std::int64_t done = 1; done > 0; total += done) {
        TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
            const auto current = app.keys.current_key_id();
            done = TRY(app.stores.secrets.rewrap(transaction, at_once));
            return done == 0 ? app.keys.retire_old_keys(current) : Result<void>{};
        }));
    }
    return total;
}

Result<std::int64_t> begin_and_finish(App& app)
{
    // An earlier one that was interrupted is finished, not begun again.
    if (!is_rotation_unfinished(app)) TRY(app.keys.rotate());
    return finish_rotation(app);
}

}  // namespace

bool is_rotation_unfinished(App& app)
{
    // Another server may have begun it, and ended.
    if (const auto read = app.keys.refresh(); !read) log::warning("{}", read.error().message);
    return app.keys.key_ids().size() > 1;
}

/// Whoever writes a secret wraps its key inside the transaction, and there is one writer: when a transaction that began after the
/// new key was there finds nothing under an old one, nothing ever will be.
Result<std::int64_t> finish_rotation(App& app)
{
    if (!is_rotation_unfinished(app)) return 0;
    const auto total = TRY(rewrap_all_and_retire(app));
    log::info("the keys are rotated: {} data keys were wrapped anew under {}", total, app.keys.current_key_id());
    return total;
}

Result<std::int64_t> rotate_keys(App& app, const Caller& caller)
{
    TRY(require_whole_organization(caller));
    TRY(audit(app, {caller.name, "secret.rotate", {}, "keys", nullptr}));
    auto total = app.work.run_exclusive(std::string(rotation_key), [&] { return begin_and_finish(app); });
    if (total) return total;
    // Nothing is lost meanwhile: what is wrapped under either key can be opened.
    if (is_rotation_unfinished(app)) app.work.add(std::string(rotation_key));
    return fail_in(std::move(total).error(), "rotating the keys");
}

}  // namespace ramet::app
