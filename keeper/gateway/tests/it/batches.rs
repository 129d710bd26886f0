//! What is served of batches: everything that anybody needs to check them.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use opg_receipts::{
    SignedReceipt,
    batch::{Batch, BatchTree, RECORD_LENGTH, decode_record, encode_record, leaf_of, verify_proof},
    receipt_domain,
};
use opg_store::{
    batches::{self, Leaf, NewBatch, PART_HEIGHT, Posted},
    journal::Intent,
};
use serde_json::{Value, json};

use crate::support::{CHAIN_ID, OPERATOR, REGISTRY, World, chat};

const CONTRACT: Address = Address::repeat_byte(0xba);

/// What the batch service does with everything that waits.
fn seal(world: &World) -> NewBatch {
    let waiting = world.store.read(|tx| batches::waiting(tx, u32::MAX, i64::MAX as u64)).unwrap();
    let (domain, count) = (receipt_domain(CHAIN_ID, REGISTRY), waiting.len() as u32);
    let leaves: Vec<_> = (0..count)
        .zip(&waiting)
        .map(|(index, row)| Leaf { receipt: row.receipt, hash: leaf_of(index, count, &row.signed, &domain) })
        .collect();
    let tree = BatchTree::new(leaves.iter().map(|leaf| leaf.hash).collect()).unwrap();
    let data: Vec<u8> = waiting.iter().flat_map(|row| encode_record(&row.signed)).collect();
    let times = || waiting.iter().map(|row| row.signed.receipt().issuedAt);
    let commitment = Batch {
        operator: OPERATOR,
        root: tree.root(),
        count,
        from: times().min().unwrap(),
        to: times().max().unwrap(),
        dataHash: keccak256(&data),
    };
    let name = commitment.id(CHAIN_ID, CONTRACT);
    let new = NewBatch {
        uri: format!("https://node/v1/batches/{name}/data"),
        parts: tree.nodes(PART_HEIGHT).to_vec(),
        name,
        commitment,
        leaves,
    };
    let intent = |id| Intent {
        key: format!("batch:{id}"),
        purpose: "a test".to_owned(),
        to: CONTRACT,
        calldata: Bytes::new(),
        value: U256::ZERO,
        deadline: None,
        max_cost: None,
    };
    world.store.write(|tx| batches::seal(tx, &new, OPERATOR, intent, 1)).unwrap();
    new
}

/// The same, and brings the batch to its end on the chain.
pub(crate) fn finish(world: &World) -> NewBatch {
    let new = seal(world);
    let posted = Posted { block: 7, transaction: B256::repeat_byte(3), final_at: 99 };
    let ended = world.store.write(|tx| {
        batches::note_posted(tx, new.name, &posted)?;
        batches::finalise(tx, 7, 99)
    });
    assert_eq!(ended.unwrap(), 1);
    new
}

/// Removes up to `limit` receipts of what is to be pruned, as the batch service does.
pub(crate) fn prune(world: &World, limit: u32) {
    let batch = world.store.read(|tx| batches::next_to_prune(tx, i64::MAX as u64)).unwrap().unwrap();
    world.store.write(|tx| batches::prune(tx, batch.id, limit)).unwrap();
}

fn signed(value: &Value) -> SignedReceipt {
    serde_json::from_value(json!({ "receipt": value["receipt"], "signature": value["signature"] })).unwrap()
}

/// Checks the proof in an answer as a client would, with what is in the answer alone.
fn proven(world: &World, value: &Value) -> Batch {
    world.receipt(value);
    let place = &value["batch"];
    let commitment: Batch = serde_json::from_value(place["commitment"].clone()).unwrap();
    let proof: Vec<B256> = serde_json::from_value(place["proof"].clone()).unwrap();
    let index = u32::try_from(place["index"].as_u64().unwrap()).unwrap();
    let leaf = leaf_of(index, commitment.count, &signed(value), &receipt_domain(CHAIN_ID, REGISTRY));
    verify_proof(commitment.root, commitment.count, index, leaf, &proof).unwrap();
    assert_eq!(place["batchId"], json!(commitment.id(CHAIN_ID, CONTRACT)));
    commitment
}

/// Whether `value` has exactly the fields that the document gives the schema, as far as those are required.
fn matches(document: &Value, schema: &Value, value: &Value) {
    if let Some(name) = schema["$ref"].as_str() {
        return matches(document, document.pointer(name.trim_start_matches('#')).unwrap(), value);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        matches(document, part, value);
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{name} is missing in {value}");
    }
    for (name, part) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name).filter(|value| value.is_object()) {
            let one = part["oneOf"].as_array().and_then(|parts| parts.last());
            matches(document, one.unwrap_or(part), value);
        }
    }
}

#[tokio::test]
async fn a_receipt_comes_with_its_batch_and_a_proof_that_holds() {
    let world = World::free().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let reply = world.ask("/v1/chat/completions", &chat(&format!("question {number}"))).await;
        ids.push(reply.header("x-request-id").to_owned());
    }
    let of = |id: &str| format!("/v1/receipts/{id}");
    assert_eq!(world.get(&of(&ids[2])).await.json()["batch"], Value::Null, "it waits");
    let new = seal(&world);
    let document = world.get("/openapi.json").await.json();
    let schema = |path: &str| {
        let pointer =
            format!("/paths/{}/get/responses/200/content/application~1json/schema", path.replace('/', "~1"));
        document.pointer(&pointer).unwrap().clone()
    };
    for (index, id) in ids.iter().enumerate() {
        let value = world.get(&of(id)).await.json();
        assert_eq!(proven(&world, &value), new.commitment);
        assert_eq!((&value["batch"]["status"], &value["batch"]["index"]), (&json!("posting"), &json!(index)));
        matches(&document, &schema("/v1/receipts/{requestId}"), &value);
        let leaf = world.get(&format!("/v1/batches/{}/leaves/{index}", new.name)).await.json();
        assert_eq!((&leaf["receipt"], &leaf["batch"]), (&value["receipt"], &value["batch"]));
        matches(&document, &schema("/v1/batches/{batchId}/leaves/{index}"), &leaf);
    }
    let posted = Posted { block: 7, transaction: B256::repeat_byte(3), final_at: 99 };
    world.store.write(|tx| batches::note_posted(tx, new.name, &posted)).unwrap();
    let batch = world.get(&format!("/v1/batches/{}", new.name)).await.json();
    assert_eq!(
        (&batch["status"], &batch["block"], &batch["finalAt"]),
        (&json!("posted"), &json!(7), &json!(99))
    );
    assert_eq!(batch["transaction"], json!(posted.transaction));
    matches(&document, &schema("/v1/batches/{batchId}"), &batch);
    let metrics = world.get("/metrics").await.text;
    assert!(metrics.contains("opg_batches_stored_receipts{state=\"posted\"} 5"), "{metrics}");
    assert!(metrics.contains("opg_batches_receipts_waiting 0"), "{metrics}");
}

#[tokio::test]
async fn the_data_is_what_was_committed_to() {
    let world = World::free().await;
    // More than one page of what is read at once.
    let asked: Vec<_> = (0..300).map(|number| chat(&number.to_string())).collect();
    // No more at once than one caller may have waiting.
    for chunk in asked.chunks(15) {
        let asks = chunk.iter().map(|body| world.ask("/v1/chat/completions", body));
        futures::future::join_all(asks).await;
    }
    let new = seal(&world);
    assert_eq!(new.commitment.count, 300);
    let response = world.http.get(world.url(&format!("/v1/batches/{}/data", new.name))).send().await.unwrap();
    assert_eq!(response.headers()["content-length"], (300 * RECORD_LENGTH).to_string().as_str());
    let data = response.bytes().await.unwrap();
    // What is posted is shorter and serves the same.
    let short = world.url(&format!("/b/{}", new.name.to_string().trim_start_matches("0x")));
    assert_eq!(world.http.get(short).send().await.unwrap().bytes().await.unwrap(), data);
    assert_eq!(keccak256(&data), new.commitment.dataHash);
    let domain = receipt_domain(CHAIN_ID, REGISTRY);
    let leaves = (0_u32..).zip(data.chunks(RECORD_LENGTH)).map(|(index, record)| {
        let signed = decode_record(record).unwrap();
        signed.verify(&domain, world.signer.address()).unwrap();
        leaf_of(index, 300, &signed, &domain)
    });
    assert_eq!(BatchTree::new(leaves.collect()).unwrap().root(), new.commitment.root);
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let world = World::free().await;
    world.ask("/v1/chat/completions", &chat("hello")).await;
    let name = seal(&world).name;
    let unknown = B256::repeat_byte(1);
    for (path, status, code) in [
        ("/v1/batches/0x12".to_owned(), 400, "invalid_value"),
        (format!("/v1/batches/{unknown}"), 404, "batch_not_found"),
        (format!("/v1/batches/{unknown}/data"), 404, "batch_not_found"),
        (format!("/v1/batches/{unknown}/leaves/0"), 404, "batch_not_found"),
        (format!("/v1/batches/{name}/leaves/1"), 400, "invalid_value"),
        (format!("/v1/batches/{name}/leaves/-1"), 400, "invalid_value"),
    ] {
        let reply = world.get(&path).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{path}");
    }
    // A dissolved batch is one no more, and its receipt waits again.
    let id = world.store.read(batches::posting).unwrap()[0].id;
    world.store.write(|tx| batches::dissolve(tx, id)).unwrap();
    assert_eq!(world.get(&format!("/v1/batches/{name}")).await.status, 404);
}

/// From the first step on, so that nobody sees a part of a batch.
#[tokio::test]
async fn what_was_pruned_is_gone_and_not_unknown() {
    let world = World::free().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let reply = world.ask("/v1/chat/completions", &chat(&format!("question {number}"))).await;
        ids.push(reply.header("x-request-id").to_owned());
    }
    let new = finish(&world);
    let kept = world.ask("/v1/chat/completions", &chat("later")).await.header("x-request-id").to_owned();
    let document = world.get("/openapi.json").await.json();
    for limit in [2, 10] {
        prune(&world, limit);
        let name = new.name;
        let short = name.to_string().trim_start_matches("0x").to_owned();
        let mut paths = vec![
            (format!("/v1/batches/{name}"), Value::Null),
            (format!("/v1/batches/{name}/data"), Value::Null),
            (format!("/b/{short}"), Value::Null),
            (format!("/v1/batches/{name}/leaves/4"), Value::Null),
        ];
        paths.extend((0..).zip(&ids).map(|(index, id)| (format!("/v1/receipts/{id}"), json!(index))));
        for (path, index) in paths {
            let reply = world.get(&path).await;
            assert_eq!((reply.status, reply.code().as_str()), (410, "expired"), "{path}");
            let batch = &reply.json()["batch"];
            assert_eq!((&batch["batchId"], &batch["index"]), (&json!(name), &index), "{path}");
            assert_eq!(
                (&batch["status"], &batch["commitment"]),
                (&json!("final"), &json!(new.commitment)),
                "{path}"
            );
            matches(&document, &json!({ "$ref": "#/components/schemas/Expired" }), &reply.json());
        }
        assert_eq!(world.get(&format!("/v1/batches/{name}/leaves/5")).await.status, 400);
        assert_eq!(world.get(&format!("/v1/receipts/{kept}")).await.status, 200);
        assert_eq!(world.get(&format!("/v1/receipts/{}", B256::repeat_byte(7))).await.status, 404);
    }
    let metrics = world.get("/metrics").await.text;
    assert!(metrics.contains("opg_batches_stored_receipts{state=\"expired\"} 5"), "{metrics}");
}
