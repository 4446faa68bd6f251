#pragma once

#include "app/context.hpp"

namespace ramet::app {

/// `refused` when the ledger says of something of this environment that it is something of an original: nothing is removed by rows
/// that Ramet did not write so. Two live resources never share a name or an identity.
Result<void> check_removes_its_own(App& app, const Environment& environment);

}  // namespace ramet::app
