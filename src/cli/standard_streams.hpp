#pragma once

#include "base/result.hpp"
#include "net/joint.hpp"

#include <memory>
#include <thread>
#include <vector>

namespace ramet::cli {

enum class PassInput : bool { no, yes };

/// Standard input, output and error output behind pipes, each moved by a thread: a file cannot be waited for, and making a terminal
/// that is shared with the shell non-blocking would change it for the shell too.
class StandardStreams {
public:
    /// Without input a command reads its end at once.
    static Result<std::unique_ptr<StandardStreams>> start(PassInput pass);
    ~StandardStreams();

    /// The near ends, once.
    net::Joint take_joint() { return std::move(joint_); }
    /// Writes out what is still on its way. The joint must be over.
    void finish();

private:
    Result<void> open(PassInput pass);

    net::Joint joint_;
    Fd stop_;  ///< closed: input is not waited for any more
    std::vector<std::jthread> threads_;
};

}  // namespace ramet::cli
