//! The configuration file as it is written: every key with its type and its default. The keys that exist, and so the
//! suggestions for mistyped ones, are derived from these types.

use std::path::PathBuf;

use alloy::primitives::B256;
use serde::Deserialize;

use super::batches::BatchesSection;
use super::channels::ChannelsSection;
use super::fees::FeesSection;
use super::gateway::GatewaySection;
use super::proxy::ProxySection;
use super::units::{Checksummed, Endpoints, Eth, Opg, Size, Span};
use super::upstream::UpstreamSection;

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ConfigFile {
    pub(crate) chain: ChainSection,
    pub(crate) keys: KeysSection,
    pub(crate) transactions: TransactionsSection,
    pub(crate) inference: InferenceSection,
    pub(crate) proving: ProvingSection,
    pub(crate) crank: CrankSection,
    pub(crate) gateway: GatewaySection,
    pub(crate) batches: BatchesSection,
    pub(crate) channels: ChannelsSection,
    pub(crate) fees: FeesSection,
    pub(crate) proxy: ProxySection,
    pub(crate) engine: EngineSection,
    pub(crate) storage: StorageSection,
    pub(crate) log: LogSection,
    pub(crate) models: Vec<ModelSection>,
}

/// `[chain]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct ChainSection {
    pub(crate) rpc: Option<Endpoints>,
    pub(crate) id: u64,
    pub(crate) address_book: Option<PathBuf>,
    pub(crate) poll_interval: Span,
    pub(crate) request_timeout: Span,
    pub(crate) finality: u64,
    pub(crate) max_log_range: u64,
}

impl Default for ChainSection {
    fn default() -> Self {
        Self {
            rpc: None,
            id: 8453,
            address_book: None,
            poll_interval: Span::seconds(1),
            request_timeout: Span::seconds(10),
            finality: 64,
            max_log_range: 2_000,
        }
    }
}

/// `[keys]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct KeysSection {
    pub(crate) keystore: Option<PathBuf>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) operator: Option<Checksummed>,
}

/// `[transactions]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct TransactionsSection {
    pub(crate) max_fee_per_gas: Eth,
    pub(crate) min_balance: Eth,
    pub(crate) confirmations: u64,
    pub(crate) replace_after_blocks: u64,
}

impl Default for TransactionsSection {
    fn default() -> Self {
        Self {
            max_fee_per_gas: Eth::gwei(10),
            min_balance: Eth::gwei(500_000),
            confirmations: 3,
            replace_after_blocks: 3,
        }
    }
}

/// `[inference]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct InferenceSection {
    pub(crate) enabled: bool,
    pub(crate) unit_price: Opg,
    pub(crate) market: bool,
    pub(crate) min_fee: Opg,
    pub(crate) opg_per_eth: Option<Opg>,
    pub(crate) min_output_tokens: u32,
    pub(crate) max_waiting: u32,
    pub(crate) concurrency: u32,
    pub(crate) max_attempts: u32,
    pub(crate) deadline_margin: Span,
    pub(crate) drain_timeout: Span,
}

impl Default for InferenceSection {
    fn default() -> Self {
        Self {
            enabled: true,
            unit_price: Opg(1_000_000_000_000),
            market: true,
            min_fee: Opg(0),
            opg_per_eth: None,
            min_output_tokens: 16,
            max_waiting: 64,
            concurrency: 1,
            max_attempts: 5,
            deadline_margin: Span::seconds(10),
            drain_timeout: Span::seconds(60),
        }
    }
}

/// `[proving]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct ProvingSection {
    pub(crate) unit_price: Option<Opg>,
    pub(crate) min_fee: Opg,
    pub(crate) concurrency: u32,
    pub(crate) threads: u32,
    pub(crate) memory_limit: Option<Size>,
    pub(crate) time_limit: Span,
    pub(crate) assumed_time: Span,
    pub(crate) max_attempts: u32,
}

impl Default for ProvingSection {
    fn default() -> Self {
        Self {
            unit_price: None,
            min_fee: Opg(0),
            concurrency: 1,
            threads: 0,
            memory_limit: None,
            time_limit: Span::seconds(600),
            assumed_time: Span::seconds(20),
            max_attempts: 3,
        }
    }
}

/// `[crank]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct CrankSection {
    pub(crate) enabled: bool,
    pub(crate) genesis: Option<PathBuf>,
    pub(crate) interval: Span,
    pub(crate) categories: Vec<String>,
    pub(crate) min_amount: Opg,
    pub(crate) max_gas_price: Eth,
    pub(crate) batch_gas: u64,
    pub(crate) only: Vec<Checksummed>,
    pub(crate) except: Vec<Checksummed>,
    pub(crate) slashes: bool,
    pub(crate) compound: bool,
}

impl Default for CrankSection {
    fn default() -> Self {
        Self {
            enabled: false,
            genesis: None,
            interval: Span::seconds(3_600),
            categories: Vec::new(),
            min_amount: Opg(1_000_000_000_000_000_000),
            max_gas_price: Eth::gwei(1),
            batch_gas: 8_000_000,
            only: Vec::new(),
            except: Vec::new(),
            slashes: true,
            compound: false,
        }
    }
}

/// `[engine]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct EngineSection {
    pub(crate) threads: u32,
    pub(crate) queue: u32,
    pub(crate) memory_limit: Option<Size>,
}

impl Default for EngineSection {
    fn default() -> Self {
        Self { threads: 0, queue: 16, memory_limit: None }
    }
}

/// `[storage]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct StorageSection {
    pub(crate) path: PathBuf,
}

impl Default for StorageSection {
    fn default() -> Self {
        Self { path: "opg.db".into() }
    }
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct LogSection {
    pub(crate) filter: String,
    pub(crate) format: LogFormat,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// `[[models]]`: a model version that this keeper serves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ModelSection {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<B256>,
    pub(crate) weights: Option<PathBuf>,
    pub(crate) tokenizer: Option<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) proving_key: Option<PathBuf>,
    pub(crate) upstream: Option<UpstreamSection>,
    pub(crate) max_input_tokens: Option<u32>,
    pub(crate) max_output_tokens: Option<u32>,
}
