//! One request: which version is meant, which node is asked, what is paid, and what comes back.

use std::{sync::Arc, time::Duration};

use alloy::primitives::{Address, B256, U256};
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode},
};
use opg_chain::x402;

use crate::{
    BookError,
    book::{NewPayment, OpenPayment},
    collect::{Order, Paid, Undelivered, collect, deliver, problem},
    error::ProxyError,
    nodes::Node,
    payment::Quote,
    proxy::Shared,
    request::{Draft, Endpoint, Question},
};

/// Most nodes that are asked for their price.
const MOST_NODES: usize = 4;
/// How long a node may take to say its price; one that asks for none answers at once, so this is short.
const PRICE_TIME: Duration = Duration::from_secs(20);
/// By how many percent an asked price may be above the listed one: it may have moved since.
const SLACK: u128 = 25;
/// Seconds after its end before a payment is taken for one that cannot be charged any more.
pub(crate) const SETTLED: u64 = 120;

/// Answers `body`, sent to `endpoint`.
pub(crate) async fn forward(
    shared: &Arc<Shared>,
    endpoint: Endpoint,
    body: &[u8],
) -> Result<Response<Body>, ProxyError> {
    let draft = Draft::read(endpoint, body)?;
    let version = shared.version_of(&draft.name)?;
    let question = draft.of_version(version)?;
    match resume(shared, &question).await? {
        Some(order) => collect(shared, order).await,
        None => ask(shared, question).await,
    }
}

/// The payment that was made for this very request before, if its answer is still owed.
async fn resume(shared: &Shared, question: &Question) -> Result<Option<Order>, ProxyError> {
    for open in shared.book.resumable(question.path, question.input_hash)? {
        let Some(claim) = shared.under_way.claim(open.nonce) else { continue };
        let is_used =
            open.is_charged || shared.chain.authorization_used(shared.purse.payer(), open.nonce).await?;
        let now = shared.chain.now().await?;
        if is_used || now < open.valid_before {
            shared.book.tried(open.nonce)?;
            let OpenPayment { nonce, amount, header, operator, url, .. } = open;
            let paid = Paid { nonce, amount, header, _claim: claim };
            return Ok(Some(Order::new(shared, question.clone(), operator, url, Some(paid))));
        }
        if now < open.valid_before + SETTLED {
            let message = format!(
                "the same request was paid before, and for {} s more nobody can tell whether operator {} takes the payment; \
                 repeat it then",
                open.valid_before + SETTLED - now,
                open.operator
            );
            return Err(ProxyError::new(409, "payment_unsettled", message).after_payment());
        }
        shared.book.release(open.nonce)?;
    }
    Ok(None)
}

/// Asks nodes for their price, one after the other, until one is paid.
async fn ask(shared: &Arc<Shared>, question: Question) -> Result<Response<Body>, ProxyError> {
    let nodes = shared.nodes_for(&question)?;
    let mut failures = Vec::new();
    for node in nodes.into_iter().take(MOST_NODES) {
        match price(shared, &question, &node).await {
            Ok(Priced::Free(response)) => {
                let order = Order::new(shared, question, node.operator, node.url, None);
                return match deliver(shared, order, response).await {
                    Ok(response) => Ok(response),
                    Err(Undelivered::Refused(error)) => Err(error),
                    Err(Undelivered::Broken(_, reason)) => Err(ProxyError::new(502, "node_failed", reason)),
                };
            }
            Ok(Priced::At(quote)) => {
                let paid = pay(shared, &question, &node, &quote).await?;
                let order = Order::new(shared, question, node.operator, node.url, Some(paid));
                return collect(shared, order).await;
            }
            Err(failure) => {
                tracing::debug!(operator = %node.operator, reason = failure.message(), "a node is passed over");
                failures.push((node.operator, failure));
            }
        }
    }
    Err(none_answers(&question, failures))
}

/// Why nobody was paid. What every node would say is told as the first one said it.
fn none_answers(question: &Question, mut failures: Vec<(Address, ProxyError)>) -> ProxyError {
    if let Some(at) = failures.iter().position(|(_, failure)| failure.status().is_client_error()) {
        return failures.swap_remove(at).1;
    }
    let reasons: Vec<String> =
        failures.iter().map(|(operator, failure)| format!("{operator}: {}", failure.message())).collect();
    let message = format!("no node answers for model {}: {}", question.name, reasons.join("; "));
    ProxyError::new(503, "no_node", message)
}

enum Priced {
    /// The answer itself: this node is paid by nobody.
    Free(reqwest::Response),
    At(Quote),
}

/// What `node` asks for `question`, if that may be paid.
async fn price(shared: &Shared, question: &Question, node: &Node) -> Result<Priced, ProxyError> {
    let url = format!("{}{}", node.url, question.path);
    let failed = |reason: String| {
        shared.nodes.failed(node.operator);
        ProxyError::new(503, "node_failed", reason)
    };
    let asked = shared.outgoing.post(&url, question.body.clone(), None);
    let response = match tokio::time::timeout(PRICE_TIME, asked).await {
        Ok(response) => response.map_err(failed)?,
        Err(_) => return Err(failed(format!("it does not answer within {PRICE_TIME:?}"))),
    };
    match response.status() {
        StatusCode::OK => Ok(Priced::Free(response)),
        StatusCode::PAYMENT_REQUIRED => {
            let header = response.headers().get(x402::REQUIRED).map(HeaderValue::as_bytes);
            let quote = shared.purse.quote(header, node.operator, question.version).map_err(failed)?;
            let model = shared.model(question.version).await?;
            let listed = question.ceiling(&model, node.offer.unit_price, node.offer.default_output);
            if quote.amount > listed.saturating_add(listed.saturating_mul(SLACK) / 100) {
                return Err(failed(format!(
                    "it asks {} wei of OPG, and by its own list it could be {listed} at most",
                    quote.amount
                )));
            }
            let limit = shared.config.budget.per_request;
            if quote.amount > limit {
                return Err(BookError::Request { amount: quote.amount, limit }.into());
            }
            Ok(Priced::At(quote))
        }
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
            // About the request; another node may still be able to.
            Err(problem(response).await)
        }
        _ => Err(failed(problem(response).await.message().to_owned())),
    }
}

/// Takes the price out of the budget, then signs.
async fn pay(shared: &Shared, question: &Question, node: &Node, quote: &Quote) -> Result<Paid, ProxyError> {
    let (chain, purse, book) = (&shared.chain, &shared.purse, &shared.book);
    let held = chain.balance(purse.payer()).await?;
    if held < U256::from(quote.amount) {
        let message = format!(
            "the request costs {} wei of OPG, and account {} holds {held}; send OPG to it",
            quote.amount,
            purse.payer()
        );
        return Err(ProxyError::new(402, "insufficient_funds", message));
    }
    let now = shared.now();
    let new = NewPayment {
        nonce: B256::from(rand::random::<[u8; 32]>()),
        operator: node.operator,
        version: question.version,
        url: node.url.clone(),
        path: question.path,
        input_hash: question.input_hash,
        amount: quote.amount,
        valid_before: chain.now().await?.max(now) + quote.validity(),
    };
    let claim = shared.under_way.claim(new.nonce);
    let claim =
        claim.ok_or_else(|| ProxyError::new(503, "book_unavailable", "a payment's number came twice"))?;
    book.reserve(&new, shared.config.budget, now)?;
    let signed = async {
        let header = purse.sign(quote, new.nonce, new.valid_before).await;
        let header = header.map_err(|reason| ProxyError::new(503, "key_unavailable", reason))?;
        book.signed(new.nonce, &header)?;
        Ok(header)
    };
    match signed.await {
        Ok(header) => Ok(Paid { nonce: new.nonce, amount: new.amount, header, _claim: claim }),
        Err(error) => {
            // Nothing left, so nothing can be charged.
            if let Err(error) = book.release(new.nonce) {
                tracing::warn!(%error, "an amount stays out of the budget until its payment has ended");
            }
            Err(error)
        }
    }
}
