#include "cli/command.hpp"
#include "daemon/local_commands.hpp"

#include <csignal>
#include <string>
#include <sys/prctl.h>
#include <vector>

int main(int argc, char** argv)
{
    // Core dumps would hold secrets in plain text.
    ::prctl(PR_SET_DUMPABLE, 0);
    ::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string> words(argv + 1, argv + argc);
    return ramet::cli::run_command_line(words, ramet::daemon::local_commands());
}
