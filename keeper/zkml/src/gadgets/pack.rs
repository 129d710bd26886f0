use super::range;
use crate::circuit::Backend;

pub(crate) use opg_zkml_verifier::CHUNK;

/// A value of the statement's byte string: a byte, or four that show the value plus 2^31.
#[derive(Debug, Clone)]
pub(crate) enum Part<W> {
    Byte(W),
    Word(W),
}

/// Binds the byte string to the public inputs from `first` on, 31 bytes each, the first byte the most significant, the
/// last input filled up with zeros.
///
/// Cost: one constraint per public input; 33 for each word that two of them share.
pub(crate) fn bind<B: Backend>(backend: &mut B, first: usize, parts: Vec<Part<B::Wire>>) {
    let mut chunk = Vec::new();
    let (mut index, mut used) = (first, 0);
    for part in parts {
        let pieces = match part {
            Part::Byte(wire) => vec![(1, wire)],
            Part::Word(wire) => {
                let word = backend.sum(1 << 31, &[(1, &wire)]);
                let here = CHUNK - used;
                if here < 4 { split(backend, &word, here) } else { vec![(4, word)] }
            }
        };
        for (bytes, wire) in pieces {
            used += bytes;
            chunk.push((CHUNK - used, wire));
            if used == CHUNK {
                backend.bind(index, &chunk);
                chunk.clear();
                (index, used) = (index + 1, 0);
            }
        }
    }
    if used > 0 {
        backend.bind(index, &chunk);
    }
}

/// The first `bytes` bytes of a word and the others, each proved to be of its length.
fn split<B: Backend>(backend: &mut B, word: &B::Wire, bytes: usize) -> Vec<(usize, B::Wire)> {
    let rest = 8 * (4 - bytes) as u32;
    let (high, low) = halves(backend, word, 32 - rest, rest);
    vec![(bytes, high), (4 - bytes, low)]
}

/// The upper `high` and the lower `low` bits of a value, which has to have no more. Cost: one constraint a bit.
pub(super) fn halves<B: Backend>(backend: &mut B, x: &B::Wire, high: u32, low: u32) -> (B::Wire, B::Wire) {
    let above = backend.allocate(&[x], |values| values[0] >> low);
    let below = backend.sum(0, &[(1, x), (-(1 << low), &above)]);
    range(backend, &above, high);
    range(backend, &below, low);
    (above, below)
}
