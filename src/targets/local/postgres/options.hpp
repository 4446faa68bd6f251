#pragma once

#include "data/clone/tree.hpp"
#include "data/store/clone_store.hpp"
#include "domain/allocation.hpp"

#include <string>
#include <string_view>

namespace ramet::targets::postgres {

/// Where the drivers of this folder put things, and whose numbers they use. Owned by the wiring, outlives the drivers.
struct PostgresOptions {
    std::string install;
    data::StorePaths store;
    Path servers;  ///< one folder per server: its configuration and its shim
    Path sockets;  ///< one folder per server; its path should be short
    Path shim_binary;
    Allocations* allocations = nullptr;
    NumberRange ports{21000, 24999};
    NumberRange users{};  ///< as root each data directory belongs to a user id of its own
    Path programs{"/usr/lib/postgresql"};

    Path program(std::string_view version, std::string_view name) const { return programs / version / "bin" / name; }
};

/// `not_found`, with what to install, when there is no PostgreSQL of that version.
Result<void> check_version(const PostgresOptions& options, std::string_view version);

/// A user id that nothing else uses, held for `path` until it is released; our own when not root.
Result<data::Owner> ensure_user(const PostgresOptions& options, std::string_view owner, std::string_view path);
Result<void> release_user(const PostgresOptions& options, std::string_view owner, std::string_view path);

/// A loopback port that nobody listens on, held for `path` until it is released.
Result<int> ensure_port(const PostgresOptions& options, std::string_view owner, std::string_view path);
Result<void> release_port(const PostgresOptions& options, std::string_view owner, std::string_view path);

/// The folder of the socket of the server `name` while it serves `data`: other data belongs to another user, who could not
/// take over the folder. Short and deterministic: the socket's path is at most 107 bytes.
Result<Path> socket_directory(const PostgresOptions& options, std::string_view name, const Path& data);
/// The folder that holds all of these of one server.
Path socket_folder(const PostgresOptions& options, std::string_view name);

/// A passwd file that knows `user`: PostgreSQL's programs refuse user ids without a name.
std::string passwd_file(const data::Owner& user);

}  // namespace ramet::targets::postgres
