#pragma once

#include "engine/run_store.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace ramet::simulation {

/// Knows what was committed and what is really there, and says at once when the two break a promise of the engine.
/// It reads batches as they are accepted and calls as they are made; it shares no code with the engine's decisions.
class Checker {
public:
    struct Row {
        engine::OwnerId owner;
        std::string path;
        std::string nonce;
        std::string spec_hash;
        std::string identity;
        engine::Phase phase = engine::Phase::intended;
        std::string spec{};
        std::vector<std::string> depends_on{};
        bool is_good = false;
        std::string good_hash{};  ///< of the spec that a failure returns to
    };

    void on_accepted(const engine::Batch& batch);
    /// A changing call arrives at the provider.
    void on_call(std::string_view verb, const engine::ResourceRef& ref, std::int64_t epoch);

    /// The truth at the provider, after every event: `objects` are ours, by name, with their nonce.
    struct Truth {
        std::string name;
        std::string nonce;
        std::string spec_hash;
    };
    void on_truth(const std::vector<Truth>& objects);

    /// It disappeared without our doing: what was true when it was observed need not be true any more.
    void on_vanished(const std::string& name) { vanished_.insert(name); }
    /// The provider made something new. Twice under one name is no fault where a request may arrive late, after it was given up.
    void on_made(const std::string& name);
    const std::set<std::string>& made_twice() const { return made_twice_; }
    /// What was removed is there again, without our doing: not a leak before a sweep could see it.
    void on_brought_back(const std::string& name) { brought_back_.insert(name); }

    void violate(std::string what);
    const std::vector<std::string>& violations() const { return violations_; }
    const std::map<std::string, Row>& rows() const { return rows_; }
    const engine::RunStatus* find_status(const engine::EngineRunId& run) const;
    bool is_there(const std::string& name) const;

private:
    void check_records(const engine::Batch& batch);
    void check_rows(const engine::Batch& batch);
    void check_status(const engine::OwnerId& owner, const engine::EngineRunId& run, const engine::RunStatus& status);
    void check_order(const engine::ResourceRef& removed);
    void check_return(const engine::EngineRunId& run);
    void check_undone(const engine::EngineRunId& run);
    bool has_lost_something(const engine::OwnerId& owner) const;
    void check_end(const engine::OwnerId& owner, const engine::EngineRunId& run, const engine::RunStatus& status);

    std::map<engine::OwnerId, std::pair<std::int64_t, std::string>> epochs_;  ///< with their holders
    std::map<std::string, std::set<std::int64_t>> intents_;                   ///< epochs by name
    std::map<std::string, Row> rows_;                                         ///< by name
    std::map<engine::EngineRunId, engine::RunStatus> runs_;
    std::map<engine::EngineRunId, engine::RunKind> kinds_;
    std::map<engine::EngineRunId, std::size_t> to_sweep_;  ///< what each sweep has not proved to be gone
    std::map<engine::EngineRunId, bool> rolls_back_;
    std::map<engine::OwnerId, std::set<engine::EngineRunId>> active_;
    std::map<engine::EngineRunId, std::int64_t> last_seq_;
    std::set<engine::EngineRunId> made_good_;  ///< runs whose specs are what a failure returns to
    /// What was good when the run began, with its hash.
    std::map<engine::EngineRunId, std::map<std::string, std::string>> good_before_;
    std::set<std::string> undone_;  ///< names with a COMPENSATE_INTENT
    std::map<engine::EngineRunId, std::set<std::string>> undone_by_;
    std::set<std::string> vanished_;
    std::set<std::string> brought_back_;
    std::set<std::string> made_;
    std::set<std::string> made_twice_;
    std::vector<Truth> truth_;
    std::vector<std::string> violations_;
};

}  // namespace ramet::simulation
