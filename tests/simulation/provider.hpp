#pragma once

#include "engine/driver.hpp"
#include "simulation/checker.hpp"
#include "simulation/queue.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ramet::simulation {

enum class Fault : std::uint8_t {
    lost_request,     ///< nothing is done, no answer
    lost_answer,      ///< done, no answer
    late_request,     ///< no answer; done later, within the horizon
    duplicate,        ///< done twice
    throttled,        ///< refused for now
    server_error,     ///< answers "unavailable", and it may have been done
    stale_read,       ///< an answer from the past, within the horizon
    failed_listing,   ///< a page of a listing does not come
    terminal_error,   ///< an apply is refused for good
    refused_removal,  ///< a removal is refused for good
    breaks_down,      ///< made, but never ready
    slow_ready,
    slow_removal,
    stranger,  ///< an object of somebody else has our name
    vanished,  ///< an object disappears without our doing
    failed_commit,
    crash,
    crash_around_commit,
    crash_around_call,
    two_workers,  ///< the old process wakes up after the take-over
    clock_back,
    // where several servers share the store
    paused,              ///< a server stands still, the others do not
    clock_jump,          ///< the wall clock of one server
    lost_wake_up,        ///< a server is not told that there is news
    store_away,          ///< one server does not reach the store
    lost_commit_answer,  ///< written, and the server does not know
    // The Git host's.
    lost_webhook,
    late_webhook,
    doubled_webhook,
    reordered_webhook,
    host_error,           ///< it answers 5xx
    host_timeout,         ///< it does not answer
    host_throttled,       ///< it answers 429
    stale_answer,         ///< how it was some seconds ago
    hidden_for_a_moment,  ///< it answers 404
    failed_host_listing,  ///< a page of the open pull requests does not come
    failed_fetch,         ///< the repository does not answer
};
constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::failed_fetch) + 1;
std::string_view to_string(Fault fault);

using FaultCounts = std::array<std::uint64_t, fault_count>;

/// How unkind the world of one seed is; chances are "once in", 0 for never.
struct Weather {
    Milliseconds horizon{0};
    std::array<std::uint64_t, fault_count> chance{};
    std::set<Fault> without{};  ///< never, whatever their chance
};

/// A provider that forgets, doubles and delays, as real ones do. What is really there is in `objects`; readers may see the
/// past. Creations are conditional on absence and updates on the revision that was read, so that what arrives late cannot
/// overwrite what came after it.
class Provider {
public:
    struct Object {
        std::string name;
        std::string path;
        engine::OwnerMark mark;
        std::string identity{};
        std::string spec_hash{};
        std::int64_t revision = 0;
        Time made_at{};
        Milliseconds ready_at{0};
        bool is_broken = false;
        std::optional<Milliseconds> gone_at{};
    };

    Provider(EventQueue& queue, SeededRandom& random, Trace& trace, Checker& checker, FaultCounts& faults);

    Weather weather;
    std::set<std::string> refused_paths;              ///< terminal error on apply
    std::set<std::string> broken_paths;               ///< never ready
    std::set<std::string> kept_paths;                 ///< terminal error on remove
    std::map<std::string, Milliseconds> ready_after;  ///< how long a path takes, where that matters
    bool tells_ages = false;                          ///< when a thing was made
    /// The changing call, counted from here on, whose request or whose answer does not arrive.
    std::optional<std::int64_t> drops_request;
    std::optional<std::int64_t> drops_answer;

    Result<engine::Observation> probe(const engine::ResourceRef& ref);
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token);
    Result<engine::Readiness> await(const engine::ResourceRef& ref);
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof);
    /// Page by page, and only whole.
    Result<std::vector<engine::InventoryItem>> inventory(const std::string& install);

    void put_stranger(const std::string& name, const std::string& path);
    /// Somebody else's, whatever it looks like; it takes the place of what has its name.
    void put_foreign(Object object);
    /// Something of ours that was removed is there again, as when it is restored from a backup.
    void bring_back(Object object);
    std::vector<Object> ours() const;
    bool is_foreign(const std::string& name) const { return strangers_.contains(name); }
    /// How many things of others were shown to whoever asked for their name, or in a listing that came to its end.
    std::uint64_t count_met() const { return met_.size(); }
    void make_older(const std::string& name, Milliseconds by) { objects_.at(name).made_at -= by; }
    /// Calls that change something, so far.
    std::int64_t changing_calls() const { return changing_calls_; }
    void count_calls_anew() { changing_calls_ = 0; }
    /// Removes one of ours, as an accident would.
    void lose_one();
    void heal();
    std::vector<Checker::Truth> truth() const;
    /// Whether everything of strangers is as it was put.
    bool strangers_are_untouched() const;
    bool happens(Fault fault);

private:
    struct Change {
        Milliseconds at;
        std::optional<Object> object;
    };

    void set(const std::string& name, std::optional<Object> object);
    const Object* find(const std::string& name) const;
    std::optional<Object> seen(const std::string& name);
    void bring_about(const engine::ResourceRef& ref, const engine::Token& token, std::int64_t from_revision);
    void bring_about_later(const engine::ResourceRef& ref, const engine::Token& token, std::int64_t from_revision);
    void take_away(const engine::DeletionProof& proof);
    void note(std::string line);
    bool loses_request() { return drops_request == changing_calls_ || happens(Fault::lost_request); }
    bool loses_answer() { return drops_answer == changing_calls_ || happens(Fault::lost_answer); }

    EventQueue& queue_;
    SeededRandom& random_;
    Trace& trace_;
    Checker& checker_;
    FaultCounts& faults_;
    std::map<std::string, Object> objects_;
    std::map<std::string, std::vector<Change>> history_;
    std::map<std::string, std::string> strangers_;
    std::set<std::pair<std::string, std::string>> met_;  ///< names and identities of strangers' things
    std::set<engine::Token> served_;
    std::int64_t identities_ = 0;
    std::int64_t changing_calls_ = 0;
};

}  // namespace ramet::simulation
