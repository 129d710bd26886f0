//! The price of a compute unit: the market's, and at least the operator's.

use std::time::Duration;

use alloy::primitives::Address;
use opg_gateway::GatewayConfig;

use crate::support::{World, chat, paid, payer::quote};

const CHAT: &str = "/v1/chat/completions";

fn market() -> GatewayConfig {
    GatewayConfig { fee_market: Some(Address::repeat_byte(0xdd)), ..paid() }
}

async fn asked(world: &World) -> u128 {
    quote(world, CHAT, &chat("one two three")).await["amount"].as_str().unwrap().parse().unwrap()
}

/// What every model is listed with.
async fn listed(world: &World) -> String {
    world.get("/v1/models").await.text
}

#[tokio::test]
async fn quotes_follow_the_market_and_stay_above_the_least() {
    let fixed = World::with(paid()).await;
    let units = asked(&fixed).await / 1_000;
    let world = World::with(market()).await;
    assert_eq!(asked(&world).await, units * 2_000);
    let models = listed(&world).await;
    assert!(models.contains(r#""unitPrice":"2000""#), "{models}");
    for (price, expected) in [(3_500, 3_500), (1, 1_000), (2_000, 2_000)] {
        *world.chain.unit_price.lock().unwrap() = price;
        tokio::time::timeout(Duration::from_secs(20), async {
            while asked(&world).await != units * expected {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("never asked for {expected} per unit"));
    }
}
