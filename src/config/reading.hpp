#pragma once

#include "config/yaml_tree.hpp"
#include "domain/project_file.hpp"

#include <string>
#include <vector>

namespace ramet::config {

/// More errors than this help nobody, and a file made of errors shall not take long.
constexpr std::size_t most_errors = 100;

/// One pass over a file: where we are, what was wrong so far, which keys were used.
class Reading {
public:
    explicit Reading(std::string_view file_name) : file_name_(file_name) {}

    /// Notes an error at a place of the file; the path of the key stands in front.
    void refuse(Mark mark, std::string message, std::string next_step = {});
    /// Nothing more is noted: looking for what was meant would only take time.
    bool is_enough() const { return errors_.size() >= most_errors; }
    Provenance where(Mark mark) const;

    void enter(std::string_view key) { path_.emplace_back(key); }
    void leave() { path_.pop_back(); }
    std::string path() const;
    /// Notes that the key where we are is used.
    void use(Mark mark) { used_keys_.push_back({path(), where(mark)}); }

    const std::string& file_name() const { return file_name_; }
    std::vector<Error>& errors() { return errors_; }
    std::vector<UnservedKey>& used_keys() { return used_keys_; }

private:
    std::string file_name_;
    std::vector<std::string> path_{};
    std::vector<Error> errors_{};
    std::vector<UnservedKey> used_keys_{};
};

}  // namespace ramet::config
