#include "shim/port_lease.hpp"
#include "shim/shim.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

// ramet-shim start LABEL   reads one message from standard input, opens what it needs and goes into the background. Exit codes:
//                          0 it listens (or another one does there), 3 the port is taken, 1 anything else, said on standard error
// ramet-shim end-user UID  kills every process of that user

namespace ramet::shim {
namespace {

constexpr int exit_port_taken = 3;

int complain(std::string_view what, int code = 1)
{
    ::dprintf(STDERR_FILENO, "ramet-shim: %s\n", error_text(what, errno).c_str());
    return code;
}

std::string read_input()
{
    std::string text;
    char buffer[16U << 10U];
    ssize_t count = 0;
    while ((count = ::read(STDIN_FILENO, buffer, sizeof buffer)) > 0 && text.size() < message_limit)
        text.append(buffer, static_cast<std::size_t>(count));
    ::explicit_bzero(buffer, sizeof buffer);
    return text;
}

void forget_streams()
{
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, stream);
    ::close(nothing);
}

void prepare_process()
{
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::prctl(PR_SET_DUMPABLE, 0);  // It holds secrets; and programs of the same user could else read its memory.
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    // Where that is allowed: the shim goes last of an environment.
    write_text("/proc/self/oom_score_adj", "-100");
}

/// Opens everything; 0 and a filled `opened`, or an exit code.
int open_all(Opened& opened)
{
    auto start = Message::decode(read_input());
    if (!start) return complain("reading the start message");
    opened.start = std::move(*start);
    const std::string directory(opened.start.get("shim_directory"));
    if (::chdir(directory.c_str()) != 0) return complain(directory);
    opened.lock = Fd(::open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!opened.lock) return complain("opening the lock");
    // Another one lives here: the caller asks it who it is.
    if (::flock(opened.lock.get(), LOCK_EX | LOCK_NB) != 0) return -1;
    const auto port = static_cast<int>(opened.start.number("port"));
    if (port != 0) opened.listener = listen_on(port);
    if (port != 0 && !opened.listener) return complain("port " + std::to_string(port), exit_port_taken);
    if (!make_folders("logs")) return complain("making the folder of logs");
    opened.control = listen_at("control.sock");
    return opened.control ? 0 : complain("binding the control socket");
}

int start()
{
    ::umask(0077);
    Opened opened;
    const int code = open_all(opened);
    if (code != 0) return code < 0 ? 0 : code;
    // Twice, so that it leads no session and can never be given a terminal; it listens already, so nobody need wait for it.
    const auto first = ::fork();
    if (first < 0) return complain("going into the background");
    if (first > 0) {
        // Until the child has a session of its own it is in our process group, which whoever started us ends after us.
        int status = 0;
        while (::waitpid(first, &status, 0) < 0 && errno == EINTR) {}
        ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    ::setsid();
    const auto second = ::fork();
    if (second != 0) ::_exit(second < 0 ? 1 : 0);
    forget_streams();
    prepare_process();
    Shim shim(std::move(opened));
    shim.run();
    return 0;
}

int end_user(const char* number)
{
    const auto uid = static_cast<uid_t>(std::strtoul(number, nullptr, 10));
    if (uid == 0 || ::geteuid() != 0) return complain("ending a user's processes needs root and is not for root's own");
    if (::setresuid(uid, uid, uid) != 0) return complain("becoming that user");
    // As that user -1 means all of its processes and nobody else's, in one call that no fork can race. Its answer says nothing:
    // it counts those too that it may not signal.
    ::kill(-1, SIGKILL);
    return 0;
}

}  // namespace
}  // namespace ramet::shim

int main(int count, char** arguments)
{
    using namespace ramet::shim;
    const std::string_view verb = count > 1 ? arguments[1] : "";
    if (verb == "start") return start();
    if (verb == "end-user" && count == 3) return end_user(arguments[2]);
    ::dprintf(STDERR_FILENO, "usage: ramet-shim start LABEL | end-user UID\n");
    return 2;
}
