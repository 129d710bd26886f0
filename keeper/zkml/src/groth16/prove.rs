use alloy_primitives::B256;
use ark_bn254::{Fr, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use opg_zkml_verifier::Proof;
use rand::CryptoRng;
use rayon::prelude::*;

use super::domain::Domain;
use super::keys::ProvingKey;
use super::msm;
use super::scalars::random;
use crate::{Circuit, Execution};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The key was made for another model.
    #[error(
        "the proving key is of model {key} and the circuit of model {circuit}: use the key that was made for it"
    )]
    OtherModel {
        /// The digest of the key's model.
        key: B256,
        /// The digest of the circuit's model.
        circuit: B256,
    },
    /// The key has another number of points than the circuit asks for.
    #[error(
        "the proving key does not have the points that its model's circuit asks for: make it anew with a setup"
    )]
    DamagedKey,
    /// The witness does not satisfy the constraints.
    #[error("constraint {row} is violated: the witness is not that of an honest run")]
    Unsatisfied {
        /// The constraint's position.
        row: usize,
    },
    /// There are too many constraints for the curve.
    #[error("{constraints} constraints are more than the curve supports: prove a smaller model")]
    TooLarge {
        /// How many there are.
        constraints: usize,
    },
}

impl ProvingKey {
    /// Into how many parts a proof's making is divided for reports of progress.
    pub const PARTS: usize = 6;

    /// Proves a run. Two proofs of one run differ: each is blinded, and shows nothing beyond the statement, input and
    /// output.
    ///
    /// # Errors
    /// When the key is not the circuit's or the witness is not an honest one.
    pub fn prove(
        &self,
        circuit: &Circuit,
        execution: &Execution,
        statement: B256,
        rng: &mut impl CryptoRng,
    ) -> Result<Proof, ProveError> {
        self.prove_reporting(circuit, execution, statement, rng, &|_| {})
    }

    /// As [`ProvingKey::prove`]; `progress` is told how many of [`ProvingKey::PARTS`] are done.
    ///
    /// # Errors
    /// As [`ProvingKey::prove`].
    pub fn prove_reporting(
        &self,
        circuit: &Circuit,
        execution: &Execution,
        statement: B256,
        rng: &mut impl CryptoRng,
        progress: &dyn Fn(usize),
    ) -> Result<Proof, ProveError> {
        if self.model_digest() != circuit.model_digest() {
            return Err(ProveError::OtherModel { key: self.model_digest(), circuit: circuit.model_digest() });
        }
        let constraints = circuit.constraints();
        let rows = constraints.constraints() + constraints.public();
        let domain = Domain::new(rows).ok_or(ProveError::TooLarge { constraints: rows })?;
        let lengths = [self.a.len(), self.b.len(), self.b2.len()];
        if lengths != [constraints.variables(); 3]
            || self.witness.len() + constraints.public() != constraints.variables()
            || self.quotient.len() != domain.size()
        {
            return Err(ProveError::DamagedKey);
        }

        let assignment = circuit.assignment(execution, statement);
        progress(1);
        let quotient = quotient(circuit, &domain, &assignment)?;
        progress(2);
        let (public, _) = assignment.split_at(constraints.public());
        let witness = &execution.witness;
        let (r, s) = (random(rng), random(rng));

        let (public_a, witness_a) = self.a.split_at(public.len());
        let (public_b, witness_b) = self.b.split_at(public.len());
        let (public_b2, witness_b2) = self.b2.split_at(public.len());
        let a = self.verifying.alpha
            + msm::full(public_a, public)
            + msm::small(witness_a, witness)
            + self.delta * r;
        progress(3);
        let b = self.beta + msm::full(public_b, public) + msm::small(witness_b, witness) + self.delta * s;
        progress(4);
        let b2 = self.verifying.beta.into_group()
            + msm::full(public_b2, public)
            + msm::small(witness_b2, witness)
            + self.verifying.delta * s;
        progress(5);
        let c: G1Projective =
            msm::small(&self.witness, witness) + msm::full(&self.quotient, &quotient) + a * s + b * r
                - self.delta * (r * s);
        progress(Self::PARTS);
        Ok(Proof { a: a.into_affine(), b: b2.into_affine(), c: c.into_affine() })
    }
}

/// The values of A(X)·B(X) on the coset: up to a constant that the key contains, those of the quotient by X^n - 1.
fn quotient(circuit: &Circuit, domain: &Domain, assignment: &[Fr]) -> Result<Vec<Fr>, ProveError> {
    let constraints = circuit.constraints();
    let mut a = constraints.times(&constraints.a, assignment);
    let mut b = constraints.times(&constraints.b, assignment);
    let zero = Fr::default();
    if let Some(row) = a.par_iter().zip(&b).position_first(|(a, b)| *a != zero && *b != zero) {
        return Err(ProveError::Unsatisfied { row });
    }
    // The rows of the public inputs, where B is 0.
    a.extend(&assignment[..constraints.public()]);
    domain.to_coset(&mut a);
    domain.to_coset(&mut b);
    a.par_iter_mut().zip(b).for_each(|(a, b)| *a *= b);
    Ok(a)
}
