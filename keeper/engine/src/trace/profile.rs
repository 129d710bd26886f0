use candle_core::Device;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::digest;
use crate::local::Accelerator;

/// Generation of the computation: raised whenever an answer's bits change for a reason that no other part of the profile
/// names. It is not the version of the package, so that a release which computes as before serves what was registered before
/// it; tests/it/profile.rs holds answers to it.
pub(crate) const ENGINE: &str = "opg-engine/1";

/// In place of an arithmetic: another server computes, nobody can say how.
pub(super) const FORWARDED: &str = "forwarded/1";

/// How numbers are multiplied and summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    /// On a processor of any instruction level, the same bits in every run.
    Exact,
    /// On an NVIDIA GPU.
    Cuda,
}

impl Arithmetic {
    pub(crate) const ALL: [Arithmetic; 2] = [Arithmetic::Exact, Arithmetic::Cuda];

    /// That of a loaded model.
    pub(crate) fn on(device: &Device) -> Self {
        if device.is_cpu() { Arithmetic::Exact } else { Arithmetic::Cuda }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Arithmetic::Exact => "exact/1",
            Arithmetic::Cuda => "cuda/1",
        }
    }

    /// How quantised weights of language models meet activations.
    pub(crate) fn quantisation(self) -> &'static str {
        match self {
            Arithmetic::Exact => "activations-8bit-32/1",
            Arithmetic::Cuda => "dequantised-f32/1",
        }
    }
}

impl From<Accelerator> for Arithmetic {
    fn from(accelerator: Accelerator) -> Self {
        match accelerator {
            Accelerator::Cpu => Arithmetic::Exact,
            Accelerator::Cuda(_) => Arithmetic::Cuda,
        }
    }
}

/// Everything beside the request that decides an answer. Two engines with the same profile give the same bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    // In the order of their names, so that their JSON is its own RFC 8785 form.
    /// How numbers are multiplied and summed: `exact/1` on a processor of any instruction level, `cuda/1` on an NVIDIA
    /// GPU, `forwarded/1` by another server, so that nobody can compute the answer again.
    pub arithmetic: String,
    /// sha256 of the configuration file in hex; empty where the weights file carries the configuration.
    pub config: String,
    /// Name and generation of the engine's computation. Releases that compute the same bits share it.
    pub engine: String,
    /// How quantised weights meet activations; empty for models whose weights are not quantised.
    pub quantisation: String,
    /// Name and version of the sampler; empty for models that sample nothing.
    pub sampler: String,
    /// sha256 of the chat template in hex; empty for models without one.
    pub template: String,
    /// sha256 of the tokenizer file in hex; empty where the weights file carries the tokenizer.
    pub tokenizer: String,
    /// Name and version of the trace's chain.
    pub trace: String,
    /// sha256 of the weights file in hex.
    pub weights: String,
}

impl Profile {
    /// That of answers which another server computes for a version of these files. It has no part that is not registered with
    /// the version, so that anybody can tell from the chain that a version is forwarded.
    pub fn of_forwarded(
        weights: &[u8; 32],
        tokenizer: Option<&[u8; 32]>,
        config: Option<&[u8; 32]>,
    ) -> Profile {
        let hex = |digest: Option<&[u8; 32]>| digest.map(|digest| digest::hex(digest)).unwrap_or_default();
        Profile {
            arithmetic: FORWARDED.to_owned(),
            config: hex(config),
            engine: String::new(),
            quantisation: String::new(),
            sampler: String::new(),
            template: String::new(),
            tokenizer: hex(tokenizer),
            trace: String::new(),
            weights: digest::hex(weights),
        }
    }

    /// Whether another server computes the answers: they are as good as its operator's word.
    pub fn is_forwarded(&self) -> bool {
        self.arithmetic == FORWARDED
    }

    /// sha256 of the profile's JSON: what traces and model versions commit to.
    pub fn digest(&self) -> [u8; 32] {
        // A struct of strings has no way to fail; the digest of nothing would match no profile.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }

    /// Whether the same request gives the same bits on any machine and in any batch.
    pub fn is_exact(&self) -> bool {
        self.arithmetic.starts_with("exact/")
    }

    /// Parts in which another profile differs: name, value here, value there.
    pub fn differences<'a>(&'a self, other: &'a Profile) -> Vec<(&'static str, &'a str, &'a str)> {
        let parts = [
            ("arithmetic", &self.arithmetic, &other.arithmetic),
            ("config", &self.config, &other.config),
            ("engine", &self.engine, &other.engine),
            ("quantisation", &self.quantisation, &other.quantisation),
            ("sampler", &self.sampler, &other.sampler),
            ("template", &self.template, &other.template),
            ("tokenizer", &self.tokenizer, &other.tokenizer),
            ("trace", &self.trace, &other.trace),
            ("weights", &self.weights, &other.weights),
        ];
        let differing = parts.into_iter().filter(|(_, ours, theirs)| ours != theirs);
        differing.map(|(name, ours, theirs)| (name, ours.as_str(), theirs.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            arithmetic: "exact/1".to_owned(),
            config: String::new(),
            engine: "opg-engine/1".to_owned(),
            quantisation: "q8-activations/1".to_owned(),
            sampler: "opg-sampler/2".to_owned(),
            template: String::new(),
            tokenizer: String::new(),
            trace: "opg-trace/1".to_owned(),
            weights: "00".to_owned(),
        }
    }

    #[test]
    fn the_digest_is_that_of_sorted_json() {
        let json = r#"{"arithmetic":"exact/1","config":"","engine":"opg-engine/1","quantisation":"q8-activations/1","sampler":"opg-sampler/2","template":"","tokenizer":"","trace":"opg-trace/1","weights":"00"}"#;
        assert_eq!(profile().digest(), <[u8; 32]>::from(Sha256::digest(json)));
    }

    #[test]
    fn any_part_changes_the_digest_and_is_named() {
        let other = Profile { arithmetic: "cuda/1".to_owned(), weights: "01".to_owned(), ..profile() };
        assert_ne!(profile().digest(), other.digest());
        let differences = [("arithmetic", "exact/1", "cuda/1"), ("weights", "00", "01")];
        assert_eq!(profile().differences(&other), differences);
        assert!(profile().is_exact() && !other.is_exact());
    }
}
