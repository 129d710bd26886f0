use alloy_primitives::{Address, B256};

/// Why a setup cannot go on, or is not to be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A file could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the file is no {expected} ({reason}): fetch it again from whoever offers it")]
    Format {
        /// What it should be.
        expected: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The powers of tau are too few.
    #[error("the circuit needs powers of tau up to 2^{needed}, the file has 2^{found}: use a larger one")]
    TooFewPowers {
        /// The exponent that suffices.
        needed: u32,
        /// The exponent of the file.
        found: u32,
    },
    /// The circuit is too large for the curve.
    #[error("{rows} constraints are more than the curve supports: use a smaller model")]
    TooLarge {
        /// How many there are.
        rows: usize,
    },
    /// The powers are not powers of one secret.
    #[error(
        "the powers of tau are not well-formed ({0}): fetch the file again from whoever ran that ceremony"
    )]
    Powers(&'static str),
    /// The transcript is of another model.
    #[error("the setup is for model {setup}, not for {model}: use the model file that it was begun with")]
    OtherModel {
        /// The setup's model.
        setup: B256,
        /// The model given.
        model: B256,
    },
    /// The transcript stands on other powers.
    #[error("the setup was begun with other powers of tau ({setup}) than these ({powers}): use that file")]
    OtherPowers {
        /// The digest in the transcript.
        setup: B256,
        /// The digest of the powers given.
        powers: B256,
    },
    /// A contribution is not valid.
    #[error("contribution {position} by {contributor} is not valid: {reason}. Discard the file")]
    Contribution {
        /// Its position, from 1.
        position: usize,
        /// Who is said to have made it.
        contributor: Address,
        /// What is wrong.
        reason: &'static str,
    },
    /// Nobody has contributed.
    #[error(
        "nobody has contributed to this setup: anybody could forge proofs with its key. Contribute first"
    )]
    NoContribution,
    /// The contributor is not named.
    #[error("the contributor's address is zero: give the address that he will sign the finished key with")]
    NoContributor,
    /// The key does not follow from model, powers and contributions.
    #[error(
        "the key in the file is not the one that the model, the powers and the contributions make: its {0} is wrong. Discard the file"
    )]
    WrongKey(&'static str),
}

impl SetupError {
    pub(super) fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}
