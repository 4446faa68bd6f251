#pragma once

#include "clone/clone.hpp"

namespace ramet::clone {

/// The databases of a preview with where their data come from. Adds refusals (a protected source, nothing to clone from) and notes.
std::vector<DesiredDatabase> databases_of_preview(const CloneInput& input, Cloned& cloned);

/// The databases of a base: born empty, seeded.
std::vector<DesiredDatabase> databases_of_base(const BaseInput& input, Cloned& cloned);

}  // namespace ramet::clone
