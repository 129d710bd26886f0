//! Compares the endpoints with each other.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use alloy::primitives::B256;
use tokio_util::sync::CancellationToken;

use super::{BlockSource, Pinned, Rpc, endpoint::Endpoint};

impl Rpc {
    /// Asks every endpoint for its head and, where there are several, for one block that all should have, and demotes
    /// those that lag or disagree. Ends demotions whose cause has gone.
    pub async fn probe(&self) {
        let endpoints = &self.inner.endpoints;
        let pins: Vec<_> = endpoints.iter().cloned().map(Pinned::new).collect();
        let heads: Vec<_> = futures::future::join_all(pins.iter().map(BlockSource::head))
            .await
            .into_iter()
            .map(|head| head.ok().map(|head| head.number))
            .collect();
        let Some(best) = heads.iter().flatten().max().copied() else { return };
        let max_lag = self.inner.config.max_lag;
        // The highest block that all who keep up have.
        let keeps_up = |head: &u64| head.saturating_add(max_lag) >= best;
        let common = heads.iter().flatten().filter(|head| keeps_up(head)).min().copied().unwrap_or(best);
        let hashes = self.hashes_at(common, &pins, &heads).await;
        let trusted = majority(&hashes);
        let now = Instant::now();
        for (endpoint, hash) in endpoints.iter().zip(&hashes) {
            let disagreement = hash.filter(|hash| Some(*hash) != trusted).map(|_| common);
            judge(endpoint, best, max_lag, disagreement, now);
        }
    }

    /// Probes at the configured interval until `shutdown`.
    pub async fn watch(&self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(self.inner.config.probe_interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            if shutdown.run_until_cancelled(self.probe()).await.is_none() {
                return;
            }
        }
    }

    async fn hashes_at(&self, number: u64, pins: &[Pinned], heads: &[Option<u64>]) -> Vec<Option<B256>> {
        let ask = |(pin, head): (&Pinned, &Option<u64>)| {
            let (pin, has_it) = (pin.clone(), head.is_some_and(|head| head >= number));
            async move {
                let block = if has_it { pin.block(number).await.ok().flatten() } else { None };
                block.map(|block| block.hash)
            }
        };
        futures::future::join_all(pins.iter().zip(heads).map(ask)).await
    }
}

fn judge(endpoint: &Arc<Endpoint>, best: u64, max_lag: u64, disagreement: Option<u64>, now: Instant) {
    let mut health = endpoint.health();
    let before = health.demotion();
    health.judge(best, max_lag, disagreement, now);
    match (before, health.demotion()) {
        (None, Some(reason)) => {
            tracing::warn!(endpoint = endpoint.label(), %reason, "RPC endpoint is passed over");
        }
        (Some(_), None) => tracing::info!(endpoint = endpoint.label(), "RPC endpoint is used again"),
        _ => {}
    }
}

/// The hash that most endpoints name; among equals the one whose first supporter is configured first.
fn majority(hashes: &[Option<B256>]) -> Option<B256> {
    let mut votes: BTreeMap<B256, (usize, usize)> = BTreeMap::new();
    for (position, hash) in hashes.iter().enumerate() {
        if let Some(hash) = hash {
            votes.entry(*hash).or_insert((0, position)).0 += 1;
        }
    }
    let best = votes.into_iter().max_by_key(|(_, (count, first))| (*count, usize::MAX - first));
    best.map(|(hash, _)| hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_votes_win_and_the_configured_order_breaks_ties() {
        let [a, b] = [B256::repeat_byte(9), B256::repeat_byte(1)];
        assert_eq!(majority(&[Some(a), Some(b)]), Some(a));
        assert_eq!(majority(&[Some(a), Some(b), Some(b)]), Some(b));
        assert_eq!(majority(&[None, Some(b)]), Some(b));
        assert_eq!(majority(&[None]), None);
    }
}
