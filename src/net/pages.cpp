#include "net/pages.hpp"

#include <fmt/core.h>

namespace ramet::net {

namespace {

constexpr std::string_view style = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 "
                                   "1rem;color:#1c1c1e;background:#fff}"
                                   "h1{font-size:1.4rem}pre{background:#f2f2f4;padding:.8rem;overflow:auto;white-space:"
                                   "pre-wrap}footer{color:#6b6b70;font-size:.85rem}"
                                   "@media(prefers-color-scheme:dark){body{color:#eee;background:#18181a}pre{"
                                   "background:#26262a}footer{color:#9a9aa0}}";

}  // namespace

std::string escape_html(std::string_view text)
{
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        switch (c) {
        case '&': escaped += "&amp;"; break;
        case '<': escaped += "&lt;"; break;
        case '>': escaped += "&gt;"; break;
        case '"': escaped += "&quot;"; break;
        case '\'': escaped += "&#39;"; break;
        default: escaped += c;
        }
    }
    return escaped;
}

std::string page_html(const PageText& text)
{
    const auto title = escape_html(text.title);
    const auto refresh = text.refresh.count() > 0
                             ? fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">", text.refresh.count())
                             : std::string();
    const auto evidence = text.evidence.empty() ? std::string() : "<pre>" + escape_html(text.evidence) + "</pre>";
    return fmt::format("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{}<meta name=\"viewport\" "
                       "content=\"width=device-width\"><title>{}</title><style>{}</style></head><body><main><h1>{}</h1>"
                       "<p>{}</p>{}</main><footer>Ramet</footer></body></html>\n",
                       refresh, title, style, title, escape_html(text.detail), evidence);
}

}  // namespace ramet::net
