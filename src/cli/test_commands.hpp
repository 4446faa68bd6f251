#pragma once
// For the tests of this folder: what a command line prints and returns.

#include "cli/command.hpp"

#include <iostream>
#include <sstream>

namespace ramet::cli::testing {

struct Outcome {
    int code = 0;
    std::string output{};
    std::string errors{};
};

/// Keeps what is written to a stream while it lives.
class Capture {
public:
    explicit Capture(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
    ~Capture() { stream_.rdbuf(before_); }
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;
    std::string text() const { return text_.str(); }

private:
    std::ostringstream text_;
    std::ostream& stream_;
    std::streambuf* before_;
};

/// Runs one command line as main() does, with what it prints.
inline Outcome run(const std::vector<std::string>& words)
{
    const Capture output(std::cout);
    const Capture errors(std::cerr);
    const int code = run_command_line(
        words, {{"version", "print the version", {}, {}, [](Session&, const Arguments&) { return Result<int>(0); }}});
    return {code, output.text(), errors.text()};
}

}  // namespace ramet::cli::testing
