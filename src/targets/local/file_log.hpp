#pragma once

#include "base/file.hpp"
#include "targets/log.hpp"

#include <vector>

namespace ramet::targets::local {

/// A log in files: the last of `files` is being written, the others are older. Survives rotation (what was written to the old file is still
/// read) and truncation.
class FileLog final : public Log {
public:
    FileLog(const std::vector<std::string>& files, const LogRequest& request);

    std::optional<std::string> read(std::size_t limit) override;

private:
    std::string read_new(std::size_t limit);
    bool follow_rotation();

    bool is_followed_;
    std::optional<std::string> tail_;  ///< until it was read
    std::string file_{};
    Fd open_file_{};  ///< kept, so that what was written before a rotation is still read
    std::int64_t offset_ = 0;
};

}  // namespace ramet::targets::local
