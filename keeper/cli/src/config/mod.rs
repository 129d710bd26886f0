//! The configuration: one TOML file, overridden by the environment, validated as a whole before anything starts.

pub(crate) mod batches;
pub(crate) mod channels;
pub(crate) mod fees;
pub(crate) mod file;
pub(crate) mod gateway;
mod keys;
mod load;
pub(crate) mod proxy;
pub(crate) mod template;
pub(crate) mod units;
pub(crate) mod upstream;
mod validate;

use std::path::{Path, PathBuf};

use alloy::primitives::{Address, B256};

pub(crate) use self::load::nearest;
use self::{
    batches::BatchesSection,
    channels::ChannelsSection,
    fees::FeesSection,
    file::{
        ChainSection, CrankSection, EngineSection, InferenceSection, LogSection, ProvingSection,
        TransactionsSection,
    },
    gateway::GatewaySection,
    proxy::ProxySection,
    units::Endpoints,
    upstream::UpstreamSettings,
};
use crate::error::{CliError, CliResult, Code};

/// A configuration in which everything that is required is present and nothing contradicts anything else. Paths are
/// absolute or relative to the working directory, no longer to the file.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The file it came from.
    pub(crate) path: PathBuf,
    pub(crate) rpc: Endpoints,
    pub(crate) chain: ChainSection,
    pub(crate) address_book: PathBuf,
    pub(crate) keystore: PathBuf,
    pub(crate) password_file: Option<PathBuf>,
    /// The account that is staked and credited; the keeper's own key where absent.
    pub(crate) operator: Option<Address>,
    pub(crate) transactions: TransactionsSection,
    pub(crate) inference: InferenceSection,
    pub(crate) proving: ProvingSection,
    /// Its folder is relative to the working directory, like every path here.
    pub(crate) crank: CrankSection,
    /// Its files are relative to the working directory, too.
    pub(crate) gateway: GatewaySection,
    pub(crate) batches: BatchesSection,
    pub(crate) channels: ChannelsSection,
    pub(crate) fees: FeesSection,
    /// Its book is relative to the working directory, too.
    pub(crate) proxy: ProxySection,
    pub(crate) engine: EngineSection,
    pub(crate) database: PathBuf,
    pub(crate) log: LogSection,
    pub(crate) models: Vec<Model>,
}

/// A model version that this keeper serves, with its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) version: B256,
    pub(crate) weights: PathBuf,
    pub(crate) tokenizer: Option<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    /// What its answers are proved with.
    pub(crate) proving_key: Option<PathBuf>,
    /// The server that answers for it, where this keeper does not compute it.
    pub(crate) upstream: Option<UpstreamSettings>,
    pub(crate) max_input_tokens: Option<u32>,
    pub(crate) max_output_tokens: Option<u32>,
}

impl Config {
    /// Reads and validates the file at `path` under the process's environment.
    pub(crate) fn load(path: &Path) -> CliResult<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| {
            CliError::new(
                Code::ConfigMissing,
                path.display(),
                source,
                "run `opg init` to write a configuration, or name one with --config",
            )
        })?;
        let environment: Vec<_> =
            std::env::vars().filter(|(name, _)| name.starts_with(load::PREFIX)).collect();
        Self::parse(&text, path, &environment)
    }

    /// Validates `text` as the content of `path`.
    pub(crate) fn parse(text: &str, path: &Path, environment: &[(String, String)]) -> CliResult<Self> {
        let source = path.display().to_string();
        let (file, mut problems) = load::decode(text, &source, environment);
        let config = validate::validate(file, path, &mut problems);
        match (CliError::from_problems(problems), config) {
            (Some(error), _) => Err(error),
            (None, Some(config)) => Ok(config),
            (None, None) => Err(CliError::internal(source, "incomplete without a stated problem")),
        }
    }
}

#[cfg(test)]
mod tests;
