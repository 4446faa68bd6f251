#include "targets/local/git_objects.hpp"

#include <git2.h>

namespace ramet::targets::local {
namespace {

struct Free {
    void operator()(git_commit* commit) const { git_commit_free(commit); }
    void operator()(git_tree* tree) const { git_tree_free(tree); }
    void operator()(git_tree_entry* entry) const { git_tree_entry_free(entry); }
    void operator()(git_object* object) const { git_object_free(object); }
    void operator()(git_blob* blob) const { git_blob_free(blob); }
    void operator()(git_reference* reference) const { git_reference_free(reference); }
};
template <typename Handle>
using Owned = std::unique_ptr<Handle, Free>;

/// Once for the process. The data directory is Ramet's own: that its owner is another user than root's is no reason to refuse.
void ensure_library()
{
    static const int count = [] {
        const int started = git_libgit2_init();
        git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        for (const auto level :
             {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL})
            git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
        return started;
    }();
    (void)count;
}

Error git_error_of(int code, std::string_view doing)
{
    const auto* said = git_error_last();
    Error error{ErrorKind::integrity, fmt::format("{} in the mirror", doing)};
    if (said != nullptr && said->message != nullptr) error.evidence = said->message;
    if (code == GIT_ENOTFOUND) error.kind = ErrorKind::not_found;
    if (said != nullptr && (said->klass == GIT_ERROR_OS || said->klass == GIT_ERROR_NOMEMORY))
        error.kind = ErrorKind::unavailable;
    return error;
}

std::string text_of(const git_oid& id)
{
    char text[GIT_OID_HEXSZ + 1];
    return git_oid_tostr(text, sizeof text, &id);
}

Result<git_oid> parse_id(const std::string& text)
{
    git_oid id{};
    if (text.size() == GIT_OID_HEXSZ && git_oid_fromstr(&id, text.c_str()) == 0) return id;
    return fail(ErrorKind::invalid, "'{}' is not the hash of an object", text);
}

Result<Owned<git_tree>> tree_of(git_repository* repository, const CommitSha& commit)
{
    const auto id = TRY(parse_id(commit.str()));
    git_commit* found = nullptr;
    const int code = git_commit_lookup(&found, repository, &id);
    const Owned<git_commit> owned(found);
    if (code != 0)
        return std::unexpected(git_error_of(code, fmt::format("looking up commit {}", commit.str().substr(0, 7))));
    git_tree* tree = nullptr;
    if (const int problem = git_commit_tree(&tree, found); problem != 0)
        return std::unexpected(git_error_of(problem, fmt::format("reading commit {}", commit.str().substr(0, 7))));
    return Owned<git_tree>(tree);
}

GitObjects::Entry entry_of(const git_tree_entry* entry, std::string path)
{
    return {static_cast<std::uint32_t>(git_tree_entry_filemode_raw(entry)), text_of(*git_tree_entry_id(entry)),
            std::move(path)};
}

Result<Owned<git_tree>> subtree(git_repository* repository, const git_tree_entry* entry)
{
    git_tree* tree = nullptr;
    if (const int code = git_tree_lookup(&tree, repository, git_tree_entry_id(entry)); code != 0)
        return std::unexpected(git_error_of(code, "reading a directory"));
    return Owned<git_tree>(tree);
}

// Git itself refuses deeper ones to be checked out; without an end a crafted repository would use up the stack.
constexpr int deepest = 512;

Result<void> collect(git_repository* repository, const git_tree* tree, const std::string& prefix, int depth,
                     std::vector<GitObjects::Entry>& entries)
{
    if (depth > deepest) return fail(ErrorKind::invalid, "the directories of the repository are too deep");
    for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
        const auto* entry = git_tree_entry_byindex(tree, i);
        auto path = prefix + git_tree_entry_name(entry);
        if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) {
            entries.push_back(entry_of(entry, std::move(path)));
            continue;
        }
        const auto below = TRY(subtree(repository, entry));
        TRY(collect(repository, below.get(), path + "/", depth + 1, entries));
    }
    return {};
}

}  // namespace

void GitObjects::Close::operator()(git_repository* repository) const
{
    git_repository_free(repository);
}

Result<GitObjects> GitObjects::open(const Path& repository)
{
    ensure_library();
    git_repository* opened = nullptr;
    if (const int code = git_repository_open_bare(&opened, repository.c_str()); code != 0)
        return std::unexpected(git_error_of(code, "opening the repository"));
    return GitObjects(opened);
}

bool GitObjects::has_commit(const CommitSha& commit) const
{
    return tree_of(repository_.get(), commit).has_value();
}

Result<CommitSha> GitObjects::commit_of(const std::string& ref) const
{
    git_reference* found = nullptr;
    const int code = git_reference_lookup(&found, repository_.get(), ref.c_str());
    const Owned<git_reference> reference(found);
    if (code != 0) return std::unexpected(git_error_of(code, "looking up " + ref));
    git_object* peeled = nullptr;
    if (const int problem = git_reference_peel(&peeled, found, GIT_OBJECT_COMMIT); problem != 0) {
        auto error = git_error_of(problem, ref + " names no commit");
        error.kind = ErrorKind::invalid;
        return std::unexpected(std::move(error));
    }
    const Owned<git_object> object(peeled);
    return CommitSha(text_of(*git_object_id(peeled)));
}

Result<std::optional<GitObjects::Entry>> GitObjects::find(const CommitSha& commit, const std::string& path) const
{
    const auto tree = TRY(tree_of(repository_.get(), commit));
    if (path.empty()) return Entry{GIT_FILEMODE_TREE, text_of(*git_tree_id(tree.get())), {}};
    git_tree_entry* found = nullptr;
    const int code = git_tree_entry_bypath(&found, tree.get(), path.c_str());
    const Owned<git_tree_entry> entry(found);
    if (code == GIT_ENOTFOUND) return std::nullopt;
    if (code != 0) return std::unexpected(git_error_of(code, "looking for " + path));
    return entry_of(found, path);
}

Result<std::vector<GitObjects::Entry>> GitObjects::list(const CommitSha& commit, const std::string& path) const
{
    std::vector<Entry> entries;
    const auto root = TRY(tree_of(repository_.get(), commit));
    if (path.empty()) {
        TRY(collect(repository_.get(), root.get(), "", 0, entries));
        return entries;
    }
    git_tree_entry* found = nullptr;
    const int code = git_tree_entry_bypath(&found, root.get(), path.c_str());
    const Owned<git_tree_entry> entry(found);
    if (code == GIT_ENOTFOUND) return entries;
    if (code != 0) return std::unexpected(git_error_of(code, "looking for " + path));
    if (git_tree_entry_type(found) != GIT_OBJECT_TREE) return std::vector{entry_of(found, path)};
    const auto tree = TRY(subtree(repository_.get(), found));
    TRY(collect(repository_.get(), tree.get(), path + "/", 0, entries));
    return entries;
}

Result<std::string> GitObjects::read_blob(const std::string& hash, std::size_t limit) const
{
    const auto id = TRY(parse_id(hash));
    git_blob* found = nullptr;
    const int code = git_blob_lookup(&found, repository_.get(), &id);
    const Owned<git_blob> blob(found);
    if (code != 0) return std::unexpected(git_error_of(code, "reading the file " + hash.substr(0, 7)));
    const auto size = static_cast<std::size_t>(git_blob_rawsize(found));
    if (size > limit) return fail(ErrorKind::invalid, "it is larger than {} bytes", limit);
    return std::string(static_cast<const char*>(git_blob_rawcontent(found)), size);
}

Result<void> GitObjects::pin(const std::string& ref, const CommitSha& commit) const
{
    const auto id = TRY(parse_id(commit.str()));
    git_reference* made = nullptr;
    const int code = git_reference_create(&made, repository_.get(), ref.c_str(), &id, /*force=*/1, nullptr);
    const Owned<git_reference> reference(made);
    if (code != 0) return std::unexpected(git_error_of(code, "pinning commit " + commit.str().substr(0, 7)));
    return {};
}

}  // namespace ramet::targets::local
