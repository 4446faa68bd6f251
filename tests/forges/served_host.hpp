#pragma once

#include "base/file.hpp"
#include "base/json.hpp"

#include <sys/types.h>

#include <string>

namespace ramet::testing {

/// A Git host in a program of its own (a Python script's `serve`), started once per test program and ended with it.
class ServedHost {
public:
    /// `arguments` of python3; the script prints one JSON line when it is ready.
    explicit ServedHost(std::vector<std::string> arguments);
    ServedHost(const ServedHost&) = delete;
    ServedHost& operator=(const ServedHost&) = delete;
    ~ServedHost();

    const std::string& url() const { return url_; }
    std::string token_of(const std::string& user) const;

private:
    pid_t pid_ = -1;
    Fd output_;
    std::string url_;
    Json ready_;
};

}  // namespace ramet::testing
