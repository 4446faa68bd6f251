#pragma once

#include "base/file.hpp"

#include <stdlib.h>

#include <doctest/doctest.h>

namespace ramet::testing {

/// A directory of its own, gone at the end of the test.
class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        std::string name = "/tmp/ramet-test-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory()
    {
        if (const auto removed = remove_tree(path_); !removed) MESSAGE(removed.error().message);
    }

    const Path& path() const { return path_; }

private:
    Path path_;
};

}  // namespace ramet::testing
