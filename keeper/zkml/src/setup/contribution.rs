use alloy_primitives::{Address, B256, Keccak256};
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField, Zero};
use rand::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::error::SetupError;
use super::powers::absorb;
use crate::groth16::scalars::random;

/// One person's share of a setup: δ times a secret, with a proof that the contributor knew the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The account with which the contributor will stand for the key. A claim, until it has signed.
    pub contributor: Address,
    /// δ after the contribution, in the first group.
    pub(super) delta: G1Affine,
    /// A proof after Schnorr that somebody knows by what the former δ was multiplied.
    pub(super) commitment: G1Affine,
    pub(super) response: Fr,
}

/// What a contributor must forget. It is wiped from memory when it goes out of scope; copies that the processor or the
/// compiler may have made of it on the stack are beyond reach, so contribute on a machine that is switched off afterwards.
pub struct Secret(Zeroizing<Fr>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A secret from a source of random numbers and, in case that source is worse than it should be, whatever else the
    /// contributor offers: keystrokes, dice.
    pub fn new(rng: &mut impl CryptoRng, more: &[u8]) -> Self {
        loop {
            let mut seed = Zeroizing::new([0u8; 64]);
            rng.fill_bytes(seed.as_mut());
            let mut wide = Zeroizing::new([0u8; 64]);
            for (index, half) in wide.chunks_exact_mut(32).enumerate() {
                let mut hash = Keccak256::new();
                hash.update([index as u8]);
                hash.update(seed.as_slice());
                hash.update(more);
                let mut digest = hash.finalize();
                half.copy_from_slice(digest.as_slice());
                digest.0.zeroize();
            }
            let scalar = Zeroizing::new(Fr::from_le_bytes_mod_order(wide.as_slice()));
            // 1 would change nothing.
            if !scalar.is_zero() && *scalar != Fr::from(1u64) {
                return Self(scalar);
            }
        }
    }

    pub(super) fn scalar(&self) -> &Fr {
        &self.0
    }
}

impl Contribution {
    /// Multiplies δ. `before` is the link of the chain that this contribution follows.
    pub(super) fn make(
        before: B256,
        contributor: Address,
        delta: G1Affine,
        secret: &Secret,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let after = (delta * secret.scalar()).into_affine();
        // Whoever learned this number too could compute the secret.
        let mask = Zeroizing::new(random(rng));
        let commitment = (delta * *mask).into_affine();
        let mut contribution = Self { contributor, delta: after, commitment, response: Fr::zero() };
        contribution.response = *mask + contribution.challenge(before, &delta) * secret.scalar();
        contribution
    }

    /// Why the contribution cannot follow `before`, the link of the chain at which δ was `delta`.
    pub(super) fn fault(&self, before: B256, delta: &G1Affine) -> Option<&'static str> {
        if self.contributor.is_zero() {
            return Some("the contributor's address is zero");
        }
        let points = [&self.delta, &self.commitment];
        if points.iter().any(|point| point.infinity || !point.is_on_curve()) {
            return Some("a point is infinite or not on the curve");
        }
        if self.delta == *delta {
            return Some("it changes nothing");
        }
        let challenge = self.challenge(before, delta);
        let holds = *delta * self.response == self.commitment.into_group() + self.delta * challenge;
        (!holds).then_some("it does not prove knowledge of its secret, made for this place in the chain")
    }

    /// Binds the proof to the model, the powers and all contributions before (through `before`), to the contributor, and to
    /// the step from one δ to the next: none of them can be exchanged.
    fn challenge(&self, before: B256, delta: &G1Affine) -> Fr {
        let mut wide = [0; 64];
        for (index, half) in wide.chunks_exact_mut(32).enumerate() {
            let mut hash = Keccak256::new();
            hash.update(b"OPG zk contribution v1");
            hash.update([index as u8]);
            hash.update(before);
            hash.update(self.contributor);
            for point in [delta, &self.delta, &self.commitment] {
                absorb(&mut hash, point);
            }
            half.copy_from_slice(hash.finalize().as_slice());
        }
        Fr::from_le_bytes_mod_order(&wide)
    }

    /// The next link of the chain.
    pub(super) fn link(&self, before: B256) -> B256 {
        let mut hash = Keccak256::new();
        hash.update(b"OPG zk link v1");
        hash.update(before);
        hash.update(self.contributor);
        absorb(&mut hash, &self.delta);
        absorb(&mut hash, &self.commitment);
        hash.update(self.response.into_bigint().to_bytes_be());
        hash.finalize()
    }
}

/// The chain's first link.
pub(super) fn root(model: B256, powers: B256) -> B256 {
    let mut hash = Keccak256::new();
    hash.update(b"OPG zk setup v1");
    hash.update(model);
    hash.update(powers);
    hash.finalize()
}

/// Checks a chain of contributions and returns its last link and the δ there.
pub(super) fn follow(root: B256, contributions: &[Contribution]) -> Result<(B256, G1Affine), SetupError> {
    let start = (root, G1Affine::generator());
    contributions.iter().enumerate().try_fold(
        start,
        |(link, delta), (index, contribution)| match contribution.fault(link, &delta) {
            None => Ok((contribution.link(link), contribution.delta)),
            Some(reason) => Err(SetupError::Contribution {
                position: index + 1,
                contributor: contribution.contributor,
                reason,
            }),
        },
    )
}
