//! A node that answers as its role says.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use alloy::{
    primitives::{Address, B256, hex},
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures::stream;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opg_receipts::{InferenceReceipt, http_request_id, json_hash, receipt_domain};
use serde_json::{Value, json};
use tower_service::Service as _;

use super::{CHAIN_ID, OPG, PRICE, REGISTRY, VERSION, now};

/// What a node does. Everything but the first is an attack or a fault.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    Honest,
    /// Changes the answer behind its receipt.
    OtherAnswer,
    /// Alters the receipt before it is signed.
    Receipt(fn(&mut InferenceReceipt)),
    /// Signs with another key.
    OtherKey,
    /// Names another chain beside the receipt.
    OtherChain,
    NoReceipt,
    /// Ends before the receipt.
    Truncated,
    /// Says more behind the receipt.
    GoesOn,
    /// Says something that no receipt commits to.
    Strange,
    /// Never ends.
    Endless,
    /// Takes the payment and does not answer.
    Silent,
    /// Takes the payment, and answers with this status.
    Fails(u16),
    /// Answers with an error the first times.
    BusyFor(usize),
    /// Changes what it asks for.
    Asks(fn(&mut Value)),
    Redirects,
    /// Wants nothing.
    Free,
}

pub(crate) struct Node {
    pub(crate) operator: Address,
    pub(crate) key: PrivateKeySigner,
    pub(crate) stake: u64,
    pub(crate) url: String,
    pub(crate) state: Arc<NodeState>,
}

pub(crate) struct NodeState {
    pub(crate) role: Mutex<Role>,
    operator: Address,
    key: PrivateKeySigner,
    name: Mutex<(String, B256)>,
    unit_price: u128,
    /// Requests with a payment, and without.
    pub(crate) paid: AtomicUsize,
    pub(crate) unpaid: AtomicUsize,
    /// The payments that it was sent.
    pub(crate) payments: Mutex<Vec<Value>>,
}

impl Node {
    pub(crate) async fn start(number: u8, role: Role) -> Self {
        Self::priced(number, role, 1_000, 10).await
    }

    pub(crate) async fn priced(number: u8, role: Role, stake: u64, unit_price: u128) -> Self {
        let (operator, key) = (Address::repeat_byte(number), PrivateKeySigner::random());
        let state = Arc::new(NodeState {
            role: Mutex::new(role),
            operator,
            key: key.clone(),
            name: Mutex::new(("smol".to_owned(), VERSION)),
            unit_price,
            paid: AtomicUsize::new(0),
            unpaid: AtomicUsize::new(0),
            payments: Mutex::default(),
        });
        let router = Router::new()
            .route("/v1/models", get(async |State(state): State<Arc<NodeState>>| state.models()))
            .route("/v1/receipts/{id}", get(async |State(state): State<Arc<NodeState>>| state.receipt()))
            .route(
                "/v1/chat/completions",
                post(async |State(state): State<Arc<NodeState>>, request: Request| state.chat(request).await),
            )
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let router = router.clone();
                let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let mut router = router.clone();
                    async move { router.call(request.map(Body::new)).await }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { operator, key, stake, url, state }
    }

    pub(crate) fn is(&self, role: Role) {
        *self.state.role.lock().unwrap() = role;
    }

    /// Serves another model from now on.
    pub(crate) fn serves(&self, name: &str, version: B256) {
        *self.state.name.lock().unwrap() = (name.to_owned(), version);
    }

    /// How many payments it was sent.
    pub(crate) fn paid(&self) -> usize {
        self.state.paid.load(SeqCst)
    }

    /// How many requests without payment.
    pub(crate) fn unpaid(&self) -> usize {
        self.state.unpaid.load(SeqCst)
    }

    /// The numbers of the payments that it was sent.
    pub(crate) fn nonces(&self) -> Vec<B256> {
        let nonce =
            |payment: &Value| payment["payload"]["authorization"]["nonce"].as_str().unwrap().parse().unwrap();
        self.state.payments.lock().unwrap().iter().map(nonce).collect()
    }
}

impl NodeState {
    fn models(&self) -> String {
        let (name, version) = self.name.lock().unwrap().clone();
        let opg = json!({
            "modelVersion": version, "unitPrice": self.unit_price.to_string(), "defaultOutputTokens": 10,
        });
        json!({ "data": [{ "id": name, "opg": opg }] }).to_string()
    }

    async fn chat(&self, request: Request) -> Response<Body> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let role = self.role.lock().unwrap().clone();
        let payment = payment(&head.headers);
        if payment.is_none() && !matches!(role, Role::Free) {
            self.unpaid.fetch_add(1, SeqCst);
            return self.ask(&role);
        }
        if let Some(payment) = &payment {
            self.paid.fetch_add(1, SeqCst);
            self.payments.lock().unwrap().push(payment.clone());
        }
        match role {
            Role::Silent => std::future::pending().await,
            Role::Fails(code) => return status(code),
            Role::BusyFor(times) if self.paid.load(SeqCst) <= times => return status(503),
            Role::Endless if body["stream"] != true => {
                let chunk = Bytes::from(vec![b' '; 1 << 20]);
                let forever = stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
                return Response::new(Body::from_stream(forever));
            }
            _ => {}
        }
        if body["stream"] == true {
            self.stream(&role, &body, payment.as_ref())
        } else {
            self.whole(&role, &body, payment.as_ref())
        }
    }

    fn ask(&self, role: &Role) -> Response<Body> {
        if matches!(role, Role::Redirects) {
            let mut response = status(307);
            response.headers_mut().insert("location", "http://127.0.0.1:1/".parse().unwrap());
            return response;
        }
        let mut required = json!({
            "x402Version": 2,
            "accepts": [{
                "scheme": "exact",
                "network": format!("eip155:{CHAIN_ID}"),
                "asset": OPG,
                "amount": PRICE.to_string(),
                "payTo": self.operator,
                "maxTimeoutSeconds": 300,
                "extra": { "name": "whatever", "version": "9" },
            }],
        });
        if let Role::Asks(change) = role {
            change(&mut required);
        }
        let mut response = status(402);
        let header = BASE64_STANDARD.encode(required.to_string());
        response.headers_mut().insert("payment-required", header.parse().unwrap());
        response
    }

    /// What is under `opg` for an answer.
    fn extension(&self, role: &Role, body: &Value, output: &Value, payment: Option<&Value>) -> Value {
        let authorization = payment.map(|payment| &payment["payload"]["authorization"]);
        let of = |field: &str| authorization.map(|signed| signed[field].as_str().unwrap());
        let payer: Address = of("from").map_or(Address::ZERO, |payer| payer.parse().unwrap());
        let nonce: B256 = of("nonce").map_or(B256::ZERO, |nonce| nonce.parse().unwrap());
        let input_hash = json_hash(body).unwrap();
        let mut receipt = InferenceReceipt {
            requestId: http_request_id(payer, self.operator, nonce, input_hash),
            payer,
            operator: self.operator,
            modelVersion: VERSION,
            inputHash: input_hash,
            outputHash: json_hash(output).unwrap(),
            traceHash: B256::ZERO,
            inputUnits: 1,
            outputUnits: 1,
            unitPrice: self.unit_price,
            fee: of("value").map_or(0, |value| value.parse().unwrap()),
            mode: 0,
            issuedAt: now(),
        };
        if let Role::Receipt(change) = role {
            change(&mut receipt);
        }
        let key = if matches!(role, Role::OtherKey) { PrivateKeySigner::random() } else { self.key.clone() };
        let signature = key.sign_hash_sync(&receipt.digest(&receipt_domain(CHAIN_ID, REGISTRY))).unwrap();
        let chain_id = if matches!(role, Role::OtherChain) { 1 } else { CHAIN_ID };
        json!({
            "receipt": receipt,
            "signature": hex::encode_prefixed(signature.as_bytes()),
            "chainId": chain_id,
            "proofRegistry": REGISTRY,
        })
    }

    fn whole(&self, role: &Role, body: &Value, payment: Option<&Value>) -> Response<Body> {
        let mut choices = choices();
        let opg = self.extension(role, body, &choices, payment);
        if matches!(role, Role::OtherAnswer) {
            choices[0]["message"]["content"] = "Lyons".into();
        }
        let mut answer = json!({ "id": "1", "object": "chat.completion", "model": "of the node", "choices": choices, "opg": opg });
        if matches!(role, Role::NoReceipt) {
            answer.as_object_mut().unwrap().remove("opg");
        }
        let text = answer.to_string();
        let mut response = Response::new(Body::from(text.clone()));
        if matches!(role, Role::Truncated) {
            // Half of it, then the connection breaks.
            let half = Bytes::from(text[..text.len() / 2].to_owned());
            let pieces = vec![Ok(half), Err(std::io::Error::other("gone"))];
            response = Response::new(Body::from_stream(stream::iter(pieces)));
        }
        response.headers_mut().insert("content-type", "application/json".parse().unwrap());
        response
    }

    fn stream(&self, role: &Role, body: &Value, payment: Option<&Value>) -> Response<Body> {
        let opg = self.extension(role, body, &choices(), payment);
        let event = |choice: Value| json!({ "id": "1", "model": "of the node", "choices": [choice] });
        let told = if matches!(role, Role::OtherAnswer) { "Lyo" } else { "Par" };
        let mut last = event(json!({ "index": 0, "delta": {}, "finish_reason": "stop" }));
        last["opg"] = opg;
        let mut events = vec![
            event(json!({ "index": 0, "delta": { "role": "assistant", "content": told }, "finish_reason": null })).to_string(),
            event(json!({ "index": 0, "delta": { "content": "is" }, "finish_reason": null })).to_string(),
            last.to_string(),
            "[DONE]".to_owned(),
        ];
        match role {
            Role::Truncated => events.truncate(2),
            Role::NoReceipt => {
                events.remove(2);
            }
            Role::GoesOn => {
                events.insert(3, event(json!({ "index": 0, "delta": { "content": "!" } })).to_string())
            }
            Role::Strange => {
                events.insert(1, event(json!({ "index": 0, "delta": { "reasoning": "!" } })).to_string())
            }
            _ => {}
        }
        let events: Vec<_> =
            events.into_iter().map(|data| Ok::<_, std::io::Error>(format!("data: {data}\n\n"))).collect();
        let piece = event(json!({ "index": 0, "delta": { "content": "x".repeat(1 << 19) } }));
        let mut response = if matches!(role, Role::Endless) {
            let forever = stream::repeat_with(move || Ok::<_, std::io::Error>(format!("data: {piece}\n\n")));
            Response::new(Body::from_stream(forever))
        } else {
            Response::new(Body::from_stream(stream::iter(events)))
        };
        response.headers_mut().insert("content-type", "text/event-stream".parse().unwrap());
        response
    }

    /// The receipt for the last payment, of an answer that nobody got.
    fn receipt(&self) -> String {
        let payments = self.payments.lock().unwrap();
        let body = json!({ "model": VERSION, "messages": [{ "role": "user", "content": "owed" }], "max_tokens": 10 });
        self.extension(&self.role.lock().unwrap(), &body, &choices(), payments.last()).to_string()
    }
}

fn choices() -> Value {
    json!([{ "finish_reason": "stop", "index": 0, "message": { "content": "Paris", "role": "assistant" } }])
}

fn status(code: u16) -> Response<Body> {
    let mut response = Response::new(Body::from(
        json!({ "error": { "code": "a_code", "message": "a reason" } }).to_string(),
    ));
    *response.status_mut() = code.try_into().unwrap();
    response
}

fn payment(headers: &HeaderMap) -> Option<Value> {
    let header = headers.get("payment-signature")?;
    Some(serde_json::from_slice(&BASE64_STANDARD.decode(header).unwrap()).unwrap())
}
