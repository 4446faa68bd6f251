#pragma once

#include "config/keys.hpp"

#include <map>
#include <string>
#include <vector>

namespace ramet::config {

enum class NameKind : std::uint8_t { service, database, job, imported };

/// What the names of a file stand for.
class NamesInFile {
public:
    explicit NamesInFile(const Draft& draft);

    /// What a name stands for; with an import of a whole compose file, unknown names may be one of its services.
    const NameKind* find(const std::string& name) const;
    /// "there is no service 'wbe'; did you mean 'web'?"
    std::string missing(std::string_view what, const std::string& name) const;

private:
    std::map<std::string, NameKind> names_{};
    bool imports_all_ = false;
};

}  // namespace ramet::config
