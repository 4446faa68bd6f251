#pragma once

#include "base/result.hpp"
#include "domain/environment.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ramet::simulation {

/// The product's own rows, on the disk that outlives every server. Each method is one transaction, or a part of the engine's;
/// what they condition on is what the product's stores condition on.
class PreviewRows {
public:
    struct Preview {
        Environment row{};
        CommitSha submitted{};  ///< of what the engine was given last
    };

    std::optional<Preview> find(const EnvironmentId& id) const;
    std::optional<Preview> find_by_pull_request(std::int64_t number) const;
    std::vector<Environment> list() const;
    std::map<std::int64_t, EnvironmentState> states() const;

    Result<void> insert(const Environment& row);
    /// `conflict` when the stored row is at another generation.
    Result<void> update(const Environment& row, std::int64_t expected_generation);
    void set_submitted(const EnvironmentId& id, const CommitSha& commit) { previews_.at(id).submitted = commit; }
    void remove(const EnvironmentId& id) { previews_.erase(id); }

    bool was_ended_at(std::int64_t number, const CommitSha& head) const;
    void save_ended(std::int64_t number, const CommitSha& commit) { ended_[number] = commit; }
    void forget_ended(std::int64_t number) { ended_.erase(number); }

    /// False when it is there already.
    bool insert_delivery(std::int64_t delivery) { return deliveries_.insert(delivery).second; }

private:
    std::map<EnvironmentId, Preview> previews_;
    std::map<std::int64_t, CommitSha> ended_;
    std::set<std::int64_t> deliveries_;
};

}  // namespace ramet::simulation
