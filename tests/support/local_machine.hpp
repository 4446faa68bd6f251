#pragma once

#include "support/memory_allocations.hpp"
#include "support/temporary.hpp"
#include "targets/local/machine.hpp"
#include "targets/local/marks.hpp"
#include "targets/local/processes.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace ramet::testing {

/// Secrets whose plaintext is known.
class KnownSecrets final : public SecretOpener {
public:
    std::map<std::string, std::string> values{};
    Result<SecretBytes> open(const SecretReference& reference) override
    {
        const auto at = values.find(reference.id);
        if (at == values.end()) return fail(ErrorKind::not_found, "no secret {}", reference.id);
        return SecretBytes(at->second);
    }
};

/// Asks until it is true; false when it is not within the limit.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds limit = std::chrono::seconds(20))
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

/// A data directory with everything that the local target's drivers need, as the daemon would give it to them.
class LocalMachine {
public:
    LocalMachine()
    {
        // Canonical and closed to others, like a real one.
        root_ = std::filesystem::canonical(directory_.path());
        shim_ = targets::local::ensure_shim_binary(root_ / "bin").value();
    }
    LocalMachine(const LocalMachine&) = delete;
    LocalMachine& operator=(const LocalMachine&) = delete;
    ~LocalMachine() { end_everything(); }

    targets::local::Machine machine() { return {root_, shim_, allocations, secrets}; }
    const Path& root() const { return root_; }
    const Path& shim() const { return shim_; }

    /// A resource as the engine would describe it.
    engine::ResourceRef resource(std::string kind, std::string path, Json spec = json::object{}) const
    {
        return {.id = engine::ResourceId("id-" + path),
                .path = path,
                .kind = std::move(kind),
                .name = "name-" + path,
                .mark = {"install-1", engine::OwnerId(environment), "nonce-" + path},
                .spec = std::move(spec)};
    }

    MemoryAllocations allocations{};
    KnownSecrets secrets{};
    std::string environment = "env1";

private:
    /// A test that failed half way must not leave shims behind.
    void end_everything()
    {
        std::error_code error;
        for (auto at = std::filesystem::recursive_directory_iterator(
                 root_, std::filesystem::directory_options::skip_permission_denied, error);
             at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
            if (at->path().filename() != "control.sock") continue;
            const auto directory = at->path().parent_path();
            (void)targets::local::stop_shim(directory, {.signal = SIGKILL, .grace = Milliseconds(0)});
            (void)eventually([&] { return !targets::local::find_shim(directory).value_or(std::nullopt); },
                             std::chrono::seconds(5));
        }
    }

    TemporaryDirectory directory_;
    Path root_;
    Path shim_;
};

}  // namespace ramet::testing
