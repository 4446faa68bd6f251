#pragma once

#include "targets/local/git_mirror.hpp"
#include "targets/local/machine.hpp"

#include <optional>
#include <string>

namespace ramet::targets::local {

/// All artefacts of this installation, by the hash of what they were made from. Complete ones are read only and shared; two
/// environments that want the same one wait for one build. A build runs detached, under a shim, as a user of its own.
///
///   builds/<hash>/            complete: tree/, log
///   builds/.work/<hash>/      being made: tree/, home/, tmp/, etc/, shim/
class BuildCache {
public:
    explicit BuildCache(Machine machine) : machine_(machine) {}

    struct Request {
        std::string hash;
        GitMirror::Selection selection;
        std::vector<std::string> command{};  ///< empty: the tree as it is
        CommitSha commit;
        Milliseconds timeout{15 * 60'000};
    };
    /// Starts the build unless it is complete or under way; a failed one is started anew. Does not wait for it.
    Result<void> begin(const Request& request, const GitMirror& mirror) const;

    enum class Stage : std::uint8_t { absent, building, complete, failed };
    struct State {
        Stage stage = Stage::absent;
        std::optional<Error> error{};
        std::string last_line{};  ///< while it is being built
    };
    /// Also completes a build whose command has ended.
    Result<State> look(const std::string& hash) const;

    /// Ends a build that is under way, with all its processes; what is complete stays. True when nothing of it is left.
    Result<bool> abandon(const std::string& hash) const;
    /// Removes a complete artefact. The caller knows that nobody uses it.
    Result<void> evict(const std::string& hash) const;
    /// Complete artefacts, with the time of their last use.
    struct Artefact {
        std::string hash;
        Time used_at{};
    };
    Result<std::vector<Artefact>> list() const;

    Path tree(const std::string& hash) const { return root() / hash / "tree"; }
    /// The log of a complete one.
    Path log(const std::string& hash) const { return root() / hash / "log"; }
    Path root() const { return machine_.root / "builds"; }

private:
    Path work(const std::string& hash) const { return root() / ".work" / hash; }
    /// Where a build that has ended is put together, before it appears under its hash.
    Path finished(const std::string& hash) const { return root() / ".work" / (hash + ".finished"); }
    Result<bool> has_output(const std::string& hash) const;
    Result<Fd> lock(const std::string& hash) const;
    Result<bool> is_complete(const std::string& hash) const;
    Result<void> start(const Request& request, const GitMirror& mirror) const;
    Result<void> run(const Request& request, unsigned uid) const;
    Result<unsigned> ensure_user(const std::string& hash) const;
    Result<void> complete(const std::string& hash) const;
    Result<void> put_together(const std::string& hash) const;
    Result<void> clear_work(const std::string& hash) const;

    Machine machine_;
};

/// Gives a tree to `uid` (root: back to us) without following links; `read_only` also takes all write and set-id bits away.
enum class Writing : std::uint8_t { allowed, forbidden };
Result<void> give_tree(const Path& path, unsigned uid, Writing writing);

}  // namespace ramet::targets::local
