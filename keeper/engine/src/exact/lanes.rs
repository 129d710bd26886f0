//! Sixteen numbers at a time, with every rounding specified: only additions, products, fused multiply-adds,
//! divisions and square roots of IEEE 754, in the order written.

pub(super) const LANES: usize = 16;

/// Sixteen numbers.
pub(super) type Lanes = [f32; LANES];

/// Adds halves onto each other until one is left: lane i and i+8, then i and i+4, i+2, i+1.
#[inline(always)]
pub(super) fn sum(lanes: Lanes) -> f32 {
    let mut lanes = lanes;
    let mut half = LANES / 2;
    while half > 0 {
        for at in 0..half {
            lanes[at] += lanes[at + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The largest; NaN is passed over.
#[inline(always)]
pub(super) fn largest(lanes: Lanes) -> f32 {
    lanes.into_iter().fold(f32::NEG_INFINITY, greater)
}

/// `a`, or `b` where it is greater.
#[inline(always)]
pub(super) fn greater(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// 1.5 · 2^23: adding it to a number below 2^22 rounds that to a whole number, ties to even, in the low bits.
pub(super) const ROUNDER: f32 = 12_582_912.0;

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 in two parts, the first with few enough bits that its products with whole numbers are exact.
#[allow(clippy::excessive_precision, reason = "exactly this number")]
const LN2_HIGH: f32 = 0.693_359_375;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// e^x to about one unit in the last place; 0 below −87, and at most e^88.
#[inline(always)]
#[allow(clippy::manual_clamp, reason = "comparisons compile to two instructions, and NaN passes")]
pub(super) fn exp(x: f32) -> f32 {
    let clamped = if x > 88.0 {
        88.0
    } else if x < -87.0 {
        -87.0
    } else {
        x
    };
    let shifted = clamped.mul_add(LOG2_E, ROUNDER);
    let power = shifted.to_bits().wrapping_sub(ROUNDER.to_bits());
    let whole = shifted - ROUNDER;
    let rest = whole.mul_add(-LN2_LOW, whole.mul_add(-LN2_HIGH, clamped));
    // e^r on [−ln 2 / 2, ln 2 / 2] by its series, the coefficients rounded to the nearest.
    let mut series = 1.0_f32 / 5040.0;
    series = series.mul_add(rest, 1.0 / 720.0);
    series = series.mul_add(rest, 1.0 / 120.0);
    series = series.mul_add(rest, 1.0 / 24.0);
    series = series.mul_add(rest, 1.0 / 6.0);
    series = series.mul_add(rest, 0.5);
    series = series.mul_add(rest, 1.0);
    series = series.mul_add(rest, 1.0);
    let scale = f32::from_bits(power.wrapping_add(127) << 23);
    let result = series * scale;
    if x < -87.0 { 0.0 } else { result }
}

/// x / (1 + e^−x).
#[inline(always)]
pub(super) fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// GELU in its tanh form: x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
#[inline(always)]
pub(super) fn gelu_tanh(x: f32) -> f32 {
    let inner = 0.797_884_6 * (0.044_715 * x * x).mul_add(x, x);
    // tanh u = 1 − 2 / (1 + e^2u)
    let tanh = 1.0 - 2.0 / (1.0 + exp(2.0 * inner));
    0.5 * x * (1.0 + tanh)
}

/// GELU: x/2 · (1 + erf(x/√2)), erf by the rational approximation 7.1.26 of Abramowitz and Stegun, good to 1.5e-7.
#[inline(always)]
pub(super) fn gelu(x: f32) -> f32 {
    let scaled = x * std::f32::consts::FRAC_1_SQRT_2;
    let size = scaled.abs();
    let t = 1.0 / size.mul_add(0.327_591_1, 1.0);
    let mut series = 1.061_405_4_f32;
    series = series.mul_add(t, -1.453_152);
    series = series.mul_add(t, 1.421_413_7);
    series = series.mul_add(t, -0.284_496_74);
    series = series.mul_add(t, 0.254_829_6);
    let erf = 1.0 - series * t * exp(-size * size);
    let signed = if scaled < 0.0 { -erf } else { erf };
    0.5 * x * (1.0 + signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_close_to_the_exact_ones() {
        for step in -8700..8800 {
            let x = step as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= exact * 2.5e-7, "e^{x}");
            let exact = f64::from(x) / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(silu(x)) - exact).abs() <= exact.abs() * 1e-6 + 1e-30, "silu {x}");
            let x = x / 10.0;
            let wide = f64::from(x);
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (wide + 0.044_715 * wide.powi(3));
            let exact = 0.5 * wide * (1.0 + inner.tanh());
            assert!((f64::from(gelu_tanh(x)) - exact).abs() <= 1e-6, "gelu {x}");
        }
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn sums_add_halves() {
        let lanes: Lanes = std::array::from_fn(|at| 0.1 * at as f32);
        let eight: Vec<f32> = (0..8).map(|at| lanes[at] + lanes[at + 8]).collect();
        let four: Vec<f32> = (0..4).map(|at| eight[at] + eight[at + 4]).collect();
        assert_eq!(sum(lanes), (four[0] + four[2]) + (four[1] + four[3]));
    }
}
