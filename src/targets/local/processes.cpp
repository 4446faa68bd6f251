#include "targets/local/processes.hpp"

#include "base/clock.hpp"
#include "base/subprocess.hpp"
#include "base/text.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <memory>
#include <optional>

namespace ramet::targets::local {
namespace {

/// What the kernel tells of a process; empty when there is none.
Result<std::string> read_of_process(int pid, std::string_view file)
{
    auto text = read_file(fmt::format("/proc/{}/{}", pid, file), 64U << 10U);
    if (!text && text.error().kind == ErrorKind::not_found) return std::string();
    return text;
}

/// The fields of /proc/PID/stat behind the name, which may hold anything: [0] is the state, [19] the start time.
Result<std::vector<std::string>> stat_fields(int pid)
{
    const auto text = TRY(read_of_process(pid, "stat"));
    const auto end_of_name = text.rfind(") ");
    if (end_of_name == std::string::npos) return std::vector<std::string>();
    return split(text.substr(end_of_name + 2), ' ');
}

/// Not the owner of /proc/PID, which is root for a process that may not be traced.
Result<std::optional<unsigned>> user_of_process(int pid)
{
    const auto text = TRY(read_of_process(pid, "status"));
    const auto at = text.find("\nUid:\t");
    if (at == std::string::npos) return std::nullopt;
    unsigned uid = 0;
    std::from_chars(text.data() + at + 6, text.data() + text.size(), uid);
    return uid;
}

using Listing = std::unique_ptr<DIR, int (*)(DIR*)>;

}  // namespace

Result<std::string> identity_of_process(int pid)
{
    const auto fields = TRY(stat_fields(pid));
    if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return std::string();
    return fmt::format("{}:{}", pid, fields[19]);
}

Result<bool> is_alive(std::string_view identity)
{
    int pid = 0;
    std::from_chars(identity.data(), identity.data() + identity.size(), pid);
    return pid > 0 && TRY(identity_of_process(pid)) == identity;
}

Result<void> end_control_group(const Path& folder)
{
    if (!TRY(look_for(folder / "cgroup.kill"))) return {};
    std::error_code error;
    const Fd kill(::open((folder / "cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
    if (!kill || ::write(kill.get(), "1", 1) != 1) return std::unexpected(os_error("killing the processes of", folder));
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.is_directory()) ::rmdir(entry.path().c_str());
    for (int attempt = 0; attempt < 500; ++attempt) {
        if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) return {};
        // Killed processes take a moment to leave.
        ::usleep(2'000);
        for (const auto& entry : std::filesystem::directory_iterator(folder, error))
            if (entry.is_directory()) ::rmdir(entry.path().c_str());
    }
    return std::unexpected(os_error("removing the control group", folder));
}

Result<void> end_processes_of_user(const Path& shim_binary, unsigned uid)
{
    if (uid == 0 || uid == ::geteuid()) return fail(ErrorKind::internal, "user {} is not an environment's", uid);
    for (int attempt = 0; attempt < 500; ++attempt) {
        if (!TRY(has_processes(uid))) return {};
        // They take a moment to end; once is enough unless they could not be reached.
        if (attempt % 100 == 0)
            TRY(run_checked({.arguments = {shim_binary.string(), "end-user", std::to_string(uid)},
                             .timeout = Milliseconds(10'000)}));
        ::usleep(1'000);
    }
    return fail(ErrorKind::unavailable, "processes of user {} do not end", uid);
}

Result<bool> has_processes(unsigned uid)
{
    const Listing listing(::opendir("/proc"), ::closedir);
    if (!listing) return std::unexpected(os_error("listing", "/proc"));
    while (const auto* entry = ::readdir(listing.get())) {
        int pid = 0;
        const std::string_view name = entry->d_name;
        std::from_chars(name.data(), name.data() + name.size(), pid);
        if (pid > 0 && TRY(user_of_process(pid)) == uid && !TRY(identity_of_process(pid)).empty()) return true;
    }
    return false;
}

}  // namespace ramet::targets::local
