#pragma once

#include "base/file.hpp"
#include "domain/allocation.hpp"
#include "domain/ids.hpp"
#include "domain/secret_opener.hpp"
#include "engine/driver.hpp"
#include "targets/local/shim_client.hpp"

#include <string>
#include <string_view>

namespace ramet::targets::local {

/// What the drivers of the local target share: the data directory and the ports that they need. Made once by the daemon.
struct Machine {
    Path root;         ///< the data directory, absolute and without symbolic links
    Path shim_binary;  ///< from ensure_shim_binary(root / "bin")
    Allocations& allocations;
    SecretOpener& secrets;
};

/// Numbers that Ramet gives away. Ports lie below the range that the kernel takes for outgoing connections, and above the one
/// that shims take for replicas. User ids are of the range that systemd leaves to containers (its UIDs-GIDs document); it is so
/// wide that each installation begins far from all others on the machine.
inline constexpr int first_port = 20'000;
inline constexpr int last_port = 31'999;
inline constexpr int first_uid = 524'288;
inline constexpr int last_uid = 1'879'048'191;

/// Whether user ids can be given to environments; without that everything runs as our own user.
bool runs_as_root();

/// environments/<id>: everything of one environment but its databases.
Path environment_directory(const Path& root, std::string_view environment);
Path shim_directory(const Path& root, std::string_view environment, std::string_view name);
/// Of a resource, by its owner: never from a spec, so that a rewritten row cannot lead a removal elsewhere.
Path environment_of(const Machine& machine, const engine::ResourceRef& ref);

/// "api" of "service/api".
std::string_view last_part(std::string_view path);

/// A loopback port for (owner, path), stable, listened on by nobody else when it is first given.
Result<int> ensure_port(const Machine& machine, const engine::ResourceRef& ref);
Result<void> release_port(const Machine& machine, const engine::ResourceRef& ref);
/// Whether nobody listens on `port`; fails where there is no socket to find out with.
Result<bool> is_port_free(int port);

/// How a program of the project is kept apart in its environment.
struct SandboxRequest {
    Path environment;  ///< its directory
    unsigned uid = 0;
    Path artefact{};  ///< read only; may be empty
};
ShimSandbox project_sandbox(const Machine& machine, const SandboxRequest& request);

/// PATH, HOME, TMPDIR, LANG: what every program of a project is given beside its own variables.
std::map<std::string, std::string> clean_environment(const Path& home, const Path& temporary);

}  // namespace ramet::targets::local
