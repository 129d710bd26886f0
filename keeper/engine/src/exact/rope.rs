use crate::llama::Config;

/// Rotary positions. Angles are computed in double precision by a library that is part of this program, so that the
/// system's mathematics do not matter.
#[derive(Debug)]
pub(super) struct Rope {
    frequencies: Vec<f64>,
    /// Dimension i turns with i + dim/2; else neighbours turn together.
    halves: bool,
}

impl Rope {
    pub(super) fn new(config: &Config, base: f32) -> Self {
        let pairs = config.head_dim / 2;
        let exponent = |pair: usize| -((2 * pair) as f64) / config.head_dim as f64;
        let frequencies = (0..pairs).map(|pair| libm::pow(f64::from(base), exponent(pair))).collect();
        Rope { frequencies, halves: config.rope_halves }
    }

    /// Cosine and sine of every pair's angle at a position.
    pub(super) fn turns(&self, position: usize) -> Vec<(f32, f32)> {
        let angles = self.frequencies.iter().map(|frequency| position as f64 * frequency);
        angles.map(|angle| (libm::cos(angle) as f32, libm::sin(angle) as f32)).collect()
    }

    pub(super) fn rotate(&self, values: &mut [f32], turns: &[(f32, f32)]) {
        for (pair, (cos, sin)) in turns.iter().enumerate() {
            let (one, two) = if self.halves { (pair, pair + turns.len()) } else { (2 * pair, 2 * pair + 1) };
            let (x, y) = (values[one], values[two]);
            values[one] = x * cos - y * sin;
            values[two] = x * sin + y * cos;
        }
    }
}
