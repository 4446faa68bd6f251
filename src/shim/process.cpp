#include "shim/process.hpp"

#include "shim/sandbox.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace ramet::shim {
namespace {

struct Pipe {
    Fd read;
    Fd write;
};

bool make_pipe(Pipe& pipe, int read_flags)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    pipe.read = Fd(ends[0]);
    pipe.write = Fd(ends[1]);
    return ::fcntl(ends[0], F_SETFL, read_flags) == 0;
}

/// fork(2), straight into the control group: moving a process there afterwards waits for a grace period of the kernel.
pid_t fork_into(const ControlGroup& group)
{
    const Fd folder(group.exists() ? ::open(group.folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
    if (!folder) return ::fork();
    clone_args arguments{};
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = static_cast<unsigned>(folder.get());
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
    return pid < 0 ? ::fork() : pid;
}

void reset_signals()
{
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void connect_streams(const Streams& streams, const Sandbox& sandbox)
{
    ::dup2(streams.input >= 0 ? streams.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    ::dup2(streams.output, STDOUT_FILENO);
    ::dup2(streams.error, STDERR_FILENO);
    // So that the program may open /dev/stderr and the like by name, which are pipes that were made by another user.
    if (streams.input >= 0 && ::geteuid() == 0)
        for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            [[maybe_unused]] const auto ignored = ::fchown(stream, sandbox.uid, sandbox.gid);
        }
    // Everything else closes itself at exec; the pipe for problems is still needed until then.
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

void set_limits()
{
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    rlimit files{};
    // The shim raised its own limit to the utmost; programs get what a login would give them where that is less.
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > 8192) {
        files.rlim_cur = 8192;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    // When memory runs out a preview goes before Ramet and before everything else on the machine.
    write_text("/proc/self/oom_score_adj", "500");
}

std::vector<char*> pointers_to(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::string_view search_path_of(const std::vector<std::string>& environment)
{
    for (const std::string_view variable : environment)
        if (variable.starts_with("PATH=")) return variable.substr(5);
    return "/usr/local/bin:/usr/bin:/bin";
}

/// Returns only when nothing could be executed; errno is that of the most telling attempt.
void execute(const std::vector<std::string>& wanted, std::vector<std::string>& environment)
{
    auto arguments = wanted;
    const auto argument_pointers = pointers_to(arguments);
    const std::string search_path(search_path_of(environment));
    const auto environment_pointers = pointers_to(environment);
    const auto& name = wanted.front();
    if (name.contains('/')) {
        ::execve(name.c_str(), argument_pointers.data(), environment_pointers.data());
        return;
    }
    int telling = ENOENT;
    std::string_view rest = search_path;
    while (!rest.empty()) {
        const auto folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
        ::execve((std::string(folder) + "/" + name).c_str(), argument_pointers.data(), environment_pointers.data());
        if (errno != ENOENT && errno != ENOTDIR) telling = errno;
    }
    errno = telling;
}

[[noreturn]] void give_up(int problem, std::string_view what)
{
    const auto text = error_text(what, errno);
    [[maybe_unused]] const auto written = ::write(problem, text.data(), text.size());
    ::_exit(127);
}

[[noreturn]] void become(const Start& start, const Streams& streams, int problem, pid_t parent)
{
    ::setsid();
    reset_signals();
    const auto& sandbox = start.program.sandbox;
    connect_streams(streams, sandbox);
    set_limits();
    // Before the view is made: the folders in it must let the program through.
    ::umask(022);
    const char* stage = "";
    if (::geteuid() == 0 && !enter_view(sandbox, stage)) give_up(problem, stage);
    if (!become_user(sandbox, stage)) give_up(problem, stage);
    // After the change of user, which clears it; and the shim may have ended before it was set.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    if (::chdir(start.program.directory.c_str()) != 0) give_up(problem, "entering " + start.program.directory);
    auto environment = start.program.environment;
    environment.insert(environment.end(), start.additional.begin(), start.additional.end());
    execute(start.arguments, environment);
    give_up(problem, "executing " + start.arguments.front());
}

}  // namespace

Process start_process(const Start& start)
{
    Process process;
    Pipe output;
    Pipe problem;
    if (!start.streams.are_given() && !make_pipe(output, O_NONBLOCK)) return process;
    if (!make_pipe(problem, O_NONBLOCK)) return process;
    auto streams = start.streams;
    if (!streams.are_given()) streams = {-1, output.write.get(), output.write.get()};
    const auto parent = ::getpid();
    const auto pid = fork_into(start.group);
    if (pid == 0) become(start, streams, problem.write.get(), parent);
    if (pid < 0) return process;
    process.pid = pid;
    process.output = std::move(output.read);
    process.problem = std::move(problem.read);
    return process;
}

void send_signal(pid_t pid, int signal, Reach reach)
{
    if (pid <= 0) return;
    // Each program leads a session of its own, so its group has its number; not yet, when it has only just been forked.
    if (reach == Reach::whole_group && ::kill(-pid, signal) == 0) return;
    ::kill(pid, signal);
}

bool kill_tagged(const std::string& tag)
{
    DIR* listing = ::opendir("/proc");
    if (listing == nullptr) return is_starved();
    bool may_be_left = false;
    while (const auto* entry = ::readdir(listing)) {
        const auto pid = static_cast<pid_t>(std::atoi(entry->d_name));
        if (pid <= 1 || pid == ::getpid()) continue;
        const auto environment = look_into(std::string("/proc/") + entry->d_name + "/environ");
        if (environment && !('\0' + *environment).contains('\0' + tag + '\0')) continue;
        if (environment) ::kill(pid, SIGKILL);
        may_be_left = true;
    }
    ::closedir(listing);
    return may_be_left;
}

}  // namespace ramet::shim
