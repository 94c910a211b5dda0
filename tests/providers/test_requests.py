"""What each format sends, what servers teach us, and what a person is told when it cannot work."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from providers import (
    AuthenticationFailed,
    Blocked,
    ContextExceeded,
    Message,
    ModelNotFound,
    ProviderError,
    QuotaExhausted,
    Request,
    RequestRejected,
    Unavailable,
)
from tests.fakes.llm import Answer, Asked, FakeLLM
from tests.providers.conftest import HELLO, Notes, Open, Waits

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
PROSE = "Fifty characters of prose, or a little more than it. "


def prompt(characters: int, **rest: Any) -> Request:
    text = PROSE * (characters // len(PROSE) + 1)
    return Request((Message("user", text[:characters]),), **rest)


async def sent(connect: Open, type_: str, request: Request, llm: FakeLLM | None = None, **settings: Any) -> Any:
    """The body of the only request."""
    async with llm or FakeLLM() as llm:
        await connect(llm, type_, **settings).complete(request)
        [asked] = llm.requests
        return asked.body


class TestOllama:
    async def test_context_and_length_are_always_sent(self, connect: Open) -> None:
        body = await sent(connect, "ollama", HELLO)
        assert body["options"] == {"num_ctx": 16384, "num_predict": 8192, "temperature": 0.2}
        assert (body["truncate"], body["shift"], body["think"], body["keep_alive"]) == (False, False, False, "10m")

    async def test_the_schema_is_sent_as_format(self, connect: Open) -> None:
        request = Request(HELLO.messages, schema=SCHEMA)
        assert (await sent(connect, "ollama", request))["format"] == SCHEMA

    async def test_num_ctx_is_the_same_for_every_prompt(self, connect: Open) -> None:
        async with FakeLLM() as llm:
            provider = connect(llm, "ollama")
            for size in (10, 3000, 20_000):
                await provider.complete(prompt(size))
            assert {asked.body["options"]["num_ctx"] for asked in llm.requests} == {16384}

    async def test_num_ctx_is_never_more_than_the_model_was_trained_for(self, connect: Open) -> None:
        async with FakeLLM(trained=4096) as llm:
            provider = connect(llm, "ollama", context_length=32768)
            assert "more than the model was trained for; using 4096" in (await provider.health()).warnings[0]
            assert provider.context_tokens == 4096

    async def test_the_modelfiles_num_ctx_is_respected(self, connect: Open) -> None:
        body = await sent(connect, "ollama", HELLO, FakeLLM(parameters="temperature 1\nnum_ctx    9216\n"))
        assert body["options"]["num_ctx"] == 9216

    async def test_a_server_that_gave_less_context_than_asked_is_believed(self, connect: Open) -> None:
        async with FakeLLM(context=4096) as llm:
            provider = connect(llm, "ollama", context_length=16384)
            assert provider.context_tokens == 16384
            await provider.complete(HELLO)
            async with asyncio.timeout(60):
                while provider.context_tokens != 4096:
                    await asyncio.sleep(0.005)

    @pytest.mark.parametrize(("capabilities", "think"), [(["completion", "thinking"], True), (["completion"], False)])
    async def test_thinking_is_asked_only_of_models_that_can(
        self, connect: Open, capabilities: list[str], think: bool
    ) -> None:
        body = await sent(connect, "ollama", HELLO, FakeLLM(capabilities=capabilities), thinking="on")
        assert body["think"] is think

    @pytest.mark.parametrize("count", [400, 16383, 16384])
    async def test_a_prompt_that_the_server_cut_is_an_error(self, connect: Open, count: int) -> None:
        async with FakeLLM(Answer("ok", usage=(count, 5))) as llm:
            with pytest.raises(ContextExceeded, match=f"cut the prompt silently: it read {count} tokens"):
                await connect(llm, "ollama").complete(prompt(20_000))

    @pytest.mark.parametrize("usage", [(5000, 5), (0, 5), None])
    async def test_a_full_or_missing_count_is_no_error(self, connect: Open, usage: tuple[int, int] | None) -> None:
        async with FakeLLM(Answer("ok", usage=usage)) as llm:
            done = await connect(llm, "ollama").complete(prompt(20_000))
        assert done.usage.estimated is (usage is None or usage[0] == 0)
        assert done.usage.input_tokens

    async def test_a_tokenizer_with_long_tokens_is_learned_and_not_mistaken_for_a_cut(self, connect: Open) -> None:
        async with FakeLLM(lambda asked: Answer("ok", usage=(len(asked.text) // 5, 5))) as llm:
            provider = connect(llm, "ollama")
            await provider.complete(prompt(3000))
            llm.reply = lambda asked: Answer("ok", usage=(len(asked.text) // 8, 5))
            await provider.complete(prompt(20_000))

    async def test_done_without_a_reason_is_no_end(self, connect: Open, notes: Notes) -> None:
        async with FakeLLM([Answer("cut", done=False), Answer("cut", finish="load"), "fine"]) as llm:
            assert (await connect(llm, "ollama").complete(HELLO, notes)).text == "fine"
        assert len(notes.attempts) == 2

    async def test_a_crashed_runner_is_tried_three_times_and_then_needs_a_person(self, connect: Open) -> None:
        crash = Answer(
            status=500, body={"error": "model runner has unexpectedly stopped, this may be due to resource limits"}
        )
        async with FakeLLM(crash) as llm:
            with pytest.raises(RequestRejected, match="lower context_length, or choose a smaller model"):
                await connect(llm, "ollama").complete(HELLO)
            assert len(llm.requests) == 3


@pytest.mark.parametrize("kind", ["ollama", "openai"])
async def test_texts_that_end_the_answer_are_sent_when_there_are_any(connect: Open, kind: str) -> None:
    with_stop = await sent(connect, kind, Request(HELLO.messages, stop=("### FILE: test",)))
    without = await sent(connect, kind, HELLO)
    found = [body.get("options", body).get("stop") for body in (with_stop, without)]
    assert found == [["### FILE: test"], None]


class TestOpenAI:
    async def test_usage_is_asked_for(self, connect: Open) -> None:
        body = await sent(connect, "openai", Request(HELLO.messages, seed=3, temperature=0.7, max_output_tokens=100))
        assert body["stream_options"] == {"include_usage": True}
        assert (body["max_tokens"], body["seed"], body["temperature"]) == (100, 3, 0.7)

    async def test_the_schema_is_sent_as_response_format(self, connect: Open) -> None:
        body = await sent(connect, "openai", Request(HELLO.messages, schema=SCHEMA))
        assert body["response_format"]["json_schema"]["schema"] == SCHEMA

    async def test_extra_is_merged_key_by_key(self, connect: Open) -> None:
        body = await sent(connect, "openai", HELLO, extra={"top_p": 0.9, "stream_options": {"x": 1}})
        assert body["top_p"] == 0.9
        assert body["stream_options"] == {"include_usage": True, "x": 1}

    @pytest.mark.parametrize(
        ("error", "sent_first", "sent_then"),
        [
            (
                {
                    "message": "Unsupported parameter: 'max_tokens'",
                    "code": "unsupported_parameter",
                    "param": "max_tokens",
                },
                {"max_tokens"},
                {"max_completion_tokens"},
            ),
            (
                {"message": "only 1 is supported", "code": "unsupported_value", "param": "temperature"},
                {"temperature"},
                set(),
            ),
            ("'response_format.type' must be 'text'", {"response_format"}, set()),
            ({"message": "Unknown field `seed`"}, {"seed"}, set()),
        ],
    )
    async def test_a_parameter_that_the_server_does_not_know_is_left_out_from_then_on(
        self, connect: Open, error: Any, sent_first: set[str], sent_then: set[str], waits: Waits
    ) -> None:
        def reply(asked: Asked) -> Answer:
            return Answer(status=400, body={"error": error}) if sent_first <= asked.body.keys() else Answer("ok")

        async with FakeLLM(reply) as llm:
            provider = connect(llm, "openai", seed=1)
            for _ in range(2):
                await provider.complete(Request(HELLO.messages, schema=SCHEMA))
            assert len(llm.requests) == 3
            assert all(
                sent_then <= asked.body.keys() and not sent_first & asked.body.keys() for asked in llm.requests[1:]
            )
        assert waits.seconds == []

    async def test_a_parameter_that_stays_unknown_ends_the_call(self, connect: Open) -> None:
        error = {"message": "no", "code": "unsupported_parameter", "param": "stream_options"}
        async with FakeLLM(Answer(status=400, body={"error": error})) as llm:
            with pytest.raises(RequestRejected):
                await connect(llm, "openai").complete(HELLO)
            assert len(llm.requests) == 2

    async def test_ollama_behind_this_format_is_warned_about(self, connect: Open) -> None:
        from providers.openai import FORMAT
        from providers.settings import ProviderSettings

        steps = FORMAT.health(
            ProviderSettings(name="x", type="openai", base_url="http://localhost:11434/v1", model="m"), called=False
        )
        next(steps)
        with pytest.raises(StopIteration) as end:
            steps.send({"data": [{"id": "m"}]})
        assert "use type: ollama" in end.value.value.warnings[0]


class TestVLLM:
    async def test_the_model_and_its_context_come_from_the_server(self, connect: Open) -> None:
        async with FakeLLM(models=["qwen"], context=4096) as llm:
            provider = connect(llm, "vllm", model="auto")
            assert (provider.model, provider.context_tokens) == ("auto", 8192)
            await provider.complete(HELLO)
            assert (provider.model, provider.context_tokens) == ("qwen", 4096)
            assert llm.requests[0].body["model"] == "qwen"

    @pytest.mark.parametrize("base", ["", "/v1", "/v1/"])
    async def test_the_address_may_end_in_v1(self, connect: Open, base: str) -> None:
        async with FakeLLM() as llm:
            await connect(llm.url + base, "vllm").complete(HELLO)
            assert llm.paths == ["/health", "/v1/models", "/v1/chat/completions"]

    async def test_thinking_is_switched_in_the_chat_template(self, connect: Open) -> None:
        body = await sent(connect, "vllm", Request(HELLO.messages, thinking=True))
        assert body["chat_template_kwargs"] == {"enable_thinking": True}

    @pytest.mark.parametrize(
        "message",
        [
            "This model's maximum context length is 4096 tokens. However, your prompt contains 3000 input tokens.",
            "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens "
            "(3000 in the messages, 6000 in the completion). Please reduce the length of the messages or completion.",
        ],
    )
    async def test_numbers_in_a_context_error_are_learned_and_the_call_shrinks(
        self, connect: Open, message: str
    ) -> None:
        def reply(asked: Asked) -> Answer:
            fits = asked.body["max_tokens"] <= 4096 - 3000
            return (
                Answer("fits")
                if fits
                else Answer(status=400, body={"object": "error", "message": message, "code": 400})
            )

        async with FakeLLM(reply, context=16384) as llm:
            provider = connect(llm, "vllm")
            assert (await provider.complete(prompt(6000, max_output_tokens=2500))).text == "fits"
            assert len(llm.requests) == 2
            assert provider.context_tokens == 4096


class TestContext:
    async def test_what_cannot_fit_is_refused_before_it_is_sent(self, connect: Open, each_type: str) -> None:
        async with FakeLLM(context=4096, trained=4096) as llm:
            with pytest.raises(ContextExceeded, match=r"about 40\d\d tokens .* context of 4096; raise context_length"):
                await connect(llm, each_type).complete(prompt(12_000))
            assert llm.requests == []

    async def test_the_answer_shrinks_to_the_room_that_is_left(self, connect: Open, each_type: str) -> None:
        async with FakeLLM(Answer(usage=None), context=4096, trained=4096) as llm:
            await connect(llm, each_type).complete(prompt(6000, max_output_tokens=4000))
            body = llm.requests[0].body
        assert 2000 <= body.get("max_tokens", body.get("options", {}).get("num_predict")) <= 2096

    async def test_a_configured_limit_below_the_servers_holds(self, connect: Open) -> None:
        async with FakeLLM(context=131_072) as llm:
            provider = connect(llm, "vllm", context_length=8192, max_output_tokens=1000)
            await provider.health()
            assert (provider.context_tokens, provider.max_output_tokens) == (8192, 1000)

    @pytest.mark.parametrize(
        "body",
        [
            {"error": "the prompt is longer than the context length currently available (4096)"},
            {"error": {"message": "too long", "code": "context_length_exceeded"}},
            {"error": {"message": "Please reduce the length of the messages."}},
        ],
    )
    async def test_a_servers_own_refusal_is_recognised(self, connect: Open, each_type: str, body: Any) -> None:
        async with FakeLLM(Answer(status=400, body=body)) as llm:
            with pytest.raises(ContextExceeded):
                await connect(llm, each_type).complete(HELLO)
            assert len(llm.requests) == 1


BLOCKED: dict[str, tuple[Answer, type[ProviderError], str]] = {
    "401": (Answer(status=401, body={"error": "Unauthorized"}), AuthenticationFailed, "api_key_env"),
    "403": (Answer(status=403, body={"error": {"message": "no"}}), AuthenticationFailed, "refused the key"),
    "402": (Answer(status=402, body={}), QuotaExhausted, "add credit"),
    "quota": (
        Answer(status=429, body={"error": {"message": "pay", "code": "insufficient_quota"}}),
        QuotaExhausted,
        "quota is used up",
    ),
    "404 model": (
        Answer(status=404, body={"error": "model 'fake' not found"}),
        ModelNotFound,
        "model 'fake' not found; ",
    ),
    "404 path": (Answer(status=404, body={"detail": "Not Found"}), RequestRejected, "check type and base_url"),
    "400": (Answer(status=400, body={"error": {"message": "bad roles"}}), RequestRejected, "bad roles"),
    "422": (Answer(status=422, body={"detail": [{"msg": "field required"}]}), RequestRejected, "field required"),
    "307": (Answer(status=307, body="", headers={"Location": "https://elsewhere"}), RequestRejected, "307"),
    "418": (Answer(status=418, body="teapot"), RequestRejected, "teapot"),
}


@pytest.mark.parametrize(("answer", "error", "said"), BLOCKED.values(), ids=BLOCKED)
async def test_what_only_a_person_can_mend_is_not_tried_again(
    connect: Open, each_type: str, answer: Answer, error: type[Blocked], said: str
) -> None:
    async with FakeLLM(answer) as llm:
        with pytest.raises(error) as caught:
            await connect(llm, each_type).complete(HELLO)
        assert len(llm.requests) == 1
    assert str(caught.value).startswith("local: ")
    assert said in str(caught.value)
    assert caught.value.status == answer.status


class TestHealth:
    async def test_it_tells_what_the_server_offers(self, connect: Open, each_type: str) -> None:
        async with FakeLLM(models=["fake", "other"]) as llm:
            health = await connect(llm, each_type).health()
        assert (health.model, health.models, health.warnings) == ("fake", ("fake", "other"), ())
        assert health.context_tokens == (16384 if each_type == "ollama" else 32768)

    @pytest.mark.parametrize(("counted", "billions"), [(1_543_714_304, 1.543714304), (0, None), (None, None)])
    async def test_it_tells_how_many_parameters_the_server_counts(
        self, connect: Open, each_type: str, counted: int | None, billions: float | None
    ) -> None:
        async with FakeLLM(counted=counted) as llm:
            assert (await connect(llm, each_type).health()).billions == billions

    @pytest.mark.parametrize(
        ("type_", "hint"),
        [
            ("ollama", "start it with: ollama serve"),
            ("vllm", "start it with: vllm serve"),
            ("openai", "check base_url"),
        ],
    )
    async def test_nothing_listening_says_how_to_start_it(self, connect: Open, type_: str, hint: str) -> None:
        url = f"http://127.0.0.1:{_free_port()}"
        with pytest.raises(Unavailable, match=f"^local: nothing answers at {url}; {hint}"):
            await connect(url, type_).health()

    async def test_a_missing_model_says_how_to_get_it(self, connect: Open) -> None:
        async with FakeLLM(models=["other"]) as llm:
            with pytest.raises(ModelNotFound, match=r"^local: model 'fake' not found; run: ollama pull fake$"):
                await connect(llm, "ollama").health()

    async def test_the_tag_latest_may_be_left_out(self, connect: Open) -> None:
        async with FakeLLM(models=["fake:latest", "fake"]) as llm:
            assert (await connect(llm, "ollama").health()).model == "fake"

    @pytest.mark.parametrize("type_", ["vllm", "openai"])
    async def test_a_model_that_is_not_offered_says_which_are(self, connect: Open, type_: str) -> None:
        async with FakeLLM(models=["a", "b"]) as llm:
            with pytest.raises(ModelNotFound, match="model 'fake' not found; the server offers a, b"):
                await connect(llm, type_).health()

    async def test_a_dead_engine_is_unavailable(self, connect: Open) -> None:
        async with FakeLLM(health=503) as llm:
            with pytest.raises(Unavailable, match="503"):
                await connect(llm, "vllm").health()

    async def test_something_else_on_the_port_is_said(self, connect: Open, each_type: str) -> None:
        import asyncio

        async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(web, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            with pytest.raises(ProviderError, match=f"points at a server of type {each_type}"):
                await connect(url, each_type).health()


class TestDown:
    async def test_calls_fail_at_once_until_a_probe_succeeds(self, connect: Open, waits: Waits) -> None:
        port = _free_port()
        provider = connect(f"http://127.0.0.1:{port}", "ollama")
        with pytest.raises(Unavailable):
            await provider.complete(HELLO)
        assert [round(seconds) for seconds in waits.seconds] == pytest.approx([1, 2, 4, 8, 16], rel=0.26)

        llm = FakeLLM("back")
        await llm.start(port)
        with pytest.raises(Unavailable, match="nothing answers"):
            await provider.complete(HELLO)
        assert llm.paths == []

        await provider.health()
        assert (await provider.complete(HELLO)).text == "back"
        await llm.stop()

    async def test_no_model_is_asked_while_nothing_listens_so_nothing_is_booked(
        self, connect: Open, notes: Notes
    ) -> None:
        with pytest.raises(Unavailable):
            await connect(f"http://127.0.0.1:{_free_port()}", "ollama").complete(HELLO, notes)
        assert notes.attempts == []

    async def test_without_any_probe_a_later_call_finds_the_server_back(
        self, connect: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        port = _free_port()
        provider = connect(f"http://127.0.0.1:{port}", "ollama")
        with pytest.raises(Unavailable):
            await provider.complete(HELLO)
        llm = FakeLLM("back")
        await llm.start(port)
        monkeypatch.setattr("providers.breaker.PROBE", 0.0)
        assert (await provider.complete(HELLO)).text == "back"
        await llm.stop()

    async def test_a_restarted_server_is_asked_again_what_it_serves(self, connect: Open) -> None:
        llm = FakeLLM("one", models=["first"])
        await llm.start()
        provider = connect(llm, "vllm", model="auto")
        await provider.complete(HELLO)
        port = int(llm.url.rpartition(":")[2])
        await llm.stop()
        with pytest.raises(Unavailable):
            await provider.complete(HELLO)
        llm = FakeLLM("two", models=["second"])
        await llm.start(port)
        await provider.health()
        assert (await provider.complete(HELLO)).model == "second"
        await llm.stop()


class TestKeys:
    async def test_the_key_comes_from_the_environment(self, connect: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MY_KEY", "sk-very-secret")
        async with FakeLLM() as llm:
            await connect(llm, "openai", api_key_env="MY_KEY").complete(HELLO)
            assert llm.requests[0].headers["authorization"] == "Bearer sk-very-secret"

    async def test_a_missing_key_says_which_variable_to_set(self, connect: Open) -> None:
        async with FakeLLM() as llm:
            with pytest.raises(AuthenticationFailed, match="environment variable NO_SUCH_KEY is not set"):
                await connect(llm, "openai", api_key_env="NO_SUCH_KEY").complete(HELLO)

    async def test_a_key_that_the_server_repeats_reaches_no_error_and_no_log(
        self, connect: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, notes: Notes
    ) -> None:
        monkeypatch.setenv("MY_KEY", "sk-very-secret")
        caplog.set_level(logging.DEBUG)
        refusal = Answer(status=401, body={"error": {"message": "wrong key sk-very-secret"}})
        busy = Answer(status=503, body={"error": {"message": "busy, dear sk-very-secret"}})
        async with FakeLLM([busy, refusal]) as llm:
            provider = connect(llm, "openai", api_key_env="MY_KEY")
            with pytest.raises(AuthenticationFailed) as caught:
                await provider.complete(HELLO, notes)
        seen = f"{caught.value} {caught.value.body} {provider!r} {vars(provider)} {caplog.text} {notes}"
        assert "sk-very-secret" not in seen


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
