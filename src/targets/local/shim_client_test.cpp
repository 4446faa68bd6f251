#include "targets/local/shim_client.hpp"

#include "support/temporary.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::targets::local;

namespace {

/// Listens where a shim does, and hangs up on whoever asks.
class SilentShim {
public:
    explicit SilentShim(const Path& directory)
        : lock_(::open((directory / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)),
          socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, (directory / "control.sock").c_str(), sizeof address.sun_path - 1);
        REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(socket_.get(), 16) == 0);
        REQUIRE(::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0);
        thread_ = std::jthread([this] {
            while (true) {
                const Fd asked(::accept(socket_.get(), nullptr, nullptr));
                if (!asked) return;
            }
        });
    }
    ~SilentShim() { ::shutdown(socket_.get(), SHUT_RDWR); }

    void release_lock() { ::flock(lock_.get(), LOCK_UN); }

private:
    Fd lock_;
    Fd socket_;
    std::jthread thread_;
};

}  // namespace

TEST_CASE("a shim that does not answer and holds its lock is not absent")
{
    const testing::TemporaryDirectory directory;
    CHECK_FALSE(find_shim(directory.path()).value().has_value());
    SilentShim shim(directory.path());
    const auto found = find_shim(directory.path());
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == ErrorKind::unavailable);
    shim.release_lock();
    CHECK_FALSE(find_shim(directory.path()).value().has_value());
}
