#pragma once

#include "base/file.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace ramet::testing {

/// A directory of its own under the system's temporary directory; removed with all that is in it at the end of the test.
class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "ramet-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), pattern);
        // Canonical, so that a test may compare paths where /tmp is a link.
        path_ = std::filesystem::canonical(pattern);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    ~TemporaryDirectory()
    {
        const auto removed = remove_tree(path_);
        if (!removed) std::fprintf(stderr, "left behind: %s\n", removed.error().message.c_str());
    }

    const Path& path() const { return path_; }
    Path operator/(const Path& name) const { return path_ / name; }

    /// Creates the file `name` (its folders too) and returns its path.
    Path write(const Path& name, std::string_view content = {}) const
    {
        const auto file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        const auto written = write_file(file, content, 0644);
        if (!written) throw std::runtime_error(written.error().message);
        return file;
    }

private:
    Path path_;
};

/// Asks until the condition holds; false when it still does not after `limit`.
template <typename Condition>
[[nodiscard]] bool wait_until(const Condition& condition, std::chrono::milliseconds limit = std::chrono::seconds(10))
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

/// A TCP port of 127.0.0.1 that nobody listened on a moment ago. Prefer to bind to port 0 where the code under test can.
inline std::uint16_t free_port()
{
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "free_port");
    return ntohs(address.sin_port);
}

}  // namespace ramet::testing
