#pragma once

#include "base/file.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ramet::data {

enum class ServerUse : std::uint8_t {
    base,       ///< must survive a power failure; goldens are taken from it
    preview,    ///< can be cloned again at any time
    preparing,  ///< a golden on its way: nobody but Ramet, no background work that reaches outside
};

/// Where a server keeps its dynamic shared memory. In files it survives nothing and costs 1 MB of disk; in /dev/shm it must be
/// one that goes with the server, or a killed server leaves it behind.
enum class SharedMemory : std::uint8_t { files, private_dev_shm };

struct ServerSettings {
    ServerUse use = ServerUse::preview;
    int port = 0;  ///< on 127.0.0.1; preparing listens on the socket only
    Path data_directory{};
    Path socket_directory{};
    Path configuration{};  ///< the folder that holds the files below
    SharedMemory shared_memory = SharedMemory::files;
};

/// postgresql.conf, complete: the data directory's own is not read.
std::string server_configuration(const ServerSettings& settings);
/// pg_hba.conf: the superuser by the socket only, everybody else by address and password.
std::string access_rules(ServerUse use);

/// Writes both (and an empty pg_ident.conf) into `settings.configuration`, readable by all, as they hold no secret.
Result<void> write_configuration(const ServerSettings& settings);

/// A file that is written anew at each start, readable by all: without waiting for the disk.
Result<void> write_plainly(const Path& path, std::string_view content);

enum class ServerState : std::uint8_t { absent, starting, ready, stopping };
/// From the server's own postmaster.pid, without asking it.
ServerState read_server_state(const Path& data_directory);
/// Its main process as that file names it; 0 when there is none.
int read_server_pid(const Path& data_directory);

}  // namespace ramet::data
