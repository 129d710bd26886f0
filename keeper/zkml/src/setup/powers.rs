use alloy_primitives::{B256, Keccak256};
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, ScalarMul};
use ark_ff::{One, Zero};
use ark_serialize::CanonicalSerialize;
use rand::CryptoRng;
use rayon::prelude::*;

use super::error::SetupError;
use crate::Circuit;
use crate::groth16::domain::Domain;
use crate::groth16::msm;
use crate::groth16::scalars::random;

/// The first phase of a setup, as much of it as a circuit needs: powers of τ in both groups, and in the first one those
/// times α and times β.
#[derive(Debug, Clone)]
pub struct Powers {
    pub(super) tau: Vec<G1Affine>,
    pub(super) tau2: Vec<G2Affine>,
    pub(super) alpha: Vec<G1Affine>,
    pub(super) beta: Vec<G1Affine>,
    pub(super) beta2: G2Affine,
}

/// How many points of the domain a circuit has: the number of powers follows from it.
pub(super) fn domain(circuit: &Circuit) -> Result<Domain, SetupError> {
    let constraints = circuit.constraints();
    let rows = constraints.constraints() + constraints.public();
    Domain::new(rows).ok_or(SetupError::TooLarge { rows })
}

impl Powers {
    /// Powers of secrets that this process knows: whoever runs this could forge proofs under every key made of them. For
    /// development and tests.
    ///
    /// # Errors
    /// When the circuit is too large for the curve.
    pub fn development(circuit: &Circuit, rng: &mut impl CryptoRng) -> Result<Self, SetupError> {
        let size = domain(circuit)?.size();
        let [tau, alpha, beta] = std::array::from_fn(|_| random(rng));
        let powers: Vec<Fr> =
            std::iter::successors(Some(Fr::one()), |power| Some(*power * tau)).take(2 * size).collect();
        let times = |factor: Fr| -> Vec<Fr> { powers[..size].iter().map(|power| *power * factor).collect() };
        let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
        Ok(Self {
            tau: g1.batch_mul(&powers),
            tau2: g2.batch_mul(&powers[..size]),
            alpha: g1.batch_mul(&times(alpha)),
            beta: g1.batch_mul(&times(beta)),
            beta2: (g2 * beta).into_affine(),
        })
    }

    /// Fixes the powers that a transcript stands on.
    pub fn digest(&self) -> B256 {
        let mut hash = Keccak256::new();
        hash.update(b"OPG zk powers v1");
        let first = self.tau.iter().chain(&self.alpha).chain(&self.beta);
        for point in first {
            absorb(&mut hash, point);
        }
        for point in self.tau2.iter().chain(Some(&self.beta2)) {
            absorb(&mut hash, point);
        }
        hash.finalize()
    }

    /// Requires that these are the powers of one τ, one α and one β, none of which is trivial. That nobody knows them is
    /// for their ceremony to show: `snarkjs powersoftau verify` checks its contributions.
    ///
    /// # Errors
    /// Names what is wrong.
    pub fn check(&self, rng: &mut impl CryptoRng) -> Result<(), SetupError> {
        let require = |holds: bool, what: &'static str| holds.then_some(()).ok_or(SetupError::Powers(what));
        let size = self.tau2.len();
        require(size > 1 && self.tau.len() == 2 * size, "there are not twice as many in the first group")?;
        require(self.alpha.len() == size && self.beta.len() == size, "their numbers differ")?;
        let valid = |points: &[G1Affine]| points.par_iter().all(|p| !p.infinity && p.is_on_curve());
        require(valid(&self.tau), "a power of tau is not on the curve")?;
        require(valid(&self.alpha) && valid(&self.beta), "a multiple of alpha or beta is not on the curve")?;
        let second = self.tau2.par_iter().chain([&self.beta2]);
        let in_group =
            |p: &G2Affine| !p.infinity && p.is_on_curve() && p.is_in_correct_subgroup_assuming_on_curve();
        require(second.into_par_iter().all(in_group), "a point is not in the second group")?;

        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        require(self.tau[0] == g1 && self.tau2[0] == g2, "they do not begin with the generators")?;
        require(self.tau[1] != g1 && self.tau[size] != g1, "tau is a root of unity")?;
        let weights: Vec<Fr> = weights(2 * size, rng);
        let sum = |points: &[G1Affine]| msm::full(points, &weights[..points.len()]);
        // Each list, moved by one, is τ times itself.
        for (points, what) in [(&self.tau, "tau"), (&self.alpha, "alpha"), (&self.beta, "beta")] {
            let last = points.len() - 1;
            require(same(sum(&points[1..]), g2, sum(&points[..last]), self.tau2[1]), what)?;
        }
        let in_second = msm::full(&self.tau2, &weights[..size]);
        require(
            same(sum(&self.tau[..size]), g2, g1.into(), in_second.into_affine()),
            "tau in the second group",
        )?;
        require(same(self.beta[0].into(), g2, g1.into(), self.beta2), "beta in the second group")
    }
}

/// Whether e(a, b) = e(c, d).
pub(super) fn same(a: G1Projective, b: G2Affine, c: G1Projective, d: G2Affine) -> bool {
    Bn254::multi_pairing([a, -c], [b, d]).is_zero()
}

/// Random weights of 128 bits: a sum that is right with them is right throughout, but for one chance in 2^127.
pub(super) fn weights(count: usize, rng: &mut impl CryptoRng) -> Vec<Fr> {
    let mut bytes = [0; 16];
    (0..count)
        .map(|_| {
            rng.fill_bytes(&mut bytes);
            Fr::from(u128::from_le_bytes(bytes))
        })
        .collect()
}

/// Hashes a point, uncompressed.
pub(super) fn absorb(hash: &mut Keccak256, point: &impl CanonicalSerialize) {
    let mut bytes = Vec::with_capacity(point.uncompressed_size());
    // Memory takes everything.
    if point.serialize_uncompressed(&mut bytes).is_ok() {
        hash.update(&bytes);
    }
}
