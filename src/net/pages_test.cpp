#include "net/pages.hpp"

#include <doctest/doctest.h>

namespace ramet::net {

TEST_CASE("everything on a page is text")
{
    const auto html = page_html({.title = "<script>", .detail = "a & b \"c\" 'd'", .evidence = "</pre><img src=x>"});
    CHECK(html.contains("&lt;script&gt;"));
    CHECK(html.contains("a &amp; b &quot;c&quot; &#39;d&#39;"));
    CHECK_FALSE(html.contains("<script"));
    CHECK_FALSE(html.contains("<img"));
    CHECK_FALSE(html.contains("http-equiv"));
}

TEST_CASE("a page that refreshes says after how many seconds")
{
    CHECK(page_html({.title = "t", .refresh = std::chrono::seconds(2)})
              .contains("<meta http-equiv=\"refresh\" content=\"2\">"));
}

}  // namespace ramet::net
