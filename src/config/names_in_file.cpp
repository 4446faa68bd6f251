#include "config/names_in_file.hpp"

#include "base/text.hpp"

namespace ramet::config {

NamesInFile::NamesInFile(const Draft& draft)
{
    for (const auto& import : draft.imports) {
        imports_all_ = imports_all_ || import.services.empty();
        for (const auto& name : import.services) names_[name] = NameKind::imported;
    }
    for (const auto& service : draft.file.services) names_[service.name] = NameKind::service;
    for (const auto& database : draft.file.databases) names_[database.name] = NameKind::database;
    for (const auto& job : draft.file.jobs) names_[job.name] = NameKind::job;
}

const NameKind* NamesInFile::find(const std::string& name) const
{
    static constexpr auto imported = NameKind::imported;
    const auto found = names_.find(name);
    if (found != names_.end()) return &found->second;
    return imports_all_ ? &imported : nullptr;
}

std::string NamesInFile::missing(std::string_view what, const std::string& name) const
{
    std::vector<std::string> known;
    for (const auto& [each, kind] : names_) known.push_back(each);
    const auto meant = did_you_mean(name, known);
    return fmt::format("there is no {} '{}'{}", what, name, meant.empty() ? "" : "; did you mean '" + meant + "'?");
}

}  // namespace ramet::config
