//! The points at which the constraints are interpolated: 2^k or 3·2^k roots of unity, so that a system just over a power
//! of two does not pay for the next one.

use ark_bn254::Fr;
use ark_ff::{FftField, Field, One};
use ark_poly::domain::DomainCoeff;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;

/// A group of roots of unity.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    size: usize,
    generator: Fr,
    /// The subgroup of size `size` or `size / 3`.
    part: Radix2EvaluationDomain<Fr>,
}

impl Domain {
    /// The smallest domain of at least `points` points; `None` beyond what the field offers.
    pub(crate) fn new(points: usize) -> Option<Self> {
        let power = points.checked_next_power_of_two()?;
        let triple = points.div_ceil(3).checked_next_power_of_two()?.checked_mul(3)?;
        let size = power.min(triple);
        let part = if size == power { size } else { size / 3 };
        let generator = Fr::get_root_of_unity(size as u64)?;
        Some(Self { size, generator, part: Radix2EvaluationDomain::new(part)? })
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// What moves the domain to a coset that it does not meet.
    pub(crate) fn offset() -> Fr {
        Fr::GENERATOR
    }

    /// X^size - 1 at a point.
    pub(crate) fn vanishing(&self, point: Fr) -> Fr {
        point.pow([self.size as u64]) - Fr::one()
    }

    /// Every Lagrange polynomial of the domain at a point outside of it.
    pub(crate) fn lagrange(&self, point: Fr) -> Vec<Fr> {
        let mut denominators = Vec::with_capacity(self.size);
        let mut roots = Vec::with_capacity(self.size);
        let mut root = Fr::one();
        for _ in 0..self.size {
            denominators.push(point - root);
            roots.push(root);
            root *= self.generator;
        }
        ark_ff::batch_inversion(&mut denominators);
        let scale = self.vanishing(point) / Fr::from(self.size as u64);
        denominators.iter().zip(&roots).map(|(inverse, root)| *inverse * root * scale).collect()
    }

    /// Values on the domain to values on the coset, in place.
    pub(crate) fn to_coset(&self, values: &mut Vec<Fr>) {
        values.resize(self.size, Fr::from(0u64));
        self.transform(values, true);
        let offset = Self::offset();
        let chunk = self.size.div_ceil(4 * rayon::current_num_threads()).max(1);
        values.par_chunks_mut(chunk).enumerate().for_each(|(index, values)| {
            let mut power = offset.pow([(index * chunk) as u64]);
            for value in values {
                *value *= power;
                power *= offset;
            }
        });
        self.transform(values, false);
    }

    /// From values on the domain to coefficients, which may be numbers or points. Of the powers of a secret it makes the
    /// Lagrange polynomials at that secret, since the inverse transform is its own transpose.
    pub(crate) fn interpolate<T: DomainCoeff<Fr>>(&self, values: &mut Vec<T>) {
        values.resize(self.size, T::zero());
        self.transform(values, true);
    }

    /// The discrete Fourier transform or its inverse.
    fn transform<T: DomainCoeff<Fr>>(&self, values: &mut Vec<T>, inverse: bool) {
        let part = self.part.size();
        let apply = |values: &mut Vec<T>| {
            if inverse {
                self.part.ifft_in_place(values);
            } else {
                self.part.fft_in_place(values);
            }
        };
        if part == self.size {
            apply(values);
            return;
        }
        // Every third value goes to one of three smaller transforms; a three-point transform joins them.
        let mut thirds: [Vec<T>; 3] =
            std::array::from_fn(|offset| values.iter().skip(offset).step_by(3).copied().collect());
        for third in &mut thirds {
            apply(third);
        }
        let root = if inverse { self.generator.inverse().unwrap_or_default() } else { self.generator };
        let cube = root.pow([part as u64]);
        // The smaller inverse transforms have divided by a third of the size.
        let start = inverse.then(|| Fr::from(3u64).inverse().unwrap_or_default());
        let [first, second, third] = &thirds;
        let (low, rest) = values.split_at_mut(part);
        let (middle, high) = rest.split_at_mut(part);
        let chunk = part.div_ceil(4 * rayon::current_num_threads()).max(1);
        let parts =
            low.par_chunks_mut(chunk).zip(middle.par_chunks_mut(chunk)).zip(high.par_chunks_mut(chunk));
        parts.enumerate().for_each(|(index, ((low, middle), high))| {
            let mut twiddle = root.pow([(index * chunk) as u64]);
            for (at, ((low, middle), high)) in low.iter_mut().zip(middle).zip(high).enumerate() {
                let at = index * chunk + at;
                let (mut a, mut b, mut c) = (first[at], second[at], third[at]);
                let (mut once, mut twice) = (twiddle, twiddle.square());
                if let Some(start) = start {
                    a *= start;
                    once *= start;
                    twice *= start;
                }
                b *= once;
                c *= twice;
                // With w the cube root of 1: w² = -1 - w.
                let mut turned = b - c;
                turned *= cube;
                *low = a + b + c;
                *middle = a + turned - c;
                *high = a - turned - b;
                twiddle *= root;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(coefficients: &[Fr], point: Fr) -> Fr {
        coefficients.iter().rev().fold(Fr::from(0u64), |sum, coefficient| sum * point + coefficient)
    }

    /// A polynomial's values on the domain become its values on the coset, for sizes of both kinds.
    #[test]
    fn moves_values_to_the_coset() {
        for points in [1, 2, 3, 5, 6, 8, 11, 12, 24, 48, 64, 96] {
            let domain = Domain::new(points).expect("a small domain");
            assert!(domain.size() >= points && domain.size() < 2 * points);
            let coefficients: Vec<Fr> = (0..domain.size() as u64).map(|n| Fr::from(n * n + 7)).collect();
            let root = |index: usize| domain.generator.pow([index as u64]);
            let mut values: Vec<Fr> =
                (0..domain.size()).map(|index| evaluate(&coefficients, root(index))).collect();
            domain.to_coset(&mut values);
            for (index, value) in values.iter().enumerate() {
                assert_eq!(*value, evaluate(&coefficients, root(index) * Domain::offset()), "size {points}");
            }
        }
    }

    #[test]
    fn lagrange_polynomials_interpolate() {
        let domain = Domain::new(12).expect("a small domain");
        let coefficients: Vec<Fr> = (1..=12u64).map(Fr::from).collect();
        let point = Fr::from(123_456u64);
        let sum: Fr = domain
            .lagrange(point)
            .iter()
            .enumerate()
            .map(|(index, value)| evaluate(&coefficients, domain.generator.pow([index as u64])) * value)
            .sum();
        assert_eq!(sum, evaluate(&coefficients, point));
    }
}
