#pragma once

#include <cstdint>

namespace ramet::engine {

/// Deliberate defects for the test harness, which must catch every one. Never set outside tests.
enum class Mutation : std::uint8_t {
    none,
    intent_skipped,          ///< calls are launched before their INTENT is committed
    undo_acknowledged_only,  ///< compensation forgets steps whose answer never came
    adopt_by_name,           ///< what has our name is taken for ours
    absent_at_once,          ///< "absent" is believed before the provider's horizon
};

}  // namespace ramet::engine
