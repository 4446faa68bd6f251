#include "config/reading.hpp"

#include "base/text.hpp"

namespace ramet::config {

void Reading::refuse(Mark mark, std::string message, std::string next_step)
{
    if (errors_.size() >= most_errors) return;
    const auto here = path();
    errors_.push_back({.kind = ErrorKind::invalid,
                       .message = here.empty() ? std::move(message) : here + ": " + message,
                       .next_step = std::move(next_step),
                       .where = place(file_name_, mark)});
}

Provenance Reading::where(Mark mark) const
{
    return {.file = file_name_, .line = mark.line, .column = mark.column};
}

std::string Reading::path() const
{
    return join(path_, ".");
}

}  // namespace ramet::config
