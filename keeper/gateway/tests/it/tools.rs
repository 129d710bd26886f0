//! Tools: what the model is told, what it is held to, and how its calls come back. The fake model repeats the last message,
//! so what the user says is what the model says.

use std::sync::atomic::Ordering::SeqCst;

use opg_engine::{ChatInput, Constraint, Input, Role};
use opg_receipts::json_hash;
use serde_json::{Value, json};

use crate::support::{World, chat};

const CALL: &str = r#"{"name": "weather", "arguments": {"city": "Oslo"}}"#;

fn with_tools(text: &str) -> Value {
    let mut body = chat(text);
    let parameters =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    body["tools"] = json!([
        { "type": "function", "function": { "name": "weather", "description": "Tells it.", "parameters": parameters } },
        { "type": "function", "function": { "name": "time" } },
    ]);
    body
}

fn asked(world: &World) -> ChatInput {
    let Some(Input::Chat(input)) = world.engine.last.lock().unwrap().clone() else { panic!("a chat") };
    input
}

async fn refusal(world: &World, body: &Value) -> (u16, String, String) {
    let reply = world.ask("/v1/chat/completions", body).await;
    let error = &reply.json()["error"];
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    (reply.status, text("code"), text("message"))
}

#[tokio::test]
async fn calls_of_an_answer_come_back_and_the_receipt_commits_to_them() {
    let world = World::free().await;
    let body = with_tools(&format!("I look. \n<tool_call>{CALL}</tool_call>"));
    let answer = world.ask("/v1/chat/completions", &body).await.json();
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], "I look. \n");
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(call["function"], json!({ "name": "weather", "arguments": r#"{"city":"Oslo"}"# }));
    assert_eq!(world.receipt(&answer["opg"]).outputHash, json_hash(&answer["choices"]).unwrap());
    let told = asked(&world);
    assert_eq!(told.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["weather", "time"]);
    assert_eq!(told.constraint, None);

    let again = world.ask("/v1/chat/completions", &body).await.json();
    assert_eq!(again["choices"], answer["choices"], "the same request, the same names of calls");
    let plain = world.ask("/v1/chat/completions", &with_tools("It is 3 < 4 [sic].")).await.json();
    assert_eq!(
        plain["choices"][0]["message"],
        json!({ "role": "assistant", "content": "It is 3 < 4 [sic]." })
    );
}

#[tokio::test]
async fn a_stream_tells_of_calls_in_events_of_their_own() {
    let world = World::free().await;
    for (text, content) in
        [(CALL.to_owned(), Value::Null), (format!("I look. \n{CALL}"), json!("I look. \n"))]
    {
        let mut body = with_tools(&text);
        body["stream"] = true.into();
        let events = world.ask("/v1/chat/completions", &body).await.events();
        let deltas: Vec<&Value> = events.iter().map(|event| &event["choices"][0]["delta"]).collect();
        assert_eq!(deltas[0]["role"], "assistant");
        let said: String = deltas.iter().filter_map(|delta| delta["content"].as_str()).collect();
        assert_eq!(said, content.as_str().unwrap_or_default());
        let calls: Vec<&Value> =
            deltas.iter().filter(|delta| delta["tool_calls"].is_array()).copied().collect();
        assert_eq!(calls.len(), 1);
        let mut call = calls[0]["tool_calls"][0].clone();
        assert_eq!(call["index"], 0);
        call.as_object_mut().unwrap().remove("index");
        let last = events.last().unwrap();
        assert_eq!(last["choices"][0]["finish_reason"], "tool_calls");
        let message = json!({ "content": content, "role": "assistant", "tool_calls": [call] });
        let choices = json!([{ "finish_reason": "tool_calls", "index": 0, "message": message }]);
        assert_eq!(world.receipt(&last["opg"]).outputHash, json_hash(&choices).unwrap());
    }
}

#[tokio::test]
async fn a_required_call_is_one_that_the_model_cannot_avoid() {
    let world = World::free().await;
    let mut body = with_tools(CALL);
    let schema = |constraint: Option<Constraint>| match constraint {
        Some(Constraint::JsonSchema(schema)) => schema,
        other => panic!("{other:?}"),
    };
    body["tool_choice"] = json!({ "type": "function", "function": { "name": "weather" } });
    let answer = world.ask("/v1/chat/completions", &body).await.json();
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let named = schema(asked(&world).constraint);
    assert_eq!(named["properties"]["name"], json!({ "const": "weather" }));
    assert_eq!(named["properties"]["arguments"]["required"], json!(["city"]));

    body["tool_choice"] = "required".into();
    body["tools"][0]["function"]["strict"] = true.into();
    assert_eq!(world.ask("/v1/chat/completions", &body).await.status, 200);
    assert_eq!(schema(asked(&world).constraint)["anyOf"].as_array().unwrap().len(), 2);

    body["tool_choice"] = "none".into();
    let answer = world.ask("/v1/chat/completions", &body).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], CALL, "text is text where there are no tools");
    assert!(asked(&world).tools.is_empty());
}

#[tokio::test]
async fn results_of_calls_go_back_to_the_model() {
    let world = World::free().await;
    let mut body = with_tools(CALL);
    let first = world.ask("/v1/chat/completions", &body).await.json();
    let message = first["choices"][0]["message"].clone();
    let id = message["tool_calls"][0]["id"].clone();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(message);
    messages.push(json!({ "role": "tool", "tool_call_id": id, "content": "Rain." }));
    let answer = world.ask("/v1/chat/completions", &body).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Rain.");
    let told = asked(&world).messages;
    assert_eq!(told[1].tool_calls[0].arguments["city"], "Oslo");
    assert_eq!((told[2].role, told[2].tool_call_id.as_deref()), (Role::Tool, id.as_str()));
}

#[tokio::test]
async fn what_cannot_be_done_with_tools_is_said() {
    let world = World::free().await;
    type Change = fn(&mut Value);
    let cases: [(Change, &str, &str); 8] = [
        (|body| body["tool_choice"] = json!("maybe"), "invalid_value", "no choice `maybe`"),
        (
            |body| body["tool_choice"] = json!({ "type": "function", "function": { "name": "x" } }),
            "invalid_value",
            "no function `x`",
        ),
        (|body| body["tools"][0]["function"]["name"] = json!("a b"), "invalid_value", "tools[0].name"),
        (
            |body| body["tools"][0]["function"]["strict"] = json!(true),
            "unsupported_parameter",
            "tool_choice required",
        ),
        (|body| body["tools"][0]["type"] = json!("web_search"), "invalid_type", "tools"),
        (
            |body| body["response_format"] = json!({ "type": "json_object" }),
            "invalid_value",
            "no room for calls",
        ),
        (
            |body| {
                body["tool_choice"] = json!("required");
                body["tools"][0]["function"]["parameters"] = json!({ "type": "object", "minProperties": 1 });
            },
            "invalid_value",
            "`minProperties`",
        ),
        (
            |body| {
                body["tools"] = json!([]);
                body["tool_choice"] = json!("required");
            },
            "invalid_value",
            "no `tools`",
        ),
    ];
    for (change, code, says) in cases {
        let mut body = with_tools("hi");
        change(&mut body);
        let (status, found, message) = refusal(&world, &body).await;
        assert_eq!((status, found.as_str()), (400, code), "{message}");
        assert!(message.contains(says), "{message}");
    }
    assert_eq!(world.engine.runs(), 0);
}

#[tokio::test]
async fn a_model_without_a_place_for_tools_refuses_them_before_it_runs() {
    let world = World::free().await;
    world.engine.without_tools.store(true, SeqCst);
    for _ in 0..2 {
        let (status, code, message) = refusal(&world, &with_tools("hi")).await;
        assert_eq!((status, code.as_str()), (400, "unsupported_parameter"));
        assert!(message.contains("chat template"), "{message}");
    }
    assert_eq!(world.engine.runs(), 0);
    let mut body = with_tools("hi");
    body["tool_choice"] = "none".into();
    assert_eq!(world.ask("/v1/chat/completions", &body).await.status, 200);
}
