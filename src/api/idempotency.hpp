#pragma once

#include "api/router.hpp"

#include <functional>

namespace ramet::api {

/// Whether the request is one that must not happen twice: a POST of somebody known, with an Idempotency-Key.
bool has_idempotency_key(const Route& route, const net::Request& request);

/// Answers a request with an Idempotency-Key. The first one is worked on; a repetition gets the same answer, marked by
/// `Idempotent-Replayed: true`, for a day. The key is bound to the caller's token and project.
///
/// 422 when the key was used for another request, 409 with `Retry-After` while the first is being worked on, 409 when nobody
/// can know how it ended (the server died in it) or its answer held a secret, which is never kept. Answers that are
/// failures are not kept: nothing was done, and the key may be used again.
net::Response respond_once(const Route& route, const Ask& ask, const std::function<net::Response()>& respond);

}  // namespace ramet::api
