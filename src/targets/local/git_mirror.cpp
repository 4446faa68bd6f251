#include "targets/local/git_mirror.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/subprocess.hpp"
#include "base/text.hpp"
#include "domain/pull_request.hpp"
#include "targets/local/git_objects.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace ramet::targets::local {
namespace {

/// Of a symbolic link's target; Linux takes no longer ones.
constexpr std::size_t longest_link = 4096;

/// Nothing of the machine's configuration, no hooks, no prompts, and only the transports that are meant.
std::map<std::string, std::string> git_environment(const GitMirror::Options& options)
{
    auto environment = options.environment;
    environment["GIT_TERMINAL_PROMPT"] = "0";
    environment["GIT_CONFIG_NOSYSTEM"] = "1";
    environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
    environment["GIT_ALLOW_PROTOCOL"] =
        options.origin == UrlOrigin::administrator ? "file:http:https:ssh" : "http:https:ssh";
    environment["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes";
    environment["GIT_OPTIONAL_LOCKS"] = "0";
    environment.emplace("HOME", "/nonexistent");
    environment["LC_ALL"] = "C";
    return environment;
}

Result<void> check_name(std::string_view text, std::string_view what)
{
    if (text.empty() || text.front() == '-' || text.contains('\n') || text.contains('\r') || text.contains('\0'))
        return fail(ErrorKind::invalid, "{} is empty, begins with a dash or holds a line break", what);
    return {};
}

/// A path of the repository: relative, without "..".
Result<void> check_tree_path(std::string_view path)
{
    TRY(check_name(path, "a path in the repository"));
    const auto parts = split(path, '/');
    if (path.front() == '/' || std::ranges::find(parts, "..") != parts.end())
        return fail(ErrorKind::invalid, "'{}' leads out of the repository", path);
    return {};
}

Result<void> check_commit(const CommitSha& commit)
{
    if (is_commit_sha(commit.str())) return {};
    return fail(ErrorKind::invalid, "'{}' is not a commit", commit.str());
}

std::string normal(std::string_view path)
{
    auto text = Path(path).lexically_normal().string();
    while (text.ends_with('/')) text.pop_back();
    return text == "." ? "" : text;
}

std::string line_of(const GitObjects::Entry& entry)
{
    return fmt::format("{:06o} {} {}", entry.mode, entry.hash, entry.path);
}

std::string pin_of(const CommitSha& commit)
{
    return "refs/ramet/pins/" + commit.str();
}

bool is_selected(std::string_view path, const std::string& context, const std::vector<std::string>& globs)
{
    if (context.empty() ||
        (path.starts_with(context) && (path.size() == context.size() || path[context.size()] == '/')))
        return true;
    return std::ranges::any_of(globs, [&](const auto& glob) { return matches_glob(glob, path); });
}

}  // namespace

Result<void> check_repository_url(std::string_view url, UrlOrigin origin)
{
    TRY(check_name(url, "the repository's address"));
    for (const auto* scheme : {"http://", "https://", "ssh://"})
        if (url.starts_with(scheme)) return {};
    if (origin == UrlOrigin::administrator && url.starts_with('/')) return {};
    Error error{ErrorKind::invalid, "the repository's address must begin with http://, https:// or ssh://"};
    error.evidence = std::string(url.substr(0, url.find(':')));
    return std::unexpected(std::move(error));
}

bool stays_inside(std::string_view path, std::string_view target)
{
    if (target.starts_with('/')) return false;
    int depth = static_cast<int>(std::ranges::count(path, '/'));
    for (const auto& part : split(target, '/')) {
        if (part == "..")
            --depth;
        else if (!part.empty() && part != ".")
            ++depth;
        if (depth < 0) return false;
    }
    return true;
}

Result<GitMirror> GitMirror::open(Options options)
{
    TRY(check_repository_url(options.url, options.origin));
    return GitMirror(std::move(options));
}

GitMirror::GitMirror(Options options)
    : options_(std::move(options)), path_(options_.root / (short_hash({options_.url}) + ".git"))
{
}

Result<std::string> GitMirror::git(std::vector<std::string> arguments) const
{
    const auto verb = arguments.front();
    std::vector<std::string> whole = {"git",
                                      "-c",
                                      "core.hooksPath=/dev/null",
                                      "-c",
                                      "gc.auto=0",
                                      "-c",
                                      "safe.directory=*",
                                      "-c",
                                      "fetch.unpackLimit=1",
                                      "--git-dir=" + path_.string()};
    std::ranges::move(arguments, std::back_inserter(whole));
    auto output = run_checked({.arguments = std::move(whole),
                               .environment = git_environment(options_),
                               .timeout = options_.timeout,
                               .output_limit = 256U << 20U,
                               .stop = options_.stop});
    if (!output) return fail_in(output.error(), fmt::format("git {}", verb));
    return output;
}

Result<void> GitMirror::ensure()
{
    if (TRY(look_for(path_ / "HEAD")) && TRY(look_for(path_ / "config"))) return {};
    TRY(ensure_directory(path_, 0700));
    TRY(git({"init", "--quiet", "--bare", "--template="}));
    return {};
}

/// Whether there were lock files, as a git that was killed or a disk that failed leaves them. Others' are left alone.
Result<bool> GitMirror::remove_locks() const
{
    if (!options_.is_alone) return false;
    bool found = false;
    std::error_code error;
    std::filesystem::recursive_directory_iterator at(path_, error);
    for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
        if (at->path().filename() == "objects") at.disable_recursion_pending();
        if (at->path().extension() != ".lock") continue;
        if (::unlink(at->path().c_str()) != 0) return std::unexpected(os_error("removing", at->path()));
        found = true;
    }
    if (error) return fail(ErrorKind::unavailable, "listing {}: {}", path_.string(), error.message());
    return found;
}

Result<std::string> GitMirror::git_past_locks(const std::vector<std::string>& arguments) const
{
    auto done = git(arguments);
    if (done || !TRY(remove_locks())) return done;
    return git(arguments);
}

Result<void> GitMirror::pin(const GitObjects& objects, const CommitSha& commit) const
{
    auto pinned = objects.pin(pin_of(commit), commit);
    if (pinned || !TRY(remove_locks())) return pinned;
    return objects.pin(pin_of(commit), commit);
}

Result<CommitSha> GitMirror::fetch(std::string_view ref)
{
    TRY(check_name(ref, "the ref"));
    TRY(ensure());
    // By commit or by name, without tags, straight into a ref of our own: nothing else of the other side is wanted.
    const auto incoming = fmt::format("refs/ramet/incoming/{}", short_hash({ref}));
    auto fetched = git_past_locks({"fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head",
                                   "--end-of-options", options_.url, fmt::format("+{}:{}", ref, incoming)});
    if (!fetched) {
        auto problem = fetched.error();
        if (problem.evidence.contains("couldn't find remote ref") || problem.evidence.contains("not our ref"))
            problem.kind = ErrorKind::not_found;
        return fail_in(std::move(problem), fmt::format("fetching {}", ref));
    }
    const auto objects = TRY(GitObjects::open(path_));
    const auto commit = TRY(objects.commit_of(incoming));
    TRY(pin(objects, commit));
    return commit;
}

bool GitMirror::has_commit(const CommitSha& commit) const
{
    const auto objects = GitObjects::open(path_);
    return objects && check_commit(commit) && objects->has_commit(commit);
}

Result<void> GitMirror::ensure_commit(const CommitSha& commit, std::string_view hint)
{
    TRY(check_commit(commit));
    TRY(ensure());
    if (!has_commit(commit) && !hint.empty()) TRY(fetch(hint));
    const auto objects = TRY(GitObjects::open(path_));
    if (objects.has_commit(commit)) return pin(objects, commit);
    const auto by_itself = fetch(commit.str());
    if (by_itself) return {};
    Error error{ErrorKind::not_found, fmt::format("commit {} cannot be fetched", short_sha(commit)),
                by_itself.error().evidence};
    if (is_transient(by_itself.error().kind)) error.kind = by_itself.error().kind;
    error.next_step = "it may have been replaced by a forced push: look at the branch's present head";
    return std::unexpected(std::move(error));
}

Result<std::string> GitMirror::tree_hash(const CommitSha& commit, std::string_view path) const
{
    TRY(check_commit(commit));
    TRY(check_tree_path(path));
    const auto objects = TRY(GitObjects::open(path_));
    const auto entry = TRY(objects.find(commit, normal(path)));
    return entry ? entry->hash : std::string();
}

Result<std::string> GitMirror::read_file(const CommitSha& commit, std::string_view path, std::size_t limit) const
{
    TRY(check_commit(commit));
    TRY(check_tree_path(path));
    const auto objects = TRY(GitObjects::open(path_));
    const auto entry = TRY(objects.find(commit, normal(path)));
    if (!entry) return fail(ErrorKind::not_found, "there is no {} in commit {}", path, short_sha(commit));
    if ((entry->mode & S_IFMT) != S_IFREG) return fail(ErrorKind::invalid, "{} is not a plain file", path);
    auto text = objects.read_blob(entry->hash, limit);
    if (!text) return fail_in(text.error(), std::string(path));
    return text;
}

Result<std::vector<std::string>> GitMirror::list(const CommitSha& commit, const Selection& selection) const
{
    TRY(check_commit(commit));
    TRY(check_tree_path(selection.context));
    const auto context = normal(selection.context);
    const auto objects = TRY(GitObjects::open(path_));
    // Globs may match anywhere; without them only the context is walked.
    std::vector<std::string> lines;
    for (const auto& entry : TRY(objects.list(commit, selection.paths.empty() ? context : "")))
        if (is_selected(entry.path, context, selection.paths)) lines.push_back(line_of(entry));
    return lines;
}

Result<void> GitMirror::check_links(const std::vector<std::string>& entries) const
{
    const auto objects = TRY(GitObjects::open(path_));
    for (const auto& entry : entries) {
        if (!entry.starts_with("120000 ")) continue;
        const auto words = split(entry, ' ');
        const auto path = std::string_view(entry).substr(words[0].size() + words[1].size() + 2);
        const auto target = TRY(objects.read_blob(words[1], longest_link));
        if (!stays_inside(path, target))
            return fail(ErrorKind::invalid, "the symbolic link {} leads out of the repository (to {})", path, target);
    }
    return {};
}

Result<void> GitMirror::export_to(const Path& directory, const CommitSha& commit, const Selection& selection) const
{
    const auto entries = TRY(list(commit, selection));
    if (entries.empty())
        return fail(ErrorKind::not_found, "there is nothing at {} in commit {}", selection.context, short_sha(commit));
    TRY(check_links(entries));
    // An index with just these files, checked out by git itself: modes, links and line ends come out right.
    std::string index;
    for (const auto& entry : entries) {
        const auto first = entry.find(' ');
        const auto second = entry.find(' ', first + 1);
        if (entry.starts_with("160000")) continue;  // A submodule's commit is not in this repository.
        index += fmt::format("{} {}\t{}", entry.substr(0, first), entry.substr(first + 1, second - first - 1),
                             entry.substr(second + 1));
        index += '\0';
    }
    auto environment = git_environment(options_);
    environment["GIT_INDEX_FILE"] = (directory.parent_path() / (directory.filename().string() + ".index")).string();
    const std::vector<std::string> git_words = {"git",
                                                "-c",
                                                "core.hooksPath=/dev/null",
                                                "-c",
                                                "safe.directory=*",
                                                "-c",
                                                "core.bare=false",
                                                "--git-dir=" + path_.string(),
                                                "--work-tree=" + directory.string()};
    const auto run = [&](std::vector<std::string> arguments, std::string input) -> Result<void> {
        auto whole = git_words;
        std::ranges::move(arguments, std::back_inserter(whole));
        TRY(run_checked({.arguments = std::move(whole),
                         .environment = environment,
                         .working_directory = directory,
                         .standard_input = std::move(input),
                         .timeout = options_.timeout,
                         .stop = options_.stop}));
        return {};
    };
    TRY(run({"update-index", "-z", "--index-info"}, std::move(index)));
    TRY(run({"checkout-index", "--all", "--force"}, {}));
    return remove_tree(environment["GIT_INDEX_FILE"]);
}

Result<std::string> input_hash(const GitMirror& mirror, const CommitSha& commit, const Build& build,
                               const std::vector<std::string>& paths)
{
    Sha256 hash;
    const auto add = [&](std::string_view part) {
        hash.update(fmt::format("{}:", part.size()));
        hash.update(part);
    };
    add("ramet build 1");
    add(Path(build.context).lexically_normal().string());
    if (build.command) {
        if (const auto* text = std::get_if<std::string>(&*build.command))
            add("shell " + *text);
        else
            for (const auto& word : std::get<std::vector<std::string>>(*build.command)) add("word " + word);
    }
    if (paths.empty()) {
        // One hash that git has already says it all.
        const auto tree = TRY(mirror.tree_hash(commit, build.context));
        if (tree.empty())
            return fail(ErrorKind::not_found, "there is no {} in commit {}", build.context, short_sha(commit));
        add(tree);
        return hash.hex();
    }
    for (const auto& entry : TRY(mirror.list(commit, {build.context, paths}))) add(entry);
    return hash.hex();
}

}  // namespace ramet::targets::local
