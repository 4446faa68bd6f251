#include "net/exchange.hpp"

#include "base/json.hpp"
#include "net/http_status.hpp"
#include "net/response_stream.hpp"
#include "net/server_connection.hpp"

namespace ramet::net {

namespace {

ErrorKind kind_of(int status)
{
    if (status == 408 || status == 504) return ErrorKind::timeout;
    if (status == 503) return ErrorKind::unavailable;
    return status >= 500 ? ErrorKind::internal : ErrorKind::invalid;
}

}  // namespace

Response problem(int status, std::string_view reason)
{
    const json::object body{
        {"title", status_text(status)}, {"status", status}, {"code", to_string(kind_of(status))}, {"detail", reason}};
    Response response{
        .status = status, .headers = {{"Content-Type", "application/problem+json"}}, .body = ramet::to_text(body)};
    if (status == 503) response.headers.set("Retry-After", "1");
    return response;
}

Exchange::~Exchange()
{
    send(problem(500, "the request was not answered"));
}

void Exchange::send(Response response)
{
    if (answered_.exchange(true)) return;
    gate_->post([connection = connection_, answer = std::move(response)]() mutable {
        if (const auto alive = connection.lock()) alive->answer(std::move(answer));
    });
}

std::shared_ptr<ResponseStream> Exchange::stream(Response head)
{
    auto stream = std::make_shared<ResponseStream>(gate_, connection_, stream_limit_);
    if (answered_.exchange(true)) {
        stream->end();
        return stream;
    }
    gate_->post([connection = connection_, stream, answer = std::move(head)]() mutable {
        if (const auto alive = connection.lock())
            alive->answer_with_stream(std::move(answer), stream);
        else
            stream->end();
    });
    return stream;
}

std::shared_ptr<JoinedState> Exchange::join(Request request, Joint joint)
{
    auto state = std::make_shared<JoinedState>();
    state->gate = gate_;
    state->connection = connection_;
    if (answered_.exchange(true)) {
        state->is_over = true;
        return state;
    }
    // What is queued must be copyable; descriptors are not.
    auto given = std::make_shared<std::pair<Request, Joint>>(std::move(request), std::move(joint));
    gate_->post([given, state] {
        if (const auto alive = state->connection.lock())
            alive->join(given->first, std::move(given->second), state);
        else
            state->is_over = true;
    });
    return state;
}

void Responder::send(Response response) const
{
    exchange_->send(std::move(response));
}
StreamWriter Responder::stream(Response head) const
{
    return StreamWriter(exchange_->stream(std::move(head)));
}

JoinedConnection Responder::join(Request request, Joint joint) const
{
    return JoinedConnection(exchange_->join(std::move(request), std::move(joint)));
}

bool JoinedConnection::is_over() const
{
    return state_->is_over;
}
void JoinedConnection::close() const
{
    state_->gate->post([connection = state_->connection] {
        if (const auto alive = connection.lock()) alive->leave();
    });
}

bool StreamWriter::write(std::string_view chunk) const
{
    return stream_->write(chunk);
}
void StreamWriter::close() const
{
    stream_->close();
}
void StreamWriter::on_closed(std::function<void()> callback) const
{
    stream_->on_closed(std::move(callback));
}

}  // namespace ramet::net
