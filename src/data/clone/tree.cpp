#include "data/clone/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <thread>

namespace ramet::data {
namespace {

/// Reads one directory after the other; the list itself is the queue.
class Listing {
public:
    Listing(const Fd& root, const Path& shown) : root_(root), shown_(shown) {}

    Result<std::vector<TreeEntry>> run()
    {
        struct stat status{};
        if (::fstat(root_.get(), &status) != 0) return std::unexpected(os_error("listing", shown_));
        device_ = status.st_dev;
        TRY(read(""));
        for (std::size_t next = 0; next < entries_.size(); ++next) {
            const auto entry = entries_[next];
            if (entry.type == EntryType::directory) TRY(read(entry.path));
        }
        return std::move(entries_);
    }

private:
    Result<void> read(const std::string& folder)
    {
        const auto* name = folder.empty() ? "." : folder.c_str();
        Fd opened(::openat(root_.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status{};
        if (!opened || ::fstat(opened.get(), &status) != 0)
            return std::unexpected(os_error("listing", shown_ / folder));
        if (status.st_dev != device_)
            return fail(ErrorKind::conflict, "{} is on another file system", (shown_ / folder).string());
        const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(opened.release()), ::closedir);
        if (!stream) return std::unexpected(os_error("listing", shown_ / folder));
        return read_entries(stream.get(), folder);
    }

    Result<void> read_entries(DIR* stream, const std::string& folder)
    {
        for (;;) {
            errno = 0;
            const auto* entry = ::readdir(stream);
            if (entry == nullptr && errno != 0) return std::unexpected(os_error("listing", shown_ / folder));
            if (entry == nullptr) return {};
            const std::string name = entry->d_name;
            if (name != "." && name != "..") TRY(add(folder.empty() ? name : folder + "/" + name, entry->d_type));
        }
    }

    Result<void> add(std::string path, unsigned char type)
    {
        if (type == DT_UNKNOWN) type = TRY(type_by_status(path));
        entries_.push_back({std::move(path), kind_of(type)});
        return {};
    }

    static EntryType kind_of(unsigned char type)
    {
        if (type == DT_DIR) return EntryType::directory;
        if (type == DT_REG) return EntryType::file;
        return type == DT_LNK ? EntryType::link : EntryType::other;
    }

    Result<unsigned char> type_by_status(const std::string& path)
    {
        struct stat status{};
        if (::fstatat(root_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return std::unexpected(os_error("listing", shown_ / path));
        return static_cast<unsigned char>(IFTODT(status.st_mode));
    }

    const Fd& root_;
    const Path& shown_;
    dev_t device_ = 0;
    std::vector<TreeEntry> entries_;
};

Result<void> remove_folders(const Fd& root, const Path& shown, const std::vector<TreeEntry>& entries)
{
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        if (entry->type != EntryType::directory) continue;
        if (::unlinkat(root.get(), entry->path.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
            return std::unexpected(os_error("removing", shown / entry->path));
    }
    return {};
}

}  // namespace

Result<Fd> open_directory(const Path& path)
{
    Fd opened(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened) return std::unexpected(os_error("opening", path));
    return opened;
}

Result<std::vector<TreeEntry>> list_tree(const Fd& root, const Path& shown)
{
    return Listing(root, shown).run();
}

Result<void> in_parallel(int threads, std::size_t count, const std::function<Result<void>(std::size_t)>& work)
{
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    Result<void> first{};
    const auto loop = [&] {
        for (auto index = next.fetch_add(1); index < count; index = next.fetch_add(1)) {
            auto done = work(index);
            if (done) continue;
            const std::scoped_lock lock(mutex);
            if (first) first = std::move(done);
            next = count;
        }
    };
    std::vector<std::jthread> others;
    for (int extra = 1; extra < threads && count > 1; ++extra) others.emplace_back(loop);
    loop();
    others.clear();
    return first;
}

Result<void> change_owner(const Path& root, const Owner& owner, int threads)
{
    const auto opened = TRY(open_directory(root));
    const auto entries = TRY(list_tree(opened, root));
    if (::fchown(opened.get(), owner.user, owner.group) != 0) return std::unexpected(os_error("giving away", root));
    return in_parallel(threads, entries.size(), [&](std::size_t index) -> Result<void> {
        const auto& path = entries[index].path;
        if (::fchownat(opened.get(), path.c_str(), owner.user, owner.group, AT_SYMLINK_NOFOLLOW) == 0) return {};
        return std::unexpected(os_error("giving away", root / path));
    });
}

Result<void> remove_tree_quickly(const Path& root, int threads)
{
    auto opened = open_directory(root);
    if (!opened && opened.error().kind == ErrorKind::not_found) return {};
    if (!opened) return std::unexpected(std::move(opened).error());
    const auto entries = TRY(list_tree(*opened, root));
    TRY(in_parallel(threads, entries.size(), [&](std::size_t index) -> Result<void> {
        const auto& entry = entries[index];
        if (entry.type == EntryType::directory || ::unlinkat(opened->get(), entry.path.c_str(), 0) == 0) return {};
        if (errno == ENOENT) return {};
        return std::unexpected(os_error("removing", root / entry.path));
    }));
    TRY(remove_folders(*opened, root, entries));
    if (::rmdir(root.c_str()) != 0 && errno != ENOENT) return std::unexpected(os_error("removing", root));
    return {};
}

}  // namespace ramet::data
