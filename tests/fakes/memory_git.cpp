#include "fakes/memory_git.hpp"

#include "base/hash.hpp"

#include <charconv>

namespace ramet::fakes {

namespace {

constexpr std::string_view branch_prefix = "refs/heads/";
constexpr std::string_view pull_prefix = "refs/pull/";

}  // namespace

Result<Files> MemoryGit::files(const CommitSha& commit) const
{
    if (is_silent_) return fail(ErrorKind::unavailable, "the repository does not answer");
    auto files = repository_.files(commit);
    if (!files) return fail(ErrorKind::not_found, "there is no commit {}", commit.str());
    return std::move(*files);
}

Result<CommitSha> MemoryGit::fetch_ref(const app::GitSource&, const std::string& reference)
{
    if (is_silent_) return fail(ErrorKind::unavailable, "the repository does not answer");
    CommitSha head;
    if (reference.starts_with(branch_prefix)) head = repository_.head(reference.substr(branch_prefix.size()));
    if (reference.starts_with(pull_prefix)) {
        std::int64_t number = 0;
        std::from_chars(reference.data() + pull_prefix.size(), reference.data() + reference.size(), number);
        if (const auto pull = repository_.pull_request(number)) head = pull->head_commit;
    }
    if (head.empty()) return fail(ErrorKind::not_found, "there is no ref {}", reference);
    return head;
}

Result<void> MemoryGit::fetch_commit(const app::GitSource&, const CommitSha& commit, const std::string&)
{
    TRY(files(commit));
    return {};
}

Result<std::string> MemoryGit::read_file(const app::GitSource&, const CommitSha& commit, const std::string& path)
{
    const auto all = TRY(files(commit));
    const auto found = all.find(path);
    if (found == all.end()) return fail(ErrorKind::not_found, "{} has no {}", commit.str(), path);
    return found->second;
}

Result<std::string> MemoryGit::tree_hash(const app::GitSource&, const CommitSha& commit, const std::string& context,
                                         const std::vector<std::string>&)
{
    const auto all = TRY(files(commit));
    std::string seen;
    for (const auto& [path, text] : all)
        if (context == "." || path.starts_with(context + "/")) seen += path + "\n" + text + "\n";
    return sha256_hex(seen);
}

}  // namespace ramet::fakes
