//! Which nodes there are, what they ask, how they did, and in which order they are tried.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use alloy::primitives::{Address, B256, U256};
use futures::{StreamExt as _, stream};
use serde::Deserialize;

use crate::{
    Announced, ChainError, ProxyChain, ProxyConfig,
    outgoing::{Outgoing, read},
    score::{Merits, rank},
};

/// Most nodes that are looked at: those with the largest stakes.
const MOST: usize = 64;
/// Nodes that are asked at once what they serve.
const AT_ONCE: usize = 8;
/// How long a node may take to say what it serves, and how much it may say.
const LIST_TIME: Duration = Duration::from_secs(5);
const LIST_SIZE: usize = 1 << 20;
/// How long a node that failed is left alone, unless there is no other.
const PAUSE: Duration = Duration::from_secs(60);
/// How much the newest answer counts in the mean time of answers.
const NEWEST: f64 = 0.25;

/// A node that serves a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) operator: Address,
    pub(crate) stake: U256,
    pub(crate) url: String,
    pub(crate) offer: Offer,
}

/// What a node says of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) name: String,
    pub(crate) unit_price: u128,
    pub(crate) default_output: u64,
}

/// How a node did.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    seconds: Option<f64>,
    failed: Option<Instant>,
}

/// The nodes.
#[derive(Debug)]
pub(crate) struct Nodes {
    chain: Arc<dyn ProxyChain>,
    outgoing: Outgoing,
    config: ProxyConfig,
    serving: Mutex<Arc<HashMap<B256, Vec<Node>>>>,
    records: Mutex<HashMap<Address, Record>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is complete in itself.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Nodes {
    pub(crate) fn new(chain: Arc<dyn ProxyChain>, outgoing: Outgoing, config: ProxyConfig) -> Self {
        Self { chain, outgoing, config, serving: Mutex::default(), records: Mutex::default() }
    }

    /// Looks at the registry and asks its nodes what they serve. Returns how many serve something.
    pub(crate) async fn refresh(&self) -> Result<usize, ChainError> {
        let config = &self.config;
        let mut announced = self.chain.operators().await?;
        announced.retain(|node| {
            let is_wanted = config.operators.is_empty() || config.operators.contains(&node.operator);
            is_wanted && node.stake >= config.min_stake
        });
        announced.sort_by_key(|node| (std::cmp::Reverse(node.stake), node.operator));
        announced.truncate(MOST);
        let looks: Vec<_> = announced.into_iter().map(|node| self.look(node)).collect();
        let lists: Vec<Vec<(B256, Node)>> = stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        let count = lists.iter().filter(|list| !list.is_empty()).count();
        let mut serving: HashMap<B256, Vec<Node>> = HashMap::new();
        for (version, node) in lists.into_iter().flatten() {
            serving.entry(version).or_default().push(node);
        }
        *lock(&self.serving) = Arc::new(serving);
        Ok(count)
    }

    /// What one node serves; nothing where it does not say.
    async fn look(&self, Announced { operator, stake, url }: Announced) -> Vec<(B256, Node)> {
        let list = async {
            let base = self.outgoing.base(&url)?;
            let response = self.outgoing.get(&format!("{base}/v1/models")).await?;
            if !response.status().is_success() {
                return Err(format!("its list of models is answered with {}", response.status()));
            }
            let body = read(response, LIST_SIZE).await.map_err(|_| "its list of models cannot be read")?;
            let list: List = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
            Ok::<_, String>((base, list))
        };
        let found = tokio::time::timeout(LIST_TIME, list).await;
        match found.unwrap_or_else(|_| Err(format!("it does not answer within {LIST_TIME:?}"))) {
            Ok((base, list)) => {
                let node = |offer| Node { operator, stake, url: base.clone(), offer };
                list.data
                    .into_iter()
                    .filter_map(Listed::offer)
                    .map(|(version, offer)| (version, node(offer)))
                    .collect()
            }
            Err(reason) => {
                tracing::debug!(%operator, url, reason, "a node is left out");
                Vec::new()
            }
        }
    }

    /// Nodes that serve `version`, the best first; those that failed a moment ago last.
    pub(crate) fn serving(&self, version: B256) -> Vec<Node> {
        let mut nodes = lock(&self.serving).get(&version).cloned().unwrap_or_default();
        let records = lock(&self.records).clone();
        let record = |node: &Node| records.get(&node.operator).copied().unwrap_or_default();
        rank(&mut nodes, self.config.prefer, |node| Merits {
            operator: node.operator,
            unit_price: node.offer.unit_price,
            seconds: record(node).seconds,
            stake: node.stake,
        });
        nodes.sort_by_key(|node| record(node).failed.is_some_and(|at| at.elapsed() < PAUSE));
        nodes
    }

    /// The versions that nodes call `name`.
    pub(crate) fn named(&self, name: &str) -> BTreeSet<B256> {
        let serving = Arc::clone(&lock(&self.serving));
        let calls = |nodes: &[Node]| nodes.iter().any(|node| node.offer.name == name);
        serving.iter().filter(|(_, nodes)| calls(nodes)).map(|(version, _)| *version).collect()
    }

    /// All names that nodes use, with the versions that they mean.
    pub(crate) fn names(&self) -> BTreeMap<String, BTreeSet<B256>> {
        let serving = Arc::clone(&lock(&self.serving));
        let mut names: BTreeMap<String, BTreeSet<B256>> = BTreeMap::new();
        for (version, nodes) in serving.iter() {
            for node in nodes {
                names.entry(node.offer.name.clone()).or_default().insert(*version);
            }
        }
        names
    }

    /// Notes that a node answered, and how long it took.
    pub(crate) fn answered(&self, operator: Address, time: Duration) {
        let mut records = lock(&self.records);
        let record = records.entry(operator).or_default();
        let time = time.as_secs_f64();
        record.seconds = Some(record.seconds.map_or(time, |mean| mean + NEWEST * (time - mean)));
        record.failed = None;
    }

    /// Notes that a node did not do what it should.
    pub(crate) fn failed(&self, operator: Address) {
        lock(&self.records).entry(operator).or_default().failed = Some(Instant::now());
    }
}

/// What `/v1/models` answers, as far as it is looked at. Nothing in it is believed: a price is compared with what is asked in
/// the end.
#[derive(Debug, Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    opg: Option<Said>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    model_version: B256,
    unit_price: String,
    #[serde(default)]
    default_output_tokens: u64,
}

impl Listed {
    fn offer(self) -> Option<(B256, Offer)> {
        let said = self.opg?;
        let unit_price = said.unit_price.parse().ok()?;
        Some((
            said.model_version,
            Offer { name: self.id, unit_price, default_output: said.default_output_tokens },
        ))
    }
}
