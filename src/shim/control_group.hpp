#pragma once

#include <string>

namespace ramet::shim {

/// A folder of the unified (v2) control group tree, to end whatever a program has started, however it hid. Where that tree
/// cannot be written to, all of this does nothing and says so.
class ControlGroup {
public:
    ControlGroup() = default;
    explicit ControlGroup(std::string folder) : folder_(std::move(folder)) {}

    /// `name` beneath the group that this process is in; a group without a folder when that cannot be.
    static ControlGroup make_own(const std::string& name);
    ControlGroup make_child(const std::string& name) const;

    bool exists() const { return !folder_.empty(); }
    const std::string& folder() const { return folder_; }
    /// Kills all processes in it, at once and without a race against forks.
    void kill() const;
    /// No process is in it, nor beneath it.
    bool is_empty() const;
    /// Whether it is gone now: killed processes take a moment to leave it.
    bool remove();

private:
    std::string folder_;
};

}  // namespace ramet::shim
