//! The price of a compute unit: the market's, and at least the operator's.

use std::time::Duration;

use alloy::primitives::Address;
use opg_gateway::GatewayConfig;
use serde_json::{Value, json};

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

/// Each prompt is asked for as if it came alone, but for what a request costs at all.
#[tokio::test]
async fn several_prompts_cost_what_they_cost_one_by_one() {
    let world = World::with(paid()).await;
    let units = async |prompt: Value| {
        let body = json!({ "model": "chat", "prompt": prompt, "max_tokens": 10 });
        let amount = quote(&world, "/v1/completions", &body).await["amount"].as_str().unwrap().to_owned();
        amount.parse::<u128>().unwrap() / 1_000 - 100
    };
    let (short, long) = ("one two", "x".repeat(900));
    let apart = units(json!(short)).await + units(json!(long)).await;
    let together = units(json!([short, long])).await;
    assert!(together <= apart && apart <= together + 2, "{apart} apart, {together} together");
    // Longer than the model reads: no more is asked for than it can read, each time.
    let huge = "x".repeat(60_000);
    assert_eq!(units(json!([huge, huge])).await, 2 * units(json!(huge)).await);
}
