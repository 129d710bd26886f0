//! A full disk: what cannot be stored is not handed out, no voucher is charged for it, and it goes on when there is room.

use opg_gateway::ChannelPolicy;
use opg_store::{Store, StoreError};

use crate::{
    channels::{CHAT, open, send, stored},
    support::{Reply, World, chat},
};

/// Lets the database grow no further than it is, as a full disk does; or again.
fn set_full(store: &Store, full: bool) {
    let most = if full { 1 } else { 1_000_000 };
    let set = |tx: &rusqlite::Transaction<'_>| {
        // Less than there is means: no more than there is.
        tx.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(())).map_err(StoreError::from)
    };
    store.write(set).unwrap();
}

/// The refusal, once the pages are used up that the database has.
async fn refusal(world: &World) -> Reply {
    for _ in 0..200 {
        let reply = world.ask(CHAT, &chat("hello world")).await;
        if reply.status != 200 {
            return reply;
        }
        world.receipt(&reply.json()["opg"]);
    }
    panic!("the disk never became full");
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_handed_out() {
    let world = World::free().await;
    set_full(&world.store, true);
    let refused = refusal(&world).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "storage_unavailable"));
    assert!(!refused.text.contains("hello world"), "{}", refused.text);
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(refused.header("opg-receipt"), "");
    let ready = world.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text.contains("make room"), "{}", ready.text);

    set_full(&world.store, false);
    assert_eq!(world.ask(CHAT, &chat("hello world")).await.status, 200);
    assert_eq!(world.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_voucher_is_neither_charged_nor_lost_on_a_full_disk() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let body = chat("hello world");
    assert_eq!(send(&world, &body, &payer.voucher(payer.amount())).await.status, 200);
    set_full(&world.store, true);
    let (voucher, charged) = loop {
        let charged = stored(&world, &payer).charged;
        let voucher = payer.voucher(charged + payer.amount());
        let reply = send(&world, &body, &voucher).await;
        if reply.status != 200 {
            assert_eq!(reply.code(), "storage_unavailable");
            break (voucher, charged);
        }
    };
    assert_eq!(stored(&world, &payer).charged, charged);
    set_full(&world.store, false);
    assert_eq!(send(&world, &body, &voucher).await.status, 200);
    assert!(stored(&world, &payer).charged > charged);
}
