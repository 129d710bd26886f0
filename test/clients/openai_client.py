"""OpenAI's client for Python, unmodified, against a gateway. Started by gateway.mjs.

usage: openai_client.py PAYING FREE, the base addresses at which requests are paid for on the way, and at which they are not.
"""

import asyncio
import json
import sys

import openai

CHAT = "smollm2-135m-instruct"
EMBEDDING = "all-minilm-l6-v2"
QUESTION = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}},
            "required": ["city"],
        },
    },
}


def receipt_of(answer):
    """The receipt that the client keeps with what it does not know."""
    receipt = answer.opg["receipt"]
    assert int(receipt["fee"]) > 0, receipt
    return receipt


def chats(client):
    answer = client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=24)
    text = answer.choices[0].message.content
    assert "Paris" in text, text
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    receipt_of(answer)
    return text


def streams(client, whole):
    options = {"include_usage": True}
    events = client.chat.completions.create(
        model=CHAT, messages=QUESTION, max_tokens=24, stream=True, stream_options=options
    )
    text, last = "", None
    for last in events:
        text += "".join(choice.delta.content or "" for choice in last.choices)
    assert text == whole, text
    assert last.usage.completion_tokens > 0
    receipt_of(last)


def completes(client):
    answer = client.completions.create(model=CHAT, prompt="Say hello.", max_tokens=8)
    assert answer.choices[0].text, answer
    pieces = client.completions.create(model=CHAT, prompt="Say hello.", max_tokens=8, stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == answer.choices[0].text


def embeds(client):
    texts = ["The chain checked the answer.", "Il pleut à Paris."]
    # The client asks for base64 by itself and decodes it.
    answer = client.embeddings.create(model=EMBEDDING, input=texts)
    plain = client.embeddings.create(model=EMBEDDING, input=texts, encoding_format="float")
    for coded, numbers in zip(answer.data, plain.data, strict=True):
        assert len(coded.embedding) == 384
        assert all(abs(a - b) < 1e-7 for a, b in zip(coded.embedding, numbers.embedding, strict=True))
        assert abs(sum(x * x for x in numbers.embedding) - 1) < 1e-5


def lists_models(client):
    names = {model.id for model in client.models.list()}
    assert names == {CHAT, EMBEDDING, "digits"}, names
    assert client.models.retrieve(CHAT).id == CHAT


def answers_in_json(client):
    ask = [{"role": "user", "content": "Describe Paris as JSON."}]
    for limit in (8, 40):
        answer = client.chat.completions.create(
            model=CHAT, messages=ask, max_tokens=limit, response_format={"type": "json_object"}
        )
        assert isinstance(json.loads(answer.choices[0].message.content), dict)
        assert answer.choices[0].finish_reason == "stop"


def calls_tools(client):
    messages = [{"role": "user", "content": "How is the weather in Oslo?"}]
    common = {"model": CHAT, "tools": [WEATHER], "max_tokens": 96}
    answer = client.chat.completions.create(messages=messages, tool_choice="required", **common)
    message = answer.choices[0].message
    assert answer.choices[0].finish_reason == "tool_calls"
    (call,) = message.tool_calls
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)

    with client.chat.completions.stream(messages=messages, tool_choice="required", **common) as stream:
        streamed = stream.get_final_completion().choices[0].message
    assert streamed.tool_calls[0].function.arguments == call.function.arguments
    assert streamed.tool_calls[0].id.startswith("call_")

    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "It rains."}]
    answer = client.chat.completions.create(messages=messages, tool_choice="none", model=CHAT, max_tokens=16)
    assert answer.choices[0].message.content
    assert answer.choices[0].message.tool_calls is None


def fails_as_documented(client, unpaid):
    def error(kind, call):
        try:
            call()
        except kind as found:
            return found
        raise AssertionError(f"no {kind.__name__}")

    def create(client, **more):
        return client.chat.completions.create(**{"model": CHAT, "messages": QUESTION, **more})

    bad = error(openai.BadRequestError, lambda: create(client, logprobs=True))
    assert (bad.code, bad.param) == ("unsupported_parameter", "logprobs"), bad
    bad = error(openai.BadRequestError, lambda: create(client, temperature=9))
    assert bad.code == "invalid_value", bad
    missing = error(openai.NotFoundError, lambda: create(client, model="gpt-9"))
    assert missing.code == "model_not_found", missing
    assert error(openai.APIStatusError, lambda: create(unpaid)).status_code == 402


async def works_asynchronously(base):
    async with openai.AsyncOpenAI(base_url=base, api_key="unused", max_retries=0) as client:
        answers = await asyncio.gather(
            *(
                client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=8, seed=seed)
                for seed in range(3)
            )
        )
    assert len({receipt_of(answer)["requestId"] for answer in answers}) == 3


def main():
    paying, free = sys.argv[1:]
    client = openai.OpenAI(base_url=paying, api_key="unused", max_retries=0)
    unpaid = openai.OpenAI(base_url=free, api_key="unused", max_retries=0)
    streams(client, chats(client))
    completes(client)
    embeds(client)
    lists_models(client)
    answers_in_json(client)
    calls_tools(client)
    fails_as_documented(client, unpaid)
    asyncio.run(works_asynchronously(paying))
    print(f"openai {openai.__version__}: all answers as expected")


main()
