use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Everything beside the request that decides an answer. Two engines with the same profile give the same bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    // In the order of their names, so that their JSON is its own RFC 8785 form.
    /// How numbers are multiplied and summed: `exact/1` on a processor of any instruction level, `cuda/1` on an NVIDIA
    /// GPU, `candle/1` in the order of the tensor library of that name.
    pub arithmetic: String,
    /// Name and version of the engine.
    pub engine: String,
    /// How quantised weights meet activations.
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
    /// sha256 of the profile's JSON: what traces and model versions commit to.
    pub fn digest(&self) -> [u8; 32] {
        // A struct of strings has no way to fail; the digest of nothing would match no profile.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }

    /// Whether the same request gives the same bits on any machine and in any batch.
    pub fn is_exact(&self) -> bool {
        self.arithmetic.starts_with("exact/")
    }

    /// Names of the parts in which another profile differs.
    pub fn differences(&self, other: &Profile) -> Vec<&'static str> {
        let parts = [
            ("arithmetic", &self.arithmetic, &other.arithmetic),
            ("engine", &self.engine, &other.engine),
            ("quantisation", &self.quantisation, &other.quantisation),
            ("sampler", &self.sampler, &other.sampler),
            ("template", &self.template, &other.template),
            ("tokenizer", &self.tokenizer, &other.tokenizer),
            ("trace", &self.trace, &other.trace),
            ("weights", &self.weights, &other.weights),
        ];
        parts.into_iter().filter(|(_, ours, theirs)| ours != theirs).map(|(name, ..)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            arithmetic: "exact/1".to_owned(),
            engine: "opg-engine/0.1.0".to_owned(),
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
        let json = r#"{"arithmetic":"exact/1","engine":"opg-engine/0.1.0","quantisation":"q8-activations/1","sampler":"opg-sampler/2","template":"","tokenizer":"","trace":"opg-trace/1","weights":"00"}"#;
        assert_eq!(profile().digest(), <[u8; 32]>::from(Sha256::digest(json)));
    }

    #[test]
    fn any_part_changes_the_digest_and_is_named() {
        let other = Profile { arithmetic: "cuda/1".to_owned(), weights: "01".to_owned(), ..profile() };
        assert_ne!(profile().digest(), other.digest());
        assert_eq!(profile().differences(&other), ["arithmetic", "weights"]);
        assert!(profile().is_exact() && !other.is_exact());
    }
}
