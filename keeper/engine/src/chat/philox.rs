//! The random numbers of sampling: Philox4x32-10 (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3",
//! 2011), a function of seed and position with nothing carried from one to the next.

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;
/// The last two words of the counter, so that no other use of the generator meets ours: "opg-" and the version.
const DOMAIN: [u32; 2] = [0x6F70_672D, 2];

/// A number in [0, 1) for a seed and a position: the first 53 of the block's bits.
pub(super) fn uniform(seed: u64, position: u64) -> f64 {
    let counter = [position as u32, (position >> 32) as u32, DOMAIN[0], DOMAIN[1]];
    let [a, b, ..] = block(counter, [seed as u32, (seed >> 32) as u32]);
    ((u64::from(a) << 32 | u64::from(b)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn block(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut a, mut b, mut c, mut d], [mut left, mut right]) = (counter, key);
    for _ in 0..ROUNDS {
        let (one, two) = (wide(MULTIPLIERS[0], a), wide(MULTIPLIERS[1], c));
        (a, b, c, d) = (two.0 ^ b ^ left, two.1, one.0 ^ d ^ right, one.1);
        (left, right) = (left.wrapping_add(WEYL[0]), right.wrapping_add(WEYL[1]));
    }
    [a, b, c, d]
}

/// The upper and the lower half of a product.
fn wide(a: u32, b: u32) -> (u32, u32) {
    let product = u64::from(a) * u64::from(b);
    ((product >> 32) as u32, product as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the generator's authors publish.
    #[test]
    fn blocks_are_those_of_its_authors() {
        let cases = [
            ([0; 4], [0; 2], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]),
            (
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344],
                [0xA409_3822, 0x299F_31D0],
                [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(block(counter, key), expected);
        }
    }

    /// Computed with a program in Python; docs/engine.md shows the same.
    const VECTORS: [(u64, u64, f64); 5] = [
        (0, 0, 0.22787030119493923),
        (0, 1, 0.7524289874460695),
        (1, 2, 0.3508803805221131),
        (42, 31, 0.6428140532548301),
        (u64::MAX, 9, 0.3001918200184358),
    ];

    #[test]
    fn numbers_are_the_documented_ones() {
        for (seed, position, expected) in VECTORS {
            assert_eq!(uniform(seed, position), expected, "seed {seed}, position {position}");
        }
    }
}
