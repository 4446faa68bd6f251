#include "daemon/held_git.hpp"

#include "base/text.hpp"
#include "net/reachable.hpp"

#include <charconv>

namespace ramet::daemon {

namespace {

using Environment = std::map<std::string, std::string>;

/// One more setting of git, behind those that the environment carries already (GIT_CONFIG_COUNT, _KEY_0, _VALUE_0, …).
void add_setting(Environment& environment, const std::string& key, const std::string& value)
{
    const auto& said = environment["GIT_CONFIG_COUNT"];
    int count = 0;
    std::from_chars(said.data(), said.data() + said.size(), count);
    environment[fmt::format("GIT_CONFIG_KEY_{}", count)] = key;
    environment[fmt::format("GIT_CONFIG_VALUE_{}", count)] = value;
    environment["GIT_CONFIG_COUNT"] = std::to_string(count + 1);
}

}  // namespace

Result<app::GitSource> hold(app::GitSource source)
{
    auto where = TRY(net::check_reachable(source.url, net::AddressPolicy::anywhere));
    if (where.host.empty()) return source;
    add_setting(source.environment, "http.followRedirects", "false");
    if (!where.is_name) return source;
    for (auto& address : where.addresses)
        if (address.contains(':')) address = "[" + address + "]";
    add_setting(source.environment, "http.curloptResolve",
                fmt::format("{}:{}:{}", where.host, where.port, join(where.addresses, ",")));
    return source;
}

Result<CommitSha> HeldGit::fetch_ref(const app::GitSource& source, const std::string& reference)
{
    const auto held = TRY(hold(source));
    return git_.fetch_ref(held, reference);
}

Result<void> HeldGit::fetch_commit(const app::GitSource& source, const CommitSha& commit, const std::string& hint)
{
    const auto held = TRY(hold(source));
    return git_.fetch_commit(held, commit, hint);
}

Result<std::string> HeldGit::read_file(const app::GitSource& source, const CommitSha& commit, const std::string& path)
{
    return git_.read_file(source, commit, path);
}

Result<std::string> HeldGit::tree_hash(const app::GitSource& source, const CommitSha& commit,
                                       const std::string& context, const std::vector<std::string>& paths)
{
    return git_.tree_hash(source, commit, context, paths);
}

}  // namespace ramet::daemon
