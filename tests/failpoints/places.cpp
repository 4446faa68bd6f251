#include "failpoints/places.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fnmatch.h>
#include <map>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace ramet::failpoints {
namespace {

thread_local int unwatched = 0;

[[noreturn]] void give_up(const std::string& why)
{
    std::fprintf(stderr, "failpoints: %s\n", why.c_str());
    std::abort();
}

std::string read_all(const std::string& path)
{
    std::string text;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return text;  // No orders any more.
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(file, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    ::close(file);
    return text;
}

/// Appends lines to a file; to none when its name is empty.
class LineFile {
public:
    void open(const std::string& path)
    {
        if (file_ >= 0) ::close(file_);
        file_ = path.empty() ? -1 : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (file_ < 0 && !path.empty()) give_up("cannot write " + path);
    }
    void append(const std::string& line) const
    {
        const auto text = line + "\n";
        if (file_ >= 0 && ::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            give_up("cannot write a place down");
    }

private:
    int file_ = -1;
};

class Places {
public:
    Places()
    {
        const char* const path = std::getenv("RAMET_FAILPOINTS");
        if (path != nullptr) path_ = path;
        is_armed = !path_.empty();
    }

    bool pass(const std::string& place)
    {
        const std::scoped_lock lock(mutex_);
        refresh();
        return count(place, log_) == orders_.lose;
    }

    bool concern(std::string_view call)
    {
        const std::scoped_lock lock(mutex_);
        refresh();
        return orders_.concern(call);
    }

    int begin(std::string_view call, std::string_view path)
    {
        const std::scoped_lock lock(mutex_);
        if (!orders_.concern(call)) return 0;
        const auto name = name_call(call, path, orders_.root);
        operations_.append(name);
        count("before " + name, none_);
        return fault_of(name);
    }

    void end(std::string_view call, std::string_view path)
    {
        const std::scoped_lock lock(mutex_);
        if (orders_.concern(call)) count("after " + name_call(call, path, orders_.root), none_);
    }

    std::chrono::seconds clock()
    {
        const std::scoped_lock lock(mutex_);
        refresh();
        return orders_.clock;
    }

    void set(Orders orders)
    {
        const std::scoped_lock lock(mutex_);
        path_.clear();
        begin_anew(std::move(orders));
        is_armed = true;
    }

    std::atomic<bool> is_armed = false;

private:
    void refresh()
    {
        if (path_.empty()) return;
        struct stat status{};
        if (::stat(path_.c_str(), &status) != 0) status = {};
        if (status.st_ino == seen_.st_ino && status.st_mtim.tv_nsec == seen_.st_mtim.tv_nsec &&
            status.st_mtim.tv_sec == seen_.st_mtim.tv_sec)
            return;
        seen_ = status;
        auto orders = parse_orders(read_all(path_));
        if (!orders) give_up("the orders in " + path_ + " are not understood");
        begin_anew(std::move(*orders));
    }

    void begin_anew(Orders orders)
    {
        orders_ = std::move(orders);
        passed_.clear();
        matched_.assign(orders_.faults.size(), 0);
        log_.open(orders_.log);
        operations_.open(orders_.operations);
        fired_.open(orders_.fired);
    }

    std::string count(const std::string& place, const LineFile& log)
    {
        auto name = place + " #" + std::to_string(++passed_[place]);
        log.append(name);
        if (name != orders_.kill) return name;
        ::kill(::getpid(), SIGKILL);
        ::pause();
        return name;
    }

    int fault_of(const std::string& name)
    {
        for (std::size_t i = 0; i < orders_.faults.size(); ++i) {
            const auto& fault = orders_.faults[i];
            if (::fnmatch(fault.name.c_str(), name.c_str(), 0) != 0) continue;
            if (++matched_[i] != fault.which && fault.which != 0) continue;
            fired_.append(name);
            return fault.error;
        }
        return 0;
    }

    std::mutex mutex_;
    std::string path_;
    struct stat seen_{};
    Orders orders_;
    std::map<std::string, int> passed_;
    std::vector<int> matched_;  ///< as `orders_.faults`: how often each was met
    LineFile log_;
    LineFile operations_;
    LineFile fired_;
    const LineFile none_;
};

/// Made at the first call that the process makes, which may be before `main`; kept for ever.
Places& places()
{
    static auto* const instance = new Places;
    return *instance;
}

}  // namespace

Unwatched::Unwatched()
{
    ++unwatched;
}
Unwatched::~Unwatched()
{
    --unwatched;
}
bool Unwatched::is_on()
{
    return unwatched > 0;
}

bool pass(const std::string& place)
{
    const Unwatched own;
    return places().is_armed && places().pass(place);
}

bool is_watching(std::string_view call)
{
    if (Unwatched::is_on()) return false;
    const Unwatched own;
    return places().is_armed && places().concern(call);
}

int begin_call(std::string_view call, std::string_view path)
{
    const Unwatched own;
    return places().begin(call, path);
}

void end_call(std::string_view call, std::string_view path)
{
    const Unwatched own;
    places().end(call, path);
}

std::chrono::seconds clock_offset()
{
    if (Unwatched::is_on()) return {};
    const Unwatched own;
    return places().is_armed ? places().clock() : std::chrono::seconds(0);
}

void set_orders(Orders orders)
{
    const Unwatched own;
    places().set(std::move(orders));
}

}  // namespace ramet::failpoints
