#pragma once

#include "net/http_client.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

namespace ramet::testing {

/// Answers what it was told to, one after the other, and keeps what it was asked.
class ScriptedHttp final : public net::HttpClient {
public:
    Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override
    {
        asked.push_back(request);
        REQUIRE(!answers.empty());
        auto answer = std::move(answers.front());
        answers.pop_front();
        return answer;
    }
    Result<net::HttpResponse> send_streaming(const net::HttpRequest& request, const net::OnChunk& on_chunk,
                                             std::stop_token stop) override
    {
        auto answer = send(request, stop);
        if (!answer || answer->status != 200) return answer;
        // In small pieces: events do not keep to them.
        for (std::size_t i = 0; i < answer->body.size(); i += 7)
            if (on_chunk(std::string_view(answer->body).substr(i, 7)) == net::Flow::stop) break;
        return answer;
    }

    std::deque<net::HttpResponse> answers;
    std::vector<net::HttpRequest> asked;
};

}  // namespace ramet::testing
