#pragma once

#include "app/app.hpp"
#include "app/caller.hpp"
#include "app/exposition.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace ramet::engine {
struct Change;
}

namespace ramet::app {

/// What was counted since the server started. Thread-safe. No label ever names a preview, a project or what a stranger sent:
/// their values come from small, fixed sets.
class Metrics {
public:
    void observe_run(std::string_view kind, std::string_view result, Milliseconds took);
    void observe_step(std::string_view kind, Milliseconds took);
    void observe_clone(std::string_view method, Milliseconds took, double bytes_copied);
    /// `result`: stored, duplicate, or the kind of the error.
    void count_delivery(std::string_view forge, std::string_view result);
    /// What the last sweep found and left, by kind.
    void set_orphans(std::map<std::string, int> by_kind);

    void write(Exposition& text) const;

private:
    using Key = std::pair<std::string, std::string>;

    mutable std::mutex mutex_;
    std::map<Key, Histogram> runs_;
    std::map<std::string, Histogram> steps_;
    std::map<std::string, Histogram> clones_;
    std::map<std::string, Histogram> clone_bytes_;
    std::map<Key, std::uint64_t> deliveries_;
    std::map<std::string, int> orphans_;
};

/// Takes the durations out of what the engine tells. Reads the run's row when a run has ended and the ledger's when a database
/// was cloned: not for the engine's thread.
void measure(App& app, const engine::Change& change);

/// Everything in Prometheus' text format, as of now. Nothing is done between two readings. `forbidden` for tokens of one
/// project: the numbers are those of all.
Result<std::string> read_metrics(App& app, const Caller& caller);

}  // namespace ramet::app
