#include "cli/command.hpp"
#include "daemon/local_commands.hpp"

#include <csignal>
#include <malloc.h>
#include <string>
#include <sys/prctl.h>
#include <vector>

int main(int argc, char** argv)
{
    // Core dumps would hold secrets in plain text.
    ::prctl(PR_SET_DUMPABLE, 0);
    // Large blocks go back to the system when they end; else glibc learns to keep blocks of their size.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
    ::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string> words(argv + 1, argv + argc);
    return ramet::cli::run_command_line(words, ramet::daemon::local_commands());
}
