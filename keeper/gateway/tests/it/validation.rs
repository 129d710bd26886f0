//! What is refused, and in which words.

use opg_engine::{Constraint, Input};
use serde_json::{Value, json};

use crate::support::{World, chat};

async fn refusal(world: &World, change: impl FnOnce(&mut Value)) -> (u16, String, String, String) {
    let mut body = chat("hi");
    change(&mut body);
    let reply = world.ask("/v1/chat/completions", &body).await;
    let error = &reply.json()["error"];
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    (reply.status, text("code"), text("param"), text("message"))
}

#[tokio::test]
async fn parameters_that_would_be_ignored_are_refused_by_name() {
    let world = World::free().await;
    for (name, value) in [
        ("functions", json!([{ "name": "f" }])),
        ("logprobs", json!(true)),
        ("n", json!(2)),
        ("frequency_penalty", json!(0.5)),
        ("logit_bias", json!({ "1": 2 })),
    ] {
        let (status, code, param, message) = refusal(&world, |body| body[name] = value).await;
        assert_eq!(
            (status, code.as_str(), param.as_str()),
            (400, "unsupported_parameter", name),
            "{message}"
        );
        assert!(message.contains("leave it out"), "{message}");
    }
    let (status, code, param, _) = refusal(&world, |body| body["temprature"] = json!(1)).await;
    assert_eq!((status, code.as_str(), param.as_str()), (400, "unknown_parameter", "temprature"));
    assert_eq!(world.engine.runs(), 0);
}

#[tokio::test]
async fn what_changes_nothing_is_accepted() {
    let world = World::free().await;
    let body = json!({
        "model": "chat", "n": 1, "logprobs": false, "tools": [], "frequency_penalty": 0.0, "user": "me",
        "response_format": { "type": "text" }, "temperature": null, "metadata": { "a": "b" }, "seed": 1.0,
        "max_completion_tokens": 5, "stop": "x", "messages": [
            { "role": "developer", "content": "be brief" },
            { "role": "assistant", "content": "yes", "refusal": null },
            { "role": "user", "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] },
        ],
    });
    let reply = world.ask("/v1/chat/completions", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json()["choices"][0]["message"]["content"], "ab");
}

#[tokio::test]
async fn an_answer_is_held_to_the_schema_that_was_asked_for() {
    let world = World::free().await;
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
        "additionalProperties": false,
    });
    let mut body = chat("where?");
    body["response_format"] = json!({ "type": "json_schema", "json_schema": { "name": "place", "strict": true, "schema": schema } });
    let reply = world.ask("/v1/chat/completions", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let Some(Input::Chat(input)) = world.engine.last.lock().unwrap().clone() else { panic!("a chat") };
    assert_eq!(input.constraint, Some(Constraint::JsonSchema(schema)));
    body["response_format"] = json!({ "type": "json_object" });
    assert_eq!(world.ask("/v1/chat/completions", &body).await.status, 200);
    let Some(Input::Chat(input)) = world.engine.last.lock().unwrap().clone() else { panic!("a chat") };
    assert_eq!(input.constraint, Some(Constraint::JsonObject));
    for format in [
        json!({ "type": "json_schema", "json_schema": { "name": "x", "schema": { "type": "spaceship" } } }),
        json!({ "type": "json_schema", "json_schema": { "name": "x" } }),
        json!({ "type": "yaml" }),
    ] {
        let (status, code, ..) = refusal(&world, |body| body["response_format"] = format).await;
        assert!(status == 400 && code.starts_with("invalid_"), "{code}");
    }
}

#[tokio::test]
async fn values_out_of_range_name_their_field() {
    let world = World::free().await;
    type Change = fn(&mut Value);
    let cases: [(Change, &str, &str); 10] = [
        (|body| body["messages"] = json!([]), "invalid_value", "messages"),
        (|body| body["messages"][0]["role"] = json!("function"), "unsupported_parameter", "messages[0].role"),
        (|body| body["messages"][0]["role"] = json!("tool"), "missing_required_parameter", "tool_call_id"),
        (
            |body| body["messages"][0]["content"] = json!([{ "type": "image_url" }]),
            "invalid_type",
            "messages[0].content",
        ),
        (|body| body["messages"][0]["mood"] = json!("good"), "unknown_parameter", "mood"),
        (|body| body["temperature"] = json!(3), "invalid_value", "temperature"),
        (|body| body["max_tokens"] = json!(-1), "invalid_type", "max_tokens"),
        (|body| body["stream_options"] = json!({}), "invalid_value", "stream_options"),
        (|body| body["model"] = json!("gpt"), "model_not_found", "gpt"),
        (|body| body["model"] = json!("embed"), "wrong_model", "model"),
    ];
    for (change, expected, names) in cases {
        let (_, code, param, message) = refusal(&world, change).await;
        assert_eq!(code, expected, "{message}");
        assert!(param == names || message.contains(names), "{param}: {message}");
    }
}
