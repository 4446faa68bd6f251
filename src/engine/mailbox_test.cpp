#include "engine/mailbox.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

TEST_CASE("the newest generation wins, and destroy beats apply")
{
    using enum RunKind;
    struct Case {
        std::string_view story;
        RunKind arriving;
        std::optional<RunKind> active;
        std::vector<RunKind> waiting;
        bool starts, supersedes;
        std::vector<std::size_t> replaced;
    };
    const Case cases[] = {
        {"the slot is free", apply, {}, {}, true, false, {}},
        {"an apply during an apply", apply, apply, {}, false, true, {}},
        {"an apply takes the slot of an apply", apply, apply, {apply}, false, true, {0}},
        {"a destroy during an apply", destroy, apply, {}, false, true, {}},
        {"a destroy takes every slot", destroy, apply, {destroy, apply}, false, true, {0, 1}},
        {"an apply waits for a destroy", apply, destroy, {}, false, false, {}},
        {"an apply waits behind a destroy that waits", apply, apply, {destroy}, false, true, {}},
        {"an apply behind a destroy replaces the apply there", apply, destroy, {apply}, false, false, {0}},
        {"between two runs nothing jumps the queue", apply, {}, {destroy}, false, false, {}},
    };
    for (const auto& each : cases) {
        CAPTURE(each.story);
        const auto admission = admit(each.arriving, each.active, each.waiting);
        CHECK(admission.starts_now == each.starts);
        CHECK(admission.supersedes_active == each.supersedes);
        CHECK(admission.supersedes_waiting == each.replaced);
    }
}

}  // namespace
}  // namespace ramet::engine
