#pragma once

#include "shim/message.hpp"
#include "targets/local/shim_client.hpp"

namespace ramet::targets::local {

/// What `ramet-shim start` reads; with the program's keys behind when there is one.
shim::Message encode_start(const ShimStart& start);
/// The keys of a `deploy` request.
void add_program(shim::Message& message, const ShimProgram& program);
ShimStatus decode_status(const shim::Message& reply);

}  // namespace ramet::targets::local
