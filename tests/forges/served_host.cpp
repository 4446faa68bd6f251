#include "forges/served_host.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace ramet::testing {

namespace {

// A line is all that the script says; it ends without one when it could not start.
std::string read_line(int descriptor)
{
    std::string line;
    char c = 0;
    while (::read(descriptor, &c, 1) == 1 && c != '\n') line += c;
    return line;
}

}  // namespace

ServedHost::ServedHost(std::vector<std::string> arguments)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    output_ = Fd(ends[0]);
    Fd write_end(ends[1]);
    arguments.insert(arguments.begin(), {"/usr/bin/python3", "-W", "ignore"});
    std::vector<char*> words;
    for (auto& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
    const int failed = ::posix_spawn(&pid_, words[0], &actions, nullptr, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::system_error(failed, std::generic_category(), words[0]);
    // Only the script holds the pipe now, so that its end is seen here.
    write_end = Fd();
    auto ready = parse_json(read_line(output_.get()));
    if (!ready) throw std::runtime_error("the Git host did not start; its messages stand above");
    ready_ = std::move(*ready);
    url_ = get_string(ready_, "url");
}

ServedHost::~ServedHost()
{
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
}

std::string ServedHost::token_of(const std::string& user) const
{
    return get_string(get_member(get_member(ready_, "accounts"), user), "token",
                      "0123456789012345678901234567890123456789");
}

}  // namespace ramet::testing
