//! Sums of points times scalars. Most witness values are bits, whose points are just added; the rest goes through the
//! bucket method (Pippenger), with additions in affine coordinates that share their inversions.

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use rayon::prelude::*;

/// Below this many points, buckets and shared inversions cost more than they save.
const FEW: usize = 256;

/// The sum of points times small numbers.
pub(super) fn small<C>(points: &[Affine<C>], scalars: &[i64]) -> Projective<C>
where
    C: SWCurveConfig<ScalarField = Fr>,
{
    let is_bit = |scalar: &i64| *scalar == 0 || *scalar == 1;
    let chunk = scalars.len().div_ceil(2 * rayon::current_num_threads()).max(FEW);
    let bits = scalars
        .par_chunks(chunk)
        .zip(points.par_chunks(chunk))
        .map(|(scalars, points)| window(points, scalars.iter().map(|scalar| i16::from(*scalar == 1)), 1))
        .reduce(|| Projective::<C>::ZERO, |a, b| a + b);

    let (others, weights): (Vec<Affine<C>>, Vec<i64>) =
        points.iter().zip(scalars).filter(|(_, scalar)| !is_bit(scalar)).unzip();
    let greatest = weights.iter().map(|weight| weight.unsigned_abs()).max().unwrap_or(0);
    let count = (u64::BITS - greatest.leading_zeros()).div_ceil(8);
    let sums: Vec<Projective<C>> = (0..count)
        .into_par_iter()
        .map(|place| {
            let digits = weights.iter().map(|weight| {
                let digit = (weight.unsigned_abs() >> (8 * place) & 255) as i16;
                if *weight < 0 { -digit } else { digit }
            });
            window(&others, digits, 255)
        })
        .collect();
    bits + join(&sums, 8)
}

/// The sum of points times field elements.
pub(crate) fn full<C>(points: &[Affine<C>], scalars: &[Fr]) -> Projective<C>
where
    C: SWCurveConfig<ScalarField = Fr>,
{
    if points.len() < FEW {
        return points.iter().zip(scalars).filter(|(point, _)| !point.infinity).map(|(p, s)| *p * s).sum();
    }
    // Wider windows make fewer additions of points and more of buckets; this is near the balance of the two.
    let width = (points.len().ilog2() as usize - 4).min(14);
    let count = (Fr::MODULUS_BIT_SIZE as usize + 1).div_ceil(width);
    let digits: Vec<i16> =
        scalars.par_iter().flat_map_iter(|scalar| signed_digits(*scalar, width, count)).collect();
    let sums: Vec<Projective<C>> = (0..count)
        .into_par_iter()
        .map(|place| window(points, digits[place..].iter().step_by(count).copied(), 1 << (width - 1)))
        .collect();
    join(&sums, width)
}

/// The sums of all windows, the lowest first, each `width` bits above the one before.
fn join<C: SWCurveConfig>(sums: &[Projective<C>], width: usize) -> Projective<C> {
    sums.iter().rev().fold(Projective::<C>::ZERO, |mut total, sum| {
        for _ in 0..width {
            total.double_in_place();
        }
        total + sum
    })
}

/// The digits of a scalar, the lowest first, each from -2^(width-1) + 1 to 2^(width-1).
fn signed_digits(scalar: Fr, width: usize, count: usize) -> impl Iterator<Item = i16> {
    let words = scalar.into_bigint().0;
    let mut carry = 0;
    (0..count).map(move |place| {
        let (word, shift) = (place * width / 64, place * width % 64);
        let mut digit = words.get(word).map_or(0, |low| low >> shift);
        if shift + width > 64 {
            digit |= words.get(word + 1).map_or(0, |high| high << (64 - shift));
        }
        let digit = (digit & ((1 << width) - 1)) as i32 + carry;
        carry = i32::from(digit > 1 << (width - 1));
        (digit - (carry << width)) as i16
    })
}

/// The sum of points times digits of at most `greatest`, either sign.
fn window<C: SWCurveConfig>(
    points: &[Affine<C>],
    digits: impl Iterator<Item = i16> + Clone,
    greatest: usize,
) -> Projective<C> {
    // The points of one digit lie together.
    let mut ends = vec![0; greatest + 1];
    for digit in digits.clone() {
        ends[usize::from(digit.unsigned_abs())] += 1;
    }
    ends[0] = 0;
    for digit in 1..=greatest {
        ends[digit] += ends[digit - 1];
    }
    let mut next: Vec<usize> = ends[..greatest].to_vec();
    let mut sorted = vec![Affine::<C>::identity(); ends[greatest]];
    for (digit, point) in digits.zip(points) {
        if digit != 0 {
            let place = &mut next[usize::from(digit.unsigned_abs()) - 1];
            sorted[*place] = if digit < 0 { -*point } else { *point };
            *place += 1;
        }
    }
    let sums = sum_groups(sorted, ends.split_off(1));
    let (mut running, mut total) = (Projective::<C>::ZERO, Projective::<C>::ZERO);
    for sum in sums.iter().rev() {
        running += sum;
        total += running;
    }
    total
}

/// The sum of each group of points, groups given by their ends: rounds of additions of neighbours, one inversion a round.
fn sum_groups<C: SWCurveConfig>(mut points: Vec<Affine<C>>, mut ends: Vec<usize>) -> Vec<Affine<C>> {
    let mut slopes: Vec<C::BaseField> = Vec::with_capacity(points.len() / 2);
    loop {
        slopes.clear();
        let mut start = 0;
        for end in &ends {
            for pair in points[start..*end].chunks_exact(2) {
                slopes.push(denominator(&pair[0], &pair[1]));
            }
            start = *end;
        }
        if slopes.is_empty() {
            break;
        }
        invert_all(&mut slopes);
        let mut inverses = slopes.iter();
        let (mut start, mut written) = (0, 0);
        for end in &mut ends {
            for first in (start..*end).step_by(2) {
                // What is written lies before what is still to be read.
                points[written] = match (first + 1 < *end).then(|| inverses.next()).flatten() {
                    Some(inverse) => add(&points[first], &points[first + 1], inverse),
                    None => points[first],
                };
                written += 1;
            }
            start = *end;
            *end = written;
        }
        points.truncate(written);
    }
    let mut start = 0;
    ends.iter()
        .map(|end| {
            let sum = if *end > start { points[start] } else { Affine::identity() };
            start = *end;
            sum
        })
        .collect()
}

/// Inverts numbers other than zero with one inversion. On one thread, as the windows are spread over all of them.
fn invert_all<F: Field>(values: &mut [F]) {
    let mut products = Vec::with_capacity(values.len());
    let mut product = F::ONE;
    for value in values.iter() {
        products.push(product);
        product *= value;
    }
    let mut inverse = product.inverse().unwrap_or_default();
    for (value, product) in values.iter_mut().zip(products).rev() {
        let next = inverse * *value;
        *value = inverse * product;
        inverse = next;
    }
}

/// What the slope of the line through two points is divided by; 1 where the sum needs none.
fn denominator<C: SWCurveConfig>(p: &Affine<C>, q: &Affine<C>) -> C::BaseField {
    let value = if p.infinity || q.infinity {
        C::BaseField::ZERO
    } else if p.x != q.x {
        q.x - p.x
    } else if p.y == q.y {
        p.y.double()
    } else {
        C::BaseField::ZERO
    };
    if value.is_zero() { C::BaseField::one() } else { value }
}

/// p + q, given the inverse of their [`denominator`].
fn add<C: SWCurveConfig>(p: &Affine<C>, q: &Affine<C>, inverse: &C::BaseField) -> Affine<C> {
    if p.infinity {
        return *q;
    }
    if q.infinity {
        return *p;
    }
    let slope = if p.x != q.x {
        (q.y - p.y) * inverse
    } else if p.y == q.y && !p.y.is_zero() {
        let square = p.x.square();
        (square.double() + square + C::COEFF_A) * inverse
    } else {
        return Affine::identity();
    };
    let x = slope.square() - p.x - q.x;
    let y = slope * (p.x - x) - p.y;
    Affine::new_unchecked(x, y)
}

#[cfg(test)]
mod tests {
    use ark_bn254::{G1Projective, G2Projective};
    use ark_ec::{PrimeGroup, ScalarMul};

    use super::*;

    /// Points of either group: random, equal, opposite and infinite ones.
    fn points<G: ScalarMul<ScalarField = Fr> + PrimeGroup>(count: u64) -> Vec<G::MulBase> {
        let scalars: Vec<Fr> =
            (0..count).map(|n| Fr::from(n % 7) * Fr::from(n % 3) - Fr::from(n % 2)).collect();
        G::generator().batch_mul(&scalars)
    }

    #[test]
    fn sums_are_those_of_single_multiplications() {
        for count in [0, 1, 2, 33, 256, 700] {
            let (first, second) = (points::<G1Projective>(count), points::<G2Projective>(count));
            let short: Vec<i64> = (0..count as i64).map(|n| (n * n * 7919) % 70_001 * (1 - n % 3)).collect();
            let scalars: Vec<Fr> = short.iter().map(|n| Fr::from(*n)).collect();
            let expected: G1Projective = first.iter().zip(&scalars).map(|(p, s)| *p * s).sum();
            assert_eq!(small(&first, &short), expected, "{count}");
            assert_eq!(full(&first, &scalars), expected, "{count}");
            let expected: G2Projective = second.iter().zip(&scalars).map(|(p, s)| *p * s).sum();
            assert_eq!(small(&second, &short), expected, "{count}");

            let long: Vec<Fr> = (0..count).map(|n| Fr::from(n + 2).pow([5 * n + 200])).collect();
            let expected: G1Projective = first.iter().zip(&long).map(|(p, s)| *p * s).sum();
            assert_eq!(full(&first, &long), expected, "{count}");
        }
    }
}
