//! Proofs and keys as `contracts/zk` reads them: coordinates of 32 bytes, big-endian; of a point of the second group, the
//! imaginary parts first.

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField, Zero};

use super::keys::{Proof, VerifyingKey};

/// How many bytes a proof has.
pub const PROOF_BYTES: usize = 256;

/// Why bytes are no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// Another length.
    #[error("a proof has {PROOF_BYTES} bytes, this one {0}")]
    Length(usize),
    /// A coordinate at or beyond the field's modulus.
    #[error("coordinate {0} of the proof is not canonical: it is not below the field's modulus")]
    NotCanonical(usize),
    /// A point that is not on its curve, or not in the group that proofs use.
    #[error("point {0} of the proof is not in its group")]
    NotInGroup(char),
}

/// The proof's 256 bytes: A, B, C.
pub fn encode_proof(proof: &Proof) -> Vec<u8> {
    let mut out = Vec::with_capacity(PROOF_BYTES);
    first(&mut out, &proof.a);
    second(&mut out, &proof.b);
    first(&mut out, &proof.c);
    out
}

/// Reads what [`encode_proof`] writes.
///
/// # Errors
/// Refuses non-canonical coordinates and points outside their groups; (0, 0) is the point at infinity, as on the chain.
pub fn decode_proof(bytes: &[u8]) -> Result<Proof, EncodingError> {
    if bytes.len() != PROOF_BYTES {
        return Err(EncodingError::Length(bytes.len()));
    }
    let mut words = [Fq::zero(); 8];
    for (index, (word, bytes)) in words.iter_mut().zip(bytes.chunks_exact(32)).enumerate() {
        *word = Fq::from_be_bytes_mod_order(bytes);
        if word.into_bigint().to_bytes_be() != bytes {
            return Err(EncodingError::NotCanonical(index));
        }
    }
    let [ax, ay, bx1, bx0, by1, by0, cx, cy] = words;
    let a = point(ax, ay).ok_or(EncodingError::NotInGroup('A'))?;
    let c = point(cx, cy).ok_or(EncodingError::NotInGroup('C'))?;
    let (x, y) = (Fq2::new(bx0, bx1), Fq2::new(by0, by1));
    let b = if x.is_zero() && y.is_zero() { G2Affine::zero() } else { G2Affine::new_unchecked(x, y) };
    if !b.is_on_curve() || !b.is_in_correct_subgroup_assuming_on_curve() {
        return Err(EncodingError::NotInGroup('B'));
    }
    Ok(Proof { a, b, c })
}

/// The key as the contract stores it: -δ, α, -β, the constant's point, -γ, then one point per public input, and the lengths of
/// the model's input and output, 16 bytes each. The negations and the order save the contract work: the first 512 bytes lie
/// in its memory as the pairing precompile wants them.
pub fn encode_key(key: &VerifyingKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(544 + 64 * key.input_count());
    let (constant, inputs) = match key.inputs.split_first() {
        Some((constant, inputs)) => (*constant, inputs),
        None => (G1Affine::zero(), [].as_slice()),
    };
    second(&mut out, &-key.delta);
    first(&mut out, &key.alpha);
    second(&mut out, &-key.beta);
    first(&mut out, &constant);
    second(&mut out, &-key.gamma);
    for input in inputs {
        first(&mut out, input);
    }
    out.extend(key.lengths.iter().flat_map(|length| u128::from(*length).to_be_bytes()));
    out
}

fn point(x: Fq, y: Fq) -> Option<G1Affine> {
    let point = if x.is_zero() && y.is_zero() { G1Affine::zero() } else { G1Affine::new_unchecked(x, y) };
    point.is_on_curve().then_some(point)
}

fn word(out: &mut Vec<u8>, value: &Fq) {
    out.extend(value.into_bigint().to_bytes_be());
}

fn first(out: &mut Vec<u8>, point: &G1Affine) {
    let (x, y) = point.xy().unwrap_or_default();
    word(out, &x);
    word(out, &y);
}

fn second(out: &mut Vec<u8>, point: &G2Affine) {
    let (x, y) = point.xy().unwrap_or_default();
    for value in [&x.c1, &x.c0, &y.c1, &y.c0] {
        word(out, value);
    }
}
