#include "app/report_text.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace ramet::app {

namespace {

struct Headline {
    std::string_view mark;
    std::string_view words;
    forges::CommitState commit_state;
};

Headline headline_of(EnvironmentState state)
{
    using enum EnvironmentState;
    using forges::CommitState;
    switch (state) {
    case awaiting_approval: return {"⏸️", "Preview waits for approval", CommitState::pending};
    case queued: return {"⏳", "Preview queued", CommitState::pending};
    case creating: return {"🚧", "Preview is being created", CommitState::pending};
    case updating: return {"🚧", "Preview is being updated", CommitState::pending};
    case ready: return {"✅", "Preview ready", CommitState::success};
    case degraded: return {"⚠️", "Preview degraded", CommitState::failure};
    case failed: return {"❌", "Preview failed", CommitState::failure};
    case sleeping: return {"😴", "Preview asleep", CommitState::success};
    case waking: return {"⏳", "Preview is waking", CommitState::pending};
    case deleting: return {"🗑️", "Preview is being removed", CommitState::pending};
    case needs_human: return {"🆘", "Preview needs a person", CommitState::error};
    }
    return {"❌", "Preview failed", CommitState::error};
}

std::string format_seconds(Milliseconds duration)
{
    return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1000.0);
}

std::string age_words(std::int64_t seconds)
{
    if (seconds < 120) return fmt::format("{} s old", seconds);
    if (seconds < 7200) return fmt::format("{} min old", seconds / 60);
    return fmt::format("{} h old", seconds / 3600);
}

std::string service_row(const ServiceView& service)
{
    const auto url = service.urls.empty() ? std::string("–") : service.urls.front();
    const auto what = service.treatment.empty() ? service.state : service.treatment + ", " + service.state;
    return fmt::format("| {} | {} | {} |\n", escape_markdown(service.name), what, url);
}

std::string database_row(const DatabaseView& database, const std::string& base, const std::string& environment)
{
    std::string what = database.method;
    if (!database.golden.empty()) what = "clone of " + escape_markdown(base);
    if (database.age_seconds) what += ", " + age_words(*database.age_seconds);
    return fmt::format("| {} | {} | `ramet db connect {}` |\n", escape_markdown(database.name), what, environment);
}

// A fence that is longer than every run of backticks inside cannot be closed from inside.
std::string fenced(const std::string& text)
{
    std::size_t longest = 2;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    const std::string fence(longest + 1, '`');
    return fence + "text\n" + text + (text.ends_with('\n') ? "" : "\n") + fence + "\n";
}

std::string error_section(const Error& error)
{
    std::string text = "\n**" + escape_markdown(error.message) + "**\n";
    if (!error.evidence.empty()) text += "\n" + fenced(last_lines(error.evidence));
    if (!error.next_step.empty()) text += "\nNext: " + escape_markdown(error.next_step) + "\n";
    return text;
}

std::string table_of(const EnvironmentView& view)
{
    if (view.services.empty() && view.databases.empty()) return {};
    std::string table = "\n| what | state | where |\n| --- | --- | --- |\n";
    for (const auto& service : view.services) table += service_row(service);
    for (const auto& database : view.databases) table += database_row(database, view.base, view.environment.name);
    return table;
}

}  // namespace

std::string escape_markdown(std::string_view text)
{
    // A zero-width joiner behind @ and # keeps names from being mentioned and issues from being linked.
    constexpr std::string_view special = "\\`*_{}[]()<>#+!|~&";
    std::string escaped;
    for (const char c : text) {
        if (c == '\n' || c == '\r')
            escaped += ' ';
        else if (c == '<')
            escaped += "&lt;";
        else if (c == '>')
            escaped += "&gt;";
        else if (c == '&')
            escaped += "&amp;";
        else if (c == '@')
            escaped += "@\u200d";
        else if (special.find(c) != std::string_view::npos)
            (escaped += '\\') += c;
        else
            escaped += c;
    }
    return escaped;
}

std::string pull_request_label(std::int64_t number)
{
    return fmt::format("pr-{}", number);
}

std::string comment_marker(const std::string& project, const std::string& label)
{
    return fmt::format("<!-- ramet:{}:{} -->", project, label);
}

std::string render_comment(const PreviewReport& report)
{
    const auto& environment = report.view.environment;
    const auto headline = headline_of(environment.state);
    auto text = comment_marker(report.view.project, pull_request_label(environment.pull_request)) +
                fmt::format("\n### {} {} · {} @ {}", headline.mark, headline.words, escape_markdown(environment.name),
                            short_sha(environment.commit));
    if (report.took) text += " · " + format_seconds(*report.took);
    text += "\n";
    if (!environment.reason.empty()) text += "\n" + escape_markdown(environment.reason) + "\n";
    if (report.error) text += error_section(*report.error);
    text += table_of(report.view);
    for (const auto& note : report.view.notes) text += "\n- " + escape_markdown(note);
    if (!report.view.notes.empty()) text += "\n";
    text += fmt::format("\n`ramet why {}` · `ramet logs {} -f`", environment.name, environment.name);
    if (environment.expires_at) text += " · expires " + to_rfc3339(*environment.expires_at).substr(0, 16) + " UTC";
    return text + "\n";
}

std::string render_refusal(const std::string& project, const std::string& label, const std::string& reason)
{
    return comment_marker(project, label) + "\n### ⛔ No preview\n\n" + escape_markdown(reason) + "\n";
}

std::string render_farewell(const std::string& project, const std::string& label, const std::string& environment,
                            std::size_t resources, const std::string& receipt_hash)
{
    return comment_marker(project, label) +
           fmt::format("\n### 🧹 Preview removed · {}\n\n{} resources are gone, each observed absent.\nReceipt `{}` · "
                       "`ramet preview receipt {}`\n",
                       escape_markdown(environment), resources, receipt_hash.substr(0, 16), environment);
}

forges::CommitStatus render_status(const EnvironmentView& view)
{
    const auto headline = headline_of(view.environment.state);
    forges::CommitStatus status;
    status.commit = view.environment.commit;
    status.state = headline.commit_state;
    status.context = "ramet/" + view.project;
    status.description = std::string(headline.words);
    if (!view.environment.reason.empty()) status.description += ": " + view.environment.reason;
    if (!view.urls.empty()) status.target_url = view.urls.begin()->second;
    return status;
}

}  // namespace ramet::app
