#pragma once

namespace ramet::app {

/// Everything that the use cases work with; made once by the daemon (app/context.hpp).
struct App;

}  // namespace ramet::app
