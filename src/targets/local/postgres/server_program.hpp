#pragma once

#include "data/postgres/settings.hpp"
#include "targets/local/postgres/options.hpp"
#include "targets/local/shim_client.hpp"

namespace ramet::targets::postgres {

/// A server as a program for a shim. Its version changes with everything that it depends on.
struct ServerProgram {
    data::ServerSettings settings;
    data::Owner user;
    std::string version;  ///< of PostgreSQL
    std::string nonce;    ///< of the resource
};
local::ShimProgram server_program(const PostgresOptions& options, const ServerProgram& server);

/// As root the shim gives each program a /dev/shm of its own.
data::SharedMemory shared_memory_here();

/// Makes the folders of configuration and socket, with what belongs into them.
Result<void> prepare_server(const ServerProgram& server);

/// Who the files of a data directory belong to; `not_found` when there is none.
Result<data::Owner> owner_of(const Path& data_directory);

/// Whether `status` is of a server with this program, and that server accepts connections.
bool is_accepting(const local::ShimStatus& status, const local::ShimProgram& program, const Path& data_directory);

/// The failure of a shim's program, with its last lines; nothing while it may still come up.
std::optional<Error> server_failure(const local::ShimStatus& status, const local::ShimProgram& program,
                                    const Path& shim);

}  // namespace ramet::targets::postgres
