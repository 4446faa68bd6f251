#pragma once

#include "data/golden/catalog.hpp"
#include "engine/driver.hpp"
#include "targets/local/postgres/options.hpp"
#include "targets/local/postgres/server_program.hpp"

#include <optional>
#include <string>

namespace ramet::targets::postgres {

/// The making of one golden, step by step: copy → recover → scrub → stop → publish. Holds nothing but names: each step finds
/// in the folder what the ones before it have reached.
class GoldenMaking {
public:
    GoldenMaking(const PostgresOptions& options, const data::GoldenCatalog& goldens, const engine::ResourceRef& ref)
        : options_(options), goldens_(goldens), ref_(ref), folder_(goldens.folder(GoldenId(ref.name)))
    {
    }

    /// As far as it gets without waiting. The golden when it is published, else what is waited for. Never blocks for long.
    struct Progress {
        std::optional<data::Golden> golden{};
        std::string waiting_for{};
    };
    Result<Progress> advance(Time now) const;

    /// Ends whatever of it runs and gives back the user id. The folder stays.
    Result<void> abandon() const;

private:
    Result<std::optional<Progress>> copy(Time now) const;
    Result<std::optional<Progress>> recover_and_scrub() const;
    Result<std::optional<Progress>> stop() const;
    Result<Progress> publish() const;
    Result<Progress> tidy(data::Golden golden) const;

    Result<void> prepare_copy(Time now) const;
    Result<void> prepare_recovery() const;
    Result<void> scrub(const data::ServerSettings& settings) const;
    Result<data::ServerSettings> settings() const;
    local::ShimStart copy_task() const;
    Path data() const { return folder_ / "data"; }
    Path work() const { return folder_ / "work"; }

    const PostgresOptions& options_;
    const data::GoldenCatalog& goldens_;
    const engine::ResourceRef& ref_;
    Path folder_;
};

}  // namespace ramet::targets::postgres
