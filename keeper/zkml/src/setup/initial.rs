//! The key of a circuit before anybody has contributed, with δ = γ = 1: a public function of the model and the powers.

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField};
use opg_zkml_verifier::VerifyingKey;
use rayon::prelude::*;

use super::error::SetupError;
use super::powers::{Powers, domain};
use crate::Circuit;
use crate::groth16::ProvingKey;
use crate::groth16::domain::Domain;

/// A coefficient as a sign and the words of its magnitude, few where it is small.
type Small = (bool, Vec<u64>);

pub(super) fn initial(circuit: &Circuit, powers: &Powers) -> Result<ProvingKey, SetupError> {
    let domain = domain(circuit)?;
    let size = domain.size();
    if powers.tau2.len() != size {
        return Err(SetupError::Powers("their number is not that of the circuit"));
    }
    let constraints = circuit.constraints();
    let (rows, public) = (constraints.constraints(), constraints.public());
    let (in_a, in_b) = (constraints.columns(&constraints.a), constraints.columns(&constraints.b));
    let small: Vec<Small> = constraints.coefficients().iter().map(small).collect();

    // Every Lagrange polynomial at τ; then the sums that the constraints want of them. Each public input has a row of its
    // own in A.
    let plain = lagrange::<G1Projective>(&domain, &powers.tau[..size]);
    let mut a = sums::<G1Projective>(&in_a, &small, &plain);
    a.iter_mut().zip(&plain[rows..rows + public]).for_each(|(sum, own)| *sum += own);
    let a = G1Projective::normalize_batch(&a);
    let b = G1Projective::normalize_batch(&sums::<G1Projective>(&in_b, &small, &plain));
    drop(plain);
    let second = lagrange::<G2Projective>(&domain, &powers.tau2);
    let b2 = G2Projective::normalize_batch(&sums::<G2Projective>(&in_b, &small, &second));
    drop(second);

    let times_beta = lagrange::<G1Projective>(&domain, &powers.beta);
    let mut joined = sums::<G1Projective>(&in_a, &small, &times_beta);
    joined.iter_mut().zip(&times_beta[rows..rows + public]).for_each(|(sum, own)| *sum += own);
    let times_alpha = lagrange::<G1Projective>(&domain, &powers.alpha);
    let others = sums::<G1Projective>(&in_b, &small, &times_alpha);
    joined.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
    let mut inputs = G1Projective::normalize_batch(&joined);
    let witness = inputs.split_off(public);

    let (one, one2) = (G1Affine::generator(), G2Affine::generator());
    Ok(ProvingKey {
        model: circuit.model_digest().0,
        verifying: VerifyingKey {
            lengths: [circuit.model().input().len() as u64, circuit.model().output_bytes() as u64],
            alpha: powers.alpha[0],
            beta: powers.beta2,
            gamma: one2,
            delta: one2,
            inputs,
        },
        beta: powers.beta[0],
        delta: one,
        a,
        b,
        b2,
        witness,
        quotient: quotient(&domain, powers),
    })
}

/// The Lagrange polynomials of the coset at τ, times τ^n - 1 and divided by that polynomial's value on the coset.
fn quotient(domain: &Domain, powers: &Powers) -> Vec<G1Affine> {
    let size = domain.size();
    let factors = coset_factors(domain);
    let mut points: Vec<G1Projective> = powers.tau[size..2 * size]
        .par_iter()
        .zip(&powers.tau[..size])
        .zip(factors)
        .map(|((high, low), factor)| (high.into_group() - low) * factor)
        .collect();
    domain.interpolate(&mut points);
    G1Projective::normalize_batch(&points)
}

/// g^-i / (g^n - 1), where g moves the domain to its coset.
pub(super) fn coset_factors(domain: &Domain) -> Vec<Fr> {
    let offset = Domain::offset();
    let inverse = offset.inverse().unwrap_or_default();
    let first = domain.vanishing(offset).inverse().unwrap_or_default();
    std::iter::successors(Some(first), |factor| Some(*factor * inverse)).take(domain.size()).collect()
}

fn lagrange<G: CurveGroup<ScalarField = Fr>>(domain: &Domain, powers: &[G::Affine]) -> Vec<G::Affine> {
    let mut points: Vec<G> = powers.iter().map(|point| (*point).into_group()).collect();
    domain.interpolate(&mut points);
    G::normalize_batch(&points)
}

/// For each variable, the sum of the points of its rows times its coefficients there.
fn sums<G: CurveGroup<ScalarField = Fr>>(
    columns: &[Vec<(u32, u32)>],
    coefficients: &[Small],
    points: &[G::Affine],
) -> Vec<G> {
    let sum = |column: &Vec<(u32, u32)>| {
        let mut sum = G::zero();
        for (row, coefficient) in column {
            let (negative, words) = &coefficients[*coefficient as usize];
            let point = &points[*row as usize];
            let product =
                if words.as_slice() == [1] { (*point).into_group() } else { point.mul_bigint(words) };
            if *negative {
                sum -= product;
            } else {
                sum += product;
            }
        }
        sum
    };
    columns.par_iter().map(sum).collect()
}

fn small(coefficient: &Fr) -> Small {
    let (positive, negative) = (coefficient.into_bigint(), (-*coefficient).into_bigint());
    let (is_negative, magnitude) = if negative < positive { (true, negative) } else { (false, positive) };
    let words = magnitude.num_bits().div_ceil(64) as usize;
    (is_negative, magnitude.0[..words].to_vec())
}
