//! The Open Inference Protocol for integer models.

use alloy::primitives::{B256, keccak256};
use opg_receipts::{canonical_json, json_hash};
use serde_json::{Value, json};

use crate::support::{Reply, World, paid, payer::quote};

const INFER: &str = "/v2/models/tensor/infer";

fn body() -> Value {
    json!({
        "id": "mine",
        "inputs": [{ "name": "input", "shape": [2, 2], "datatype": "UINT8", "data": [[1, 2], [3, 255]] }],
    })
}

#[tokio::test]
async fn a_tensor_is_answered_with_a_receipt_that_names_the_model() {
    let world = World::free().await;
    let reply = world.ask(INFER, &body()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let answer = reply.json();
    let expected = json!([{ "data": [255, 3, 2, 1], "datatype": "UINT8", "name": "output", "shape": [4] }]);
    assert_eq!((&answer["outputs"], &answer["id"]), (&expected, &json!("mine")));
    assert_eq!(
        (&answer["model_name"], &answer["model_version"]),
        (&json!("tensor"), &json!(B256::repeat_byte(3)))
    );
    let receipt = world.receipt(&answer["opg"]);
    assert_eq!(receipt.outputHash, json_hash(&answer["outputs"]).unwrap());
    let mut whole = body();
    whole["model_name"] = json!("tensor");
    assert_eq!(receipt.inputHash, keccak256(canonical_json(&whole).unwrap()));
    // Flat data says the same as rows.
    let mut flat = body();
    flat["inputs"][0]["data"] = json!([1, 2, 3, 255]);
    assert_eq!(world.ask(INFER, &flat).await.json()["outputs"], expected);
}

#[tokio::test]
async fn the_price_counts_each_value() {
    let world = World::with(paid()).await;
    let asked = quote(&world, INFER, &body()).await;
    // 1,000 wei for each of 100 units per request and 1 per value.
    assert_eq!(asked["amount"], "104000");
    let required = world.ask(INFER, &body()).await.json();
    assert!(required["x402"]["resource"]["url"].as_str().unwrap().ends_with(INFER), "{required}");
}

#[tokio::test]
async fn what_is_no_tensor_of_the_model_is_refused() {
    let world = World::free().await;
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 9] = [
        (|body| body["inputs"] = json!([]), "invalid_value"),
        (|body| body["inputs"][0]["name"] = json!("other"), "invalid_value"),
        (|body| body["inputs"][0]["datatype"] = json!("FP32"), "invalid_value"),
        (|body| body["inputs"][0]["shape"] = json!([5]), "invalid_value"),
        (|body| body["inputs"][0]["shape"] = json!([u32::MAX, u32::MAX, u32::MAX]), "invalid_value"),
        (|body| body["inputs"][0]["data"] = json!([1, 2, 3, 256]), "invalid_value"),
        (|body| body["inputs"][0]["data"] = json!([1, 2, 3, "4"]), "invalid_value"),
        (|body| body["outputs"] = json!([{ "name": "logits" }]), "unsupported_parameter"),
        (|body| body["model_name"] = json!("other"), "unknown_parameter"),
    ];
    for (change, code) in cases {
        let mut body = body();
        change(&mut body);
        let reply = world.ask(INFER, &body).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{body} {}", reply.text);
    }
    assert_eq!(world.ask("/v2/models/chat/infer", &body()).await.code(), "wrong_model");
    assert_eq!(world.ask("/v2/models/none/infer", &body()).await.code(), "model_not_found");
    assert_eq!(world.engine.runs(), 0);
}

#[tokio::test]
async fn it_says_what_it_is_as_the_protocol_has_it() {
    let world = World::free().await;
    assert_eq!(world.get("/v2").await.json()["name"], "opg");
    for path in ["/v2/health/live", "/v2/health/ready", "/v2/models/tensor/ready"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
    let model: Reply = world.get("/v2/models/tensor").await;
    let tensor = |name: &str| json!([{ "name": name, "datatype": "UINT8", "shape": [-1] }]);
    let model = model.json();
    assert_eq!((&model["inputs"], &model["outputs"]), (&tensor("input"), &tensor("output")));
    assert_eq!(world.get("/v2/models/chat").await.code(), "wrong_model");
    assert_eq!(world.get("/v2/models/none/ready").await.status, 404);
}
