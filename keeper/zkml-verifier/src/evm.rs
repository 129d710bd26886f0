//! Proofs and keys as `contracts/zk` reads them: coordinates of 32 bytes, big-endian; of a point of the second group, the
//! imaginary parts first.

use alloc::vec::Vec;

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField, Zero};

use crate::key::{VerifyingKey, input_count};
use crate::proof::Proof;

/// How many bytes a proof has.
pub const PROOF_BYTES: usize = 256;

/// The most bytes of a key, as the contract has it: what fits the code of a contract, with room to spare.
pub const MAX_KEY_BYTES: usize = 24_032;

/// Bytes of a key beside the points of its public inputs: the other points, then the lengths.
const HEAD: usize = 512;
const LENGTHS: usize = 32;

/// Why bytes are no proof or no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// Another length.
    #[error("a proof has {PROOF_BYTES} bytes, this one {0}")]
    Length(usize),
    /// A coordinate at or beyond the field's modulus.
    #[error("coordinate {0} is not canonical: it is not below the field's modulus")]
    NotCanonical(usize),
    /// A point that is not on its curve, or not in the group that proofs use.
    #[error("point {0} is not in its group")]
    NotInGroup(char),
    /// A key of a length that no key has.
    #[error("a key has 544 bytes and 64 for each of its inputs, at most {MAX_KEY_BYTES}; this one {0}")]
    KeyLength(usize),
    /// The lengths of input and output do not fit the number of points.
    #[error("the key's lengths of input and output do not fit the number of its inputs")]
    KeyLengths,
    /// A point at infinity in a key: it would leave something out of the equation.
    #[error("a point of the key, at byte {0}, is infinite, not on its curve or not in its group")]
    KeyPoint(usize),
    /// γ is δ.
    #[error("the key's γ is its δ: nobody contributed to it, and anybody can prove anything with it")]
    NoContribution,
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
        *word = coordinate(bytes).ok_or(EncodingError::NotCanonical(index))?;
    }
    let [ax, ay, bx1, bx0, by1, by0, cx, cy] = words;
    let a = first_group(ax, ay).ok_or(EncodingError::NotInGroup('A'))?;
    let c = first_group(cx, cy).ok_or(EncodingError::NotInGroup('C'))?;
    let b = second_group([bx1, bx0, by1, by0]).ok_or(EncodingError::NotInGroup('B'))?;
    Ok(Proof { a, b, c })
}

/// The key as the contract stores it: -δ, α, -β, the constant's point, -γ, then one point per public input, and the lengths of
/// the model's input and output, 16 bytes each. The negations and the order save the contract work: the first 512 bytes lie
/// in its memory as the pairing precompile wants them.
pub fn encode_key(key: &VerifyingKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + LENGTHS + 64 * key.input_count());
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

/// Reads what [`encode_key`] writes and checks all that the contract checks.
///
/// # Errors
/// Refuses bytes of a wrong length, coordinates that are not canonical, points that are infinite or outside their groups,
/// lengths that do not fit, and a key to which nobody contributed.
pub fn decode_key(bytes: &[u8]) -> Result<VerifyingKey, EncodingError> {
    let points = bytes.len().saturating_sub(LENGTHS);
    if points < HEAD + 64 || !(points - HEAD).is_multiple_of(64) || bytes.len() > MAX_KEY_BYTES {
        return Err(EncodingError::KeyLength(bytes.len()));
    }
    let (points, lengths) = bytes.split_at(points);
    let length =
        |bytes: &[u8]| -> Option<u64> { u64::try_from(u128::from_be_bytes(bytes.try_into().ok()?)).ok() };
    let lengths = match (length(&lengths[..16]), length(&lengths[16..])) {
        (Some(input), Some(output)) => [input, output],
        _ => return Err(EncodingError::KeyLengths),
    };
    if input_count(lengths) != Some(((points.len() - HEAD) / 64) as u64) {
        return Err(EncodingError::KeyLengths);
    }
    let one = |offset: usize| -> Result<G1Affine, EncodingError> {
        let [x, y] = coordinates(points, offset)?;
        let point = first_group(x, y).filter(|point| !point.is_zero());
        point.ok_or(EncodingError::KeyPoint(offset))
    };
    let two = |offset: usize| -> Result<G2Affine, EncodingError> {
        let point = second_group(coordinates(points, offset)?).filter(|point| !point.is_zero());
        point.ok_or(EncodingError::KeyPoint(offset))
    };
    let (delta, gamma) = (-two(0)?, -two(384)?);
    if delta == gamma {
        return Err(EncodingError::NoContribution);
    }
    let mut inputs = Vec::with_capacity(1 + (points.len() - HEAD) / 64);
    inputs.push(one(320)?);
    for offset in (HEAD..points.len()).step_by(64) {
        inputs.push(one(offset)?);
    }
    Ok(VerifyingKey { lengths, alpha: one(128)?, beta: -two(192)?, gamma, delta, inputs })
}

/// A field element from 32 bytes, if they are below the modulus.
fn coordinate(bytes: &[u8]) -> Option<Fq> {
    let word = Fq::from_be_bytes_mod_order(bytes);
    (word.into_bigint().to_bytes_be() == bytes).then_some(word)
}

fn coordinates<const N: usize>(points: &[u8], offset: usize) -> Result<[Fq; N], EncodingError> {
    let mut words = [Fq::zero(); N];
    for (index, word) in words.iter_mut().enumerate() {
        let start = offset + 32 * index;
        *word = coordinate(&points[start..start + 32]).ok_or(EncodingError::NotCanonical(start / 32))?;
    }
    Ok(words)
}

fn first_group(x: Fq, y: Fq) -> Option<G1Affine> {
    let point = if x.is_zero() && y.is_zero() { G1Affine::zero() } else { G1Affine::new_unchecked(x, y) };
    point.is_on_curve().then_some(point)
}

fn second_group([x1, x0, y1, y0]: [Fq; 4]) -> Option<G2Affine> {
    let (x, y) = (Fq2::new(x0, x1), Fq2::new(y0, y1));
    let point = if x.is_zero() && y.is_zero() { G2Affine::zero() } else { G2Affine::new_unchecked(x, y) };
    (point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve()).then_some(point)
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
