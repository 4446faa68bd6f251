#pragma once

#include "shim/files.hpp"

namespace ramet::shim {

/// A private port for one replica, which no other shim on this machine takes while it is held.
class PortLease {
public:
    /// A port of 10000–19999 that nobody listens on; 0 when there is none.
    static PortLease take();
    int port() const { return port_; }

private:
    int port_ = 0;
    Fd lock_;
};

/// A listening socket on 127.0.0.1; no descriptor and errno when the port is taken.
Fd listen_on(int port);

}  // namespace ramet::shim
