use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::{CurveGroup, PrimeGroup, ScalarMul};
use ark_ff::{Field, Zero};
use opg_zkml_verifier::VerifyingKey;
use rand::CryptoRng;

use super::domain::Domain;
use super::keys::ProvingKey;
use super::prove::ProveError;
use super::scalars::random;
use crate::Circuit;

/// Makes a key for development: whoever runs this could keep the random numbers and prove anything with them, so such a
/// key is worth as much as its maker's word.
///
/// # Errors
/// When the circuit has more constraints than the field has roots of unity.
pub fn development_setup(circuit: &Circuit, rng: &mut impl CryptoRng) -> Result<ProvingKey, ProveError> {
    let constraints = circuit.constraints();
    let points = constraints.constraints() + constraints.public();
    let domain = Domain::new(points).ok_or(ProveError::TooLarge { constraints: points })?;
    // A point inside the domain or its coset has no inverse there; the chance is that of guessing a secret.
    let tau = loop {
        let tau = random(rng);
        if !domain.vanishing(tau).is_zero() && !domain.vanishing(tau / Domain::offset()).is_zero() {
            break tau;
        }
    };
    let [alpha, beta, gamma, delta] = std::array::from_fn(|_| random(rng));

    let lagrange = domain.lagrange(tau);
    let mut u = constraints.transposed(&constraints.a, &lagrange);
    let v = constraints.transposed(&constraints.b, &lagrange);
    // A row of its own for each public input. It keeps the inputs' polynomials independent of each other and of the
    // witness', without which a proof for one statement could be turned into one for another.
    for (index, weight) in lagrange[constraints.constraints()..points].iter().enumerate() {
        u[index] += weight;
    }

    let joined = |range: std::ops::Range<usize>, divisor: Fr| -> Vec<Fr> {
        let inverse = divisor.inverse().unwrap_or_default();
        range.map(|index| (beta * u[index] + alpha * v[index]) * inverse).collect()
    };
    let offset = Domain::offset();
    let on_coset = domain.vanishing(offset);
    let scale = domain.vanishing(tau) / (delta * on_coset);
    let quotient: Vec<Fr> = domain.lagrange(tau / offset).into_iter().map(|value| value * scale).collect();

    let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
    let model = circuit.model();
    let verifying = VerifyingKey {
        lengths: [model.input().len() as u64, model.output_bytes() as u64],
        alpha: (g1 * alpha).into_affine(),
        beta: (g2 * beta).into_affine(),
        gamma: (g2 * gamma).into_affine(),
        delta: (g2 * delta).into_affine(),
        inputs: g1.batch_mul(&joined(0..constraints.public(), gamma)),
    };
    Ok(ProvingKey {
        model: circuit.model_digest().0,
        verifying,
        beta: (g1 * beta).into_affine(),
        delta: (g1 * delta).into_affine(),
        a: g1.batch_mul(&u),
        b: g1.batch_mul(&v),
        b2: g2.batch_mul(&v),
        witness: g1.batch_mul(&joined(constraints.public()..constraints.variables(), delta)),
        quotient: g1.batch_mul(&quotient),
    })
}
