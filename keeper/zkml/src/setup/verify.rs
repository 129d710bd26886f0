//! Whether a key is the one that model, powers and contributions make. It is not made again: sums with random weights are
//! compared instead, which takes a few sums of products where making it takes Fourier transforms of points.

use alloy_primitives::B256;
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::Zero;
use rand::CryptoRng;
use rayon::prelude::*;

use super::ceremony::Ceremony;
use super::error::SetupError;
use super::initial::coset_factors;
use super::powers::{Powers, domain, same, weights};
use crate::Circuit;
use crate::groth16::domain::Domain;
use crate::groth16::msm;

impl Ceremony {
    /// Verifies the whole transcript against the model and the powers: every contribution, and that the key is that of the
    /// model's constraints. Returns the last link of the chain.
    ///
    /// The powers must be well-formed, which [`Powers::read`] checks.
    ///
    /// # Errors
    /// Names what is wrong first.
    pub fn verify(
        &self,
        circuit: &Circuit,
        powers: &Powers,
        rng: &mut impl CryptoRng,
    ) -> Result<B256, SetupError> {
        if self.model_digest() != circuit.model_digest() {
            return Err(SetupError::OtherModel { setup: self.model_digest(), model: circuit.model_digest() });
        }
        let digest = powers.digest();
        if self.powers != digest {
            return Err(SetupError::OtherPowers { setup: self.powers, powers: digest });
        }
        if self.contributions.is_empty() {
            return Err(SetupError::NoContribution);
        }
        let (link, delta) = self.follow()?;
        let domain = domain(circuit)?;
        self.verify_shape(circuit, &domain)?;
        self.verify_constants(powers, delta)?;
        self.verify_sums(circuit, powers, &domain, rng)?;
        Ok(link)
    }

    /// The numbers of points, and that each is a point.
    fn verify_shape(&self, circuit: &Circuit, domain: &Domain) -> Result<(), SetupError> {
        let (key, constraints) = (&self.key, circuit.constraints());
        let (all, public) = (constraints.variables(), constraints.public());
        let model = circuit.model();
        let lengths = [model.input().len() as u64, model.output_bytes() as u64];
        require(key.verifying.lengths == lengths, "lengths of input and output")?;
        require(key.a.len() == all && key.b.len() == all && key.b2.len() == all, "number of points")?;
        require(key.verifying.inputs.len() == public, "number of inputs")?;
        require(key.witness.len() + public == all, "number of points of the witness")?;
        require(key.quotient.len() == domain.size(), "number of points of the quotient")?;

        let on_curve = |points: &[G1Affine]| points.par_iter().all(|point| point.is_on_curve());
        let first = [&key.a, &key.b, &key.witness, &key.quotient, &key.verifying.inputs];
        require(first.iter().all(|points| on_curve(points)), "set of points (one is not on the curve)")?;
        let in_group = |p: &G2Affine| p.is_on_curve() && p.is_in_correct_subgroup_assuming_on_curve();
        let second = key.b2.par_iter().all(in_group) && in_group(&key.verifying.delta);
        require(second, "set of points of the second group (one is outside of it)")?;
        // The contract refuses such a key; the circuits of this crate do not lead to one.
        require(!key.verifying.inputs.iter().any(|point| point.infinity), "point of an input")
    }

    fn verify_constants(&self, powers: &Powers, delta: G1Affine) -> Result<(), SetupError> {
        let (key, verifying) = (&self.key, &self.key.verifying);
        require(verifying.alpha == powers.alpha[0], "alpha")?;
        require(key.beta == powers.beta[0] && verifying.beta == powers.beta2, "beta")?;
        require(verifying.gamma == G2Affine::generator(), "gamma")?;
        require(key.delta == delta, "delta")?;
        let (one, one2) = (G1Projective::from(G1Affine::generator()), G2Affine::generator());
        require(same(delta.into(), one2, one, verifying.delta), "delta of the second group")?;
        // Secrets that cancel each other out leave what nobody contributed to.
        require(verifying.delta != one2, "delta")
    }

    fn verify_sums(
        &self,
        circuit: &Circuit,
        powers: &Powers,
        domain: &Domain,
        rng: &mut impl CryptoRng,
    ) -> Result<(), SetupError> {
        let (key, constraints) = (&self.key, circuit.constraints());
        let (all, public) = (constraints.variables(), constraints.public());
        // The coefficients of the polynomial that is the weighted sum of the variables' polynomials.
        let in_a = |weights: &[Fr]| {
            let mut values = constraints.times(&constraints.a, weights);
            values.extend(&weights[..public]);
            domain.interpolate(&mut values);
            values
        };
        let in_b = |weights: &[Fr]| {
            let mut values = constraints.times(&constraints.b, weights);
            domain.interpolate(&mut values);
            values
        };
        let size = domain.size();
        let weights = weights(all.max(size), rng);
        let (a, b) = (in_a(&weights[..all]), in_b(&weights[..all]));
        require(msm::full(&key.a, &weights[..all]) == msm::full(&powers.tau[..size], &a), "part A")?;
        require(msm::full(&key.b, &weights[..all]) == msm::full(&powers.tau[..size], &b), "part B")?;
        require(msm::full(&key.b2, &weights[..all]) == msm::full(&powers.tau2, &b), "part B, second group")?;

        let joined = |range: std::ops::Range<usize>| {
            let mut only = vec![Fr::zero(); all];
            only[range.clone()].copy_from_slice(&weights[range]);
            msm::full(&powers.beta, &in_a(&only)) + msm::full(&powers.alpha, &in_b(&only))
        };
        let inputs = msm::full(&key.verifying.inputs, &weights[..public]);
        require(inputs == joined(0..public), "part of the public inputs")?;
        let (one2, delta2) = (G2Affine::generator(), key.verifying.delta);
        let witness = msm::full(&key.witness, &weights[public..all]);
        require(same(witness, delta2, joined(public..all), one2), "part of the witness")?;

        let mut shifted = weights[..size].to_vec();
        let quotient = msm::full(&key.quotient, &shifted);
        domain.interpolate(&mut shifted);
        shifted.iter_mut().zip(coset_factors(domain)).for_each(|(value, factor)| *value *= factor);
        let vanishing =
            msm::full(&powers.tau[size..2 * size], &shifted) - msm::full(&powers.tau[..size], &shifted);
        require(same(quotient, delta2, vanishing, one2), "part of the quotient")
    }
}

fn require(holds: bool, what: &'static str) -> Result<(), SetupError> {
    holds.then_some(()).ok_or(SetupError::WrongKey(what))
}
