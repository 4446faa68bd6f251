#pragma once

#include "data/golden/catalog.hpp"
#include "fakes/memory_driver.hpp"
#include "targets/inspector.hpp"
#include "targets/target.hpp"

#include <atomic>
#include <map>

namespace ramet::fakes {

inline constexpr std::string_view thing_kind = "thing";

/// Renders services and databases as things in memory, under the paths that the use cases know: data/, server/ and database/ of a
/// database, address/ and service/ of a service.
class HouseTarget final : public targets::Target {
public:
    Result<void> check_reachable(const TargetDeclaration&) override { return {}; }
    Result<engine::Graph> render(const DesiredEnvironment& desired) const override;
    Result<engine::Graph> render_before_delete(const DesiredEnvironment& desired) const override;
    std::vector<std::string> not_enforced(TargetType) const override { return {"nothing is enforced in memory"}; }
};

/// MemoryDriver with addresses, and with golden copies that it publishes in the catalogue. Thread-safe.
class HouseDriver final : public engine::Driver {
public:
    HouseDriver(MemoryDriver& objects, const data::GoldenCatalog& goldens, Clock& clock)
        : objects_(objects), goldens_(goldens), clock_(clock)
    {
    }

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

    /// What happens to golden copies and snapshots from now on: made at once, not finished before this changes, published
    /// but not finished before this changes, or failed.
    enum class Copying : std::uint8_t { works, takes_long, tidies_long, fails };
    void set_copying(Copying copying) { copying_ = copying; }

private:
    Result<void> publish(const engine::ResourceRef& ref);
    engine::Outputs snapshot_outputs();
    int port_of(const std::string& name);

    MemoryDriver& objects_;
    const data::GoldenCatalog& goldens_;
    Clock& clock_;
    std::atomic<Copying> copying_ = Copying::works;
    std::mutex mutex_;
    std::map<std::string, int> ports_;
};

/// Says that every service runs.
class HouseInspector final : public targets::Inspector {
public:
    Result<std::vector<targets::ServiceStatus>>
    inspect_services(std::span<const engine::ResourceView> resources) override;
    Result<std::vector<targets::Drift>> find_drift(std::span<const engine::ResourceView>) override
    {
        return drift ? drift() : std::vector<targets::Drift>{};
    }
    Result<std::unique_ptr<targets::Log>> open_log(std::span<const engine::ResourceView> resources,
                                                   const std::string& part,
                                                   const targets::LogRequest& request) override;

    std::function<std::vector<targets::Drift>()> drift{};  ///< what it tells of; set before anything asks
};

}  // namespace ramet::fakes
