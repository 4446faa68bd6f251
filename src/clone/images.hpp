#pragma once

#include "clone/clone.hpp"

namespace ramet::clone {

/// Puts in for `${…}` in the images of services and jobs; where the target is this machine they say nothing, and stay. What is copied from the
/// base and has a build runs the image of `base_commit`, and so do the jobs made from it: nothing of it has changed since. What cannot be put in is refused in `cloned`.
void fill_images(Cloned& cloned, const Revision& revision, const CommitSha& base_commit);

}  // namespace ramet::clone
