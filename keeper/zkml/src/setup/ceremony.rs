use alloy_primitives::{Address, B256};
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use rand::CryptoRng;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::contribution::{Contribution, Secret, follow, root};
use super::error::SetupError;
use super::initial::initial;
use super::powers::Powers;
use super::{SetupKind, commitment};
use crate::groth16::ProvingKey;
use crate::{Circuit, VerifyingKey, evm};

/// A setup under way: the transcript of who has contributed so far, and the key that results.
#[derive(Debug, Clone)]
pub struct Ceremony {
    pub(super) powers: B256,
    pub(super) contributions: Vec<Contribution>,
    pub(super) key: ProvingKey,
}

/// What a verified setup yields.
#[derive(Debug)]
pub struct Finished {
    /// What proofs are made with.
    pub key: ProvingKey,
    /// What the model's version names for good.
    pub commitment: B256,
    /// The last link of the chain of contributions.
    pub transcript: B256,
    /// Who contributed, in order.
    pub contributors: Vec<Address>,
}

impl Ceremony {
    /// Begins a setup: makes the key to which nobody has contributed.
    ///
    /// # Errors
    /// When the powers are not as many as the circuit needs.
    pub fn new(circuit: &Circuit, powers: &Powers) -> Result<Self, SetupError> {
        Ok(Self { powers: powers.digest(), contributions: Vec::new(), key: initial(circuit, powers)? })
    }

    /// The digest of the model that this setup is for.
    pub fn model_digest(&self) -> B256 {
        self.key.model_digest()
    }

    /// Who has contributed, in order.
    pub fn contributors(&self) -> impl Iterator<Item = Address> + '_ {
        self.contributions.iter().map(|contribution| contribution.contributor)
    }

    /// The last link of the chain of contributions, once all of them are checked. Publish it: whoever finds his link in the
    /// chain of the finished key knows that the key contains his secret.
    ///
    /// # Errors
    /// Names the contribution that is not valid.
    pub fn transcript(&self) -> Result<B256, SetupError> {
        Ok(self.follow()?.0)
    }

    pub(super) fn follow(&self) -> Result<(B256, G1Affine), SetupError> {
        follow(root(self.model_digest(), self.powers), &self.contributions)
    }

    /// Multiplies δ by a secret, which is forgotten. Verify what you were given first: this checks the contributions, but
    /// not the key.
    ///
    /// # Errors
    /// When a contribution in the transcript is not valid, or the contributor's address is zero.
    pub fn contribute(
        &mut self,
        contributor: Address,
        secret: Secret,
        rng: &mut impl CryptoRng,
    ) -> Result<B256, SetupError> {
        if contributor.is_zero() {
            return Err(SetupError::NoContributor);
        }
        let (link, delta) = self.follow()?;
        if self.key.delta != delta {
            return Err(SetupError::WrongKey("delta"));
        }
        let contribution = Contribution::make(link, contributor, delta, &secret, rng);
        let inverse = Zeroizing::new(secret.scalar().inverse().unwrap_or_default());
        scale(&mut self.key.witness, &inverse);
        scale(&mut self.key.quotient, &inverse);
        self.key.delta = contribution.delta;
        self.key.verifying.delta = (self.key.verifying.delta * secret.scalar()).into_affine();
        let link = contribution.link(link);
        self.contributions.push(contribution);
        Ok(link)
    }

    /// Verifies everything and yields the key.
    ///
    /// # Errors
    /// As [`Ceremony::verify`].
    pub fn finish(
        self,
        circuit: &Circuit,
        powers: &Powers,
        rng: &mut impl CryptoRng,
    ) -> Result<Finished, SetupError> {
        let transcript = self.verify(circuit, powers, rng)?;
        let contributors = self.contributors().collect();
        let key = self.key;
        let commitment = commit(key.verifying_key(), key.model_digest(), transcript);
        Ok(Finished { key, commitment, transcript, contributors })
    }
}

fn commit(key: &VerifyingKey, model: B256, transcript: B256) -> B256 {
    commitment(model, &evm::encode_key(key), SetupKind::MultiParty, transcript)
}

/// Multiplies every point.
fn scale(points: &mut [G1Affine], scalar: &Fr) {
    let chunk = points.len().div_ceil(4 * rayon::current_num_threads()).max(1);
    points.par_chunks_mut(chunk).for_each(|points| {
        let products: Vec<G1Projective> = points.iter().map(|point| point.into_group() * scalar).collect();
        points.copy_from_slice(&G1Projective::normalize_batch(&products));
    });
}
