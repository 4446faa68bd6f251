#pragma once

#include "targets/local/postgres/options.hpp"
#include "targets/local/shim_client.hpp"

namespace ramet::targets::postgres {

/// PostgreSQL's programs run as `user`, see nothing of Ramet's own files but what is added to this, and find a name for their
/// user id in `passwd`.
inline local::ShimSandbox sandbox_of(const PostgresOptions& options, const data::Owner& user, const Path& passwd)
{
    local::ShimSandbox sandbox;
    sandbox.uid = user.user;
    sandbox.gid = user.group;
    sandbox.hidden = options.store.data_directory;
    sandbox.files_over = {{"/etc/passwd", passwd}};
    return sandbox;
}

}  // namespace ramet::targets::postgres
