#include "base/spawn.hpp"

#include "base/pipe.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace ramet {
namespace {

constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

void set_nonblocking(const Fd& fd)
{
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

bool is_program(const Path& path)
{
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string search_path_of(const Command& command)
{
    const auto given = command.environment.find("PATH");
    return given == command.environment.end() ? std::string(default_path) : given->second;
}

/// Looked up here and not by posix_spawnp, which would search this process's PATH instead of the child's.
Result<std::string> find_program(const Command& command)
{
    const auto& name = command.arguments.front();
    if (name.contains('/')) return name;
    const auto search_path = search_path_of(command);
    for (const auto& folder : split(search_path, ':')) {
        const auto candidate = Path(folder.empty() ? "." : folder) / name;
        if (!name.empty() && is_program(candidate)) return candidate.string();
    }
    Error error{ErrorKind::not_found, fmt::format("no program is called '{}'", name)};
    error.evidence = fmt::format("PATH={}", search_path);
    error.next_step = "install it, or put its folder into PATH";
    return std::unexpected(std::move(error));
}

/// The null-terminated array of C strings that exec wants; `texts` must outlive it.
std::vector<char*> pointers_to(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> environment_of(const Command& command)
{
    std::vector<std::string> variables;
    if (!command.environment.contains("PATH")) variables.push_back("PATH=" + std::string(default_path));
    for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
    return variables;
}

/// What posix_spawn does in the child before exec.
class Actions {
public:
    Actions() { posix_spawn_file_actions_init(&actions_); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() { posix_spawn_file_actions_destroy(&actions_); }

    void connect(const Fd& fd, int to) { posix_spawn_file_actions_adddup2(&actions_, fd.get(), to); }
    void read_nothing() { posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0); }
    void close_the_rest() { posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1); }
    void enter(const Path& directory) { posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str()); }
    const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

/// A group of its own, no blocked and no ignored signal: the daemon's own choices are not the child's.
class Attributes {
public:
    Attributes()
    {
        posix_spawnattr_init(&attributes_);
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes_, &signals);
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes_, &signals);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { posix_spawnattr_destroy(&attributes_); }

    const posix_spawnattr_t* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

Error spawn_error(int number, const std::string& program)
{
    auto error = Error{ErrorKind::unavailable, fmt::format("starting {}: {}", program, std::strerror(number))};
    if (number == ENOENT || number == ENOTDIR) {
        error.kind = ErrorKind::not_found;
        error.next_step = "check that the program exists and, for a script, the interpreter of its first line";
    }
    if (number == EACCES || number == EPERM) error.kind = ErrorKind::forbidden;
    if (number == ENOEXEC || number == E2BIG || number == ELOOP) error.kind = ErrorKind::invalid;
    return error;
}

Result<void> check_texts(const Command& command)
{
    for (const auto& argument : command.arguments)
        if (argument.contains('\0'))
            return fail(ErrorKind::invalid, "an argument of {} holds a zero byte", command.arguments[0]);
    for (const auto& [name, value] : command.environment)
        if (name.empty() || name.contains('=') || name.contains('\0') || value.contains('\0'))
            return fail(ErrorKind::invalid, "'{}' cannot be a variable of {}", name, command.arguments[0]);
    // Checked here because posix_spawn reports a missing directory like a missing program.
    if (!command.working_directory.empty() && !std::filesystem::is_directory(command.working_directory))
        return fail(ErrorKind::not_found, "starting {}: no directory {}", command.arguments[0],
                    command.working_directory.string());
    return {};
}

int exit_code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<Child> spawn(const Command& command)
{
    TRY(check_texts(command));
    const auto program = TRY(find_program(command));
    auto input = TRY(make_pipe());
    auto output = TRY(make_pipe());
    auto error = TRY(make_pipe());

    Actions actions;
    if (command.standard_input.empty())
        actions.read_nothing();
    else
        actions.connect(input.read, STDIN_FILENO);
    actions.connect(output.write, STDOUT_FILENO);
    actions.connect(error.write, STDERR_FILENO);
    actions.close_the_rest();
    if (!command.working_directory.empty()) actions.enter(command.working_directory);

    auto arguments = command.arguments;
    auto variables = environment_of(command);
    const Attributes attributes;
    Child child;
    const int failure = ::posix_spawn(&child.pid, program.c_str(), actions.get(), attributes.get(),
                                      pointers_to(arguments).data(), pointers_to(variables).data());
    if (failure != 0) return std::unexpected(spawn_error(failure, program));

    // Not by pidfd_open(): the header of glibc 2.36 forgets its C linkage.
    child.handle = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
    child.input = std::move(input.write);
    child.output = std::move(output.read);
    child.error = std::move(error.read);
    for (const auto* fd : {&child.input, &child.output, &child.error}) set_nonblocking(*fd);
    if (child.handle) return child;
    const auto reason = std::string(std::strerror(errno));
    child.kill_group_and_reap();
    return fail(ErrorKind::unavailable, "starting {}: it cannot be waited for: {}", program, reason);
}

int Child::kill_group_and_reap() const
{
    // Until it is reaped the leader keeps the number of the group from being given to anybody else.
    ::kill(-pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return exit_code_of(status);
}

}  // namespace ramet
