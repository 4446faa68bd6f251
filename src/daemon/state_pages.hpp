#pragma once

#include "app/context.hpp"
#include "daemon/route_board.hpp"

namespace ramet::daemon {

/// Shows the state of an environment at each of its public hosts, for as long as no service answers there.
void refresh_pages(app::App& app, RouteBoard& board, const EnvironmentId& id);

}  // namespace ramet::daemon
