#pragma once

#include "base/clock.hpp"
#include "targets/kubernetes/access.hpp"

#include <mutex>

namespace ramet::targets::kubernetes {

/// What is shown to a cluster with each request. Answers from memory while it may; for any number of threads.
class Credentials {
public:
    /// `clock` outlives it.
    Credentials(const ClusterAccess& access, Clock& clock);

    /// The value of the Authorization header; empty where a certificate says who we are. Runs the plugin or reads the file when what
    /// is known is over. Errors: not_found (the file, the plugin with its install hint), unauthenticated (the plugin failed).
    Result<std::string> authorization();
    /// The cluster did not accept it: the next question gets a fresh one, where there can be one. False: there cannot.
    bool renew();

private:
    Result<std::string> read_token();
    Result<std::string> run_plugin();

    Clock& clock_;
    SecretBytes token_;
    Path token_file_;
    std::optional<ExecPlugin> plugin_;
    std::mutex mutex_;  // of the next two
    SecretBytes known_{};
    Time valid_until_{};
};

}  // namespace ramet::targets::kubernetes
