#include "base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace ramet::log {
namespace {

spdlog::logger make_logger()
{
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    spdlog::logger logger("ramet", std::move(sink));
    logger.set_level(spdlog::level::trace);
    return logger;
}

/// What the process writes its lines with. Kept for ever, so that destructors of other statics may still log.
struct Output {
    spdlog::logger logger = make_logger();
    std::atomic<Level> level{Level::info};
    std::mutex mutex;
    std::function<std::string(std::string_view)> redact;
};

Output& output()
{
    static auto* const instance = new Output;
    return *instance;
}

spdlog::level::level_enum to_spdlog(Level level)
{
    switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: break;
    }
    return spdlog::level::err;
}

/// One record is one line, whatever a provider's message holds: a new line in it could pretend to be a record.
std::string escape_control(std::string_view line)
{
    std::string out;
    out.reserve(line.size());
    for (const auto character : line) {
        const auto byte = static_cast<unsigned char>(character);
        if (character == '\n')
            out += "\\n";
        else if (byte < 0x20 || byte == 0x7F)
            out += fmt::format("\\x{:02x}", byte);
        else
            out += character;
    }
    return out;
}

std::string redacted(Output& to, std::string_view line)
{
    const std::lock_guard lock(to.mutex);
    return to.redact ? to.redact(line) : std::string(line);
}

}  // namespace

void set_level(Level level)
{
    output().level = level;
}

void set_redactor(std::function<std::string(std::string_view)> redact)
{
    auto& to = output();
    const std::lock_guard lock(to.mutex);
    to.redact = std::move(redact);
}

void write(Level level, std::string_view line)
{
    auto& to = output();
    if (level < to.level.load()) return;
    to.logger.log(to_spdlog(level), escape_control(redacted(to, line)));
}

}  // namespace ramet::log
