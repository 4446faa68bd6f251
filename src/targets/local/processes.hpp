#pragma once

#include "base/file.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ramet::targets::local {

/// "pid:start time" of a process, or empty when there is none (a zombie counts as none). One that cannot be looked at is an error.
Result<std::string> identity_of_process(int pid);
/// Whether the very process of `identity` still runs.
Result<bool> is_alive(std::string_view identity);

/// Kills everything in a control group and removes it with what is beneath; absent is success.
Result<void> end_control_group(const Path& folder);
/// Kills every process of `uid` (never root's, nor our own). As root only.
Result<void> end_processes_of_user(const Path& shim_binary, unsigned uid);
/// Whether any process runs as `uid`.
Result<bool> has_processes(unsigned uid);

}  // namespace ramet::targets::local
