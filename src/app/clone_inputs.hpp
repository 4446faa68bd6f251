#pragma once

#include "app/preparation.hpp"
#include "clone/input.hpp"

namespace ramet::app {

// Gathers everything that the pure functions of clone/ look at: files at their commits, trees, stored values, the base's addresses.

Result<clone::BaseInput> base_input(App& app, const Wanted& wanted);
Result<clone::CloneInput> preview_input(App& app, const Wanted& wanted);

}  // namespace ramet::app
