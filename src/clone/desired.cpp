#include "clone/desired.hpp"

namespace ramet {

std::string_view to_string(Treatment treatment)
{
    switch (treatment) {
    case Treatment::rebuilt: return "rebuilt";
    case Treatment::copied: return "copied";
    case Treatment::shared: return "shared";
    case Treatment::skipped: return "skipped";
    }
    return "rebuilt";
}

}  // namespace ramet
