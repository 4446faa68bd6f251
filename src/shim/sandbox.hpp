#pragma once

#include "shim/program.hpp"

namespace ramet::shim {

/// Called in the child, as root: gives it a file system view of its own (the data directory hidden but for what the program may
/// see, the given files over the machine's, its own /dev/shm) and its own System V IPC. Nothing of it is visible outside, and
/// all of it is gone with the last process. False with errno set, and `stage` says at what.
bool enter_view(const Sandbox& sandbox, const char*& stage);

/// Called in the child: becomes the user, for good.
bool become_user(const Sandbox& sandbox, const char*& stage);

/// The highest ancestor of `path` that others may not pass, or `path` itself: what is to be covered so that what is put back
/// beneath can be reached.
std::string find_cover_place(const std::string& path);

}  // namespace ramet::shim
