//! Endpoints that lag or contradict the others.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use opg_chain::rpc::{BlockSource, Rpc};

use crate::support::{
    book,
    chain::FakeChain,
    server::{Server, config},
};

fn chain(blocks: u64) -> FakeChain {
    let chain = FakeChain::new(book(31337).inference_hub);
    for _ in 0..blocks {
        chain.state().mine(0);
    }
    chain
}

async fn serve(chain: &FakeChain, lag: &Arc<AtomicU64>) -> Server {
    let (chain, lag) = (chain.clone(), lag.clone());
    Server::start(move |method, parameters| chain.answer(method, parameters, lag.load(Ordering::SeqCst)))
        .await
}

fn first(rpc: &Rpc) -> String {
    rpc.pins()[0].label().to_owned()
}

#[tokio::test]
async fn an_endpoint_that_lags_is_passed_over_until_it_has_caught_up() {
    let chain = chain(30);
    let (lag, none) = (Arc::new(AtomicU64::new(20)), Arc::new(AtomicU64::new(0)));
    let (behind, current) = (serve(&chain, &lag).await, serve(&chain, &none).await);
    let rpc = Rpc::connect(config(&[&behind, &current])).await.unwrap();
    assert!(first(&rpc).starts_with("rpc 2"));
    assert_eq!(rpc.head().await.unwrap().number, 30);
    assert!(rpc.status()[0].demoted.as_deref().unwrap().contains("behind"));
    lag.store(0, Ordering::SeqCst);
    rpc.probe().await;
    assert!(first(&rpc).starts_with("rpc 1"));
}

#[tokio::test]
async fn the_minority_that_names_other_blocks_is_passed_over() {
    let (ours, theirs) = (chain(30), chain(30));
    theirs.state().drop_blocks(5);
    for _ in 0..6 {
        // The counter has moved on, so these blocks have other hashes.
        theirs.state().mine(1);
    }
    let none = Arc::new(AtomicU64::new(0));
    let liar = serve(&theirs, &none).await;
    let (one, two) = (serve(&ours, &none).await, serve(&ours, &none).await);
    let rpc = Rpc::connect(config(&[&liar, &one, &two])).await.unwrap();
    assert!(first(&rpc).starts_with("rpc 2"));
    assert!(rpc.status()[0].demoted.as_deref().unwrap().contains("another block"));
}

#[tokio::test]
async fn a_head_that_goes_back_costs_the_first_place() {
    let chain = chain(30);
    let (lag, none) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (fickle, steady) = (serve(&chain, &lag).await, serve(&chain, &none).await);
    let rpc = Rpc::connect(config(&[&fickle, &steady])).await.unwrap();
    assert!(first(&rpc).starts_with("rpc 1"));
    lag.store(3, Ordering::SeqCst);
    rpc.pins()[0].head().await.unwrap();
    assert!(first(&rpc).starts_with("rpc 2"));
    lag.store(0, Ordering::SeqCst);
    rpc.probe().await;
    assert!(first(&rpc).starts_with("rpc 2"), "distrust outlasts one good answer");
}
