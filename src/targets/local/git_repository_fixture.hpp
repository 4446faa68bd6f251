#pragma once
// For the tests of this folder: a real Git repository to be mirrored.

#include "base/subprocess.hpp"
#include "base/text.hpp"
#include "domain/ids.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

namespace ramet::targets::local {

class GitRepositoryFixture {
public:
    GitRepositoryFixture() { git({"init", "--quiet", "--initial-branch=main", "."}); }

    std::string git(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin(), {"git", "-c", "user.name=tester", "-c", "user.email=tester@example.com"});
        const auto output =
            run_checked({.arguments = std::move(arguments),
                         .environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_NOSYSTEM", "1"}},
                         .working_directory = directory_.path()});
        REQUIRE_MESSAGE(output.has_value(), (output ? "" : output.error().message + output.error().evidence));
        return std::string(trim(*output));
    }
    void write(const std::string& path, std::string_view text) const
    {
        std::filesystem::create_directories((directory_.path() / path).parent_path());
        std::ofstream(directory_.path() / path) << text;
    }
    void link(const std::string& path, const std::string& target) const
    {
        std::filesystem::create_directories((directory_.path() / path).parent_path());
        std::filesystem::create_symlink(target, directory_.path() / path);
    }
    CommitSha commit() const
    {
        git({"add", "--all"});
        git({"commit", "--quiet", "--message=work"});
        return CommitSha(git({"rev-parse", "HEAD"}));
    }
    std::string url() const { return directory_.path().string(); }

private:
    testing::TemporaryDirectory directory_;
};

}  // namespace ramet::targets::local
