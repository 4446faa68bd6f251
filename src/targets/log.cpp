#include "targets/log.hpp"

namespace ramet::targets {

std::string_view last_lines(std::string_view text, std::size_t lines)
{
    if (lines == 0) return {};
    auto at = text.size() - (text.ends_with('\n') ? 1 : 0);
    for (; lines > 0; --lines) {
        const auto end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
        if (end == std::string_view::npos) return text;
        at = end;
    }
    return text.substr(at + 1);
}

}  // namespace ramet::targets
