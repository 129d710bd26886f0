use alloy::primitives::B256;
use opg_chain::bindings::ModelSpec;
use opg_engine::Profile;

/// Whether a version is registered as answered by another server: its receipts are as good as the operator's word, as nobody
/// can compute the answers again. The chain alone tells, whatever an operator says.
#[must_use]
pub fn is_forwarded(spec: &ModelSpec) -> bool {
    let given = |digest: B256| (!digest.is_zero()).then_some(digest.0);
    let (tokenizer, config) = (given(spec.tokenizerDigest), given(spec.configDigest));
    let profile = Profile::of_forwarded(&spec.weightsDigest.0, tokenizer.as_ref(), config.as_ref());
    profile.digest() == spec.engineProfile.0
}
