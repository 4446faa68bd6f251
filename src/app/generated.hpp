#pragma once

#include "app/preparation.hpp"
#include "clone/clone.hpp"

namespace ramet::app {

/// Finds, or makes and stores, what `cloned` says is to be generated once for this environment, and puts it into `stored`.
/// With Generating::imagined what is not there yet is left out, and nothing is written.
Result<void> fill_generated(App& app, const Environment& environment, const clone::Cloned& cloned,
                            Generating generating, clone::StoredValues& stored);

}  // namespace ramet::app
