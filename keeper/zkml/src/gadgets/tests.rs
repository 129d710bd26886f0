//! Each gadget alone: exhaustively over small widths, that one witness and the right result is all that satisfies it; and
//! over full ranges, that the honest witness does and no faulty one.

use ark_bn254::Fr;
use ark_ff::PrimeField;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::pack::halves;
use super::*;
use crate::circuit::{Backend, Concrete, Symbolic};
use crate::model::Interval;
use crate::r1cs::R1cs;
use crate::{Fault, reference};

#[derive(Debug, Clone)]
enum Gadget {
    Range(u32),
    Max(Vec<Interval>),
    ArgMax(Vec<Interval>),
    Requantise(Interval, u8),
    Halves(u32, u32),
}

impl Gadget {
    /// Variables: the inputs, the gadget's own, and the result.
    fn build<B: Backend>(&self, backend: &mut B, inputs: &[i64]) {
        let wires: Vec<B::Wire> = inputs.iter().map(|value| backend.allocate(&[], |_| *value)).collect();
        let ranged =
            |ranges: &[Interval]| wires.iter().cloned().zip(ranges.iter().copied()).collect::<Vec<_>>();
        let result = match self {
            Self::Range(width) => {
                range(backend, &wires[0], *width);
                wires[0].clone()
            }
            Self::Max(ranges) => max(backend, ranged(ranges)).expect("wires").0,
            Self::ArgMax(ranges) => argmax(backend, &ranged(ranges)),
            Self::Requantise(interval, shift) => requantise(backend, &wires[0], *interval, *shift),
            Self::Halves(high, low) => halves(backend, &wires[0], *high, *low).0,
        };
        let shown = backend.allocate(&[&result], |values| values[0]);
        let difference = backend.sum(0, &[(1, &shown), (-1, &result)]);
        backend.require_zero(&difference);
    }

    fn constraints(&self, inputs: usize) -> R1cs {
        let mut backend = Symbolic::new(1);
        self.build(&mut backend, &vec![0; inputs]);
        backend.finish().expect("a small circuit")
    }

    fn witness(&self, inputs: &[i64], fault: Option<Fault>) -> Vec<i64> {
        let mut backend = Concrete::new(&[], fault);
        self.build(&mut backend, inputs);
        backend.witness
    }

    fn expected(&self, inputs: &[i64]) -> i64 {
        match self {
            Self::Range(_) => inputs[0],
            Self::Max(_) => *inputs.iter().max().expect("inputs"),
            Self::ArgMax(_) => reference::argmax(inputs),
            Self::Requantise(_, shift) => reference::requantise(inputs[0], *shift),
            Self::Halves(_, low) => inputs[0] >> low,
        }
    }
}

fn field(witness: &[i64]) -> Vec<Fr> {
    std::iter::once(1).chain(witness.iter().copied()).map(Fr::from).collect()
}

/// Every witness with these inputs whose values lie in `candidates`, found by filling in one variable after the other and
/// dropping what violates a constraint as soon as its variables are known.
fn solutions(system: &R1cs, inputs: &[i64], candidates: std::ops::RangeInclusive<i64>) -> Vec<Vec<Fr>> {
    let occurrences = system.occurrences();
    let mut last = vec![0; system.constraints()];
    let mut first = vec![usize::MAX; system.constraints()];
    for (variable, rows) in occurrences.iter().enumerate().skip(1) {
        for row in rows {
            last[*row as usize] = variable;
            first[*row as usize] = first[*row as usize].min(variable);
        }
    }
    let mut partial = vec![field(inputs)];
    for (row, variable) in last.iter().enumerate() {
        if *variable <= inputs.len() {
            partial.retain(|assignment| !system.violates_any(&[row as u32], assignment));
        }
    }
    for variable in inputs.len() + 1..system.variables() {
        let (alone, rows): (Vec<u32>, Vec<u32>) = (0..system.constraints() as u32)
            .filter(|row| last[*row as usize] == variable)
            .partition(|row| first[*row as usize] == variable);
        let mut blank = vec![Fr::from(0u64); variable + 1];
        blank[0] = Fr::from(1u64);
        let possible: Vec<Fr> = candidates
            .clone()
            .map(Fr::from)
            .filter(|value| {
                blank[variable] = *value;
                !system.violates_any(&alone, &blank)
            })
            .collect();
        let mut next = Vec::new();
        for assignment in partial {
            for value in &possible {
                let mut longer = assignment.clone();
                longer.push(*value);
                if !system.violates_any(&rows, &longer) {
                    next.push(longer);
                }
            }
        }
        partial = next;
    }
    partial
}

fn assert_unique(gadget: &Gadget, system: &R1cs, inputs: &[i64], candidates: std::ops::RangeInclusive<i64>) {
    let honest = gadget.witness(inputs, None);
    assert_eq!(honest.last(), Some(&gadget.expected(inputs)), "{gadget:?} of {inputs:?}");
    assert_eq!(solutions(system, inputs, candidates), vec![field(&honest)], "{gadget:?} of {inputs:?}");
}

#[test]
fn range_accepts_its_range_and_nothing_else() {
    for width in 0..=6 {
        let gadget = Gadget::Range(width);
        let system = gadget.constraints(1);
        for value in -70..=140 {
            if (0..1 << width).contains(&value) {
                assert_unique(&gadget, &system, &[value], -70..=140);
            } else {
                assert!(solutions(&system, &[value], -140..=140).is_empty(), "{value} in {width} bits");
            }
        }
    }
}

#[test]
fn halves_are_the_bits_and_nothing_else() {
    for (high, low) in [(1, 1), (2, 3), (3, 2), (4, 1)] {
        let gadget = Gadget::Halves(high, low);
        let system = gadget.constraints(1);
        for value in -40..=70 {
            if (0..1 << (high + low)).contains(&value) {
                assert_unique(&gadget, &system, &[value], -70..=70);
            } else {
                assert!(solutions(&system, &[value], -70..=70).is_empty(), "{value} in {high} + {low} bits");
            }
        }
    }
}

/// Bytes and words in any order, bound to public inputs of 31 bytes each: what is bound is their byte string, and no other.
#[test]
fn public_inputs_are_bound_to_the_bytes_of_all_parts() {
    let mut rng = StdRng::seed_from_u64(31);
    for _ in 0..60 {
        let parts: Vec<(bool, i64)> = (0..rng.random_range(1..40))
            .map(|_| {
                let word = rng.random_bool(0.4);
                (word, if word { i64::from(rng.random::<i32>()) } else { rng.random_range(0..=255) })
            })
            .collect();
        let bytes: Vec<u8> = parts
            .iter()
            .flat_map(|(word, value)| match word {
                true => ((value + (1 << 31)) as u32).to_be_bytes().to_vec(),
                false => vec![*value as u8],
            })
            .collect();
        let chunks = |bytes: &[u8]| -> Vec<Fr> {
            let padded = |chunk: &[u8]| [chunk, &vec![0; CHUNK - chunk.len()]].concat();
            bytes.chunks(CHUNK).map(|chunk| Fr::from_be_bytes_mod_order(&padded(chunk))).collect()
        };
        let count = bytes.len().div_ceil(CHUNK);
        fn build<B: Backend>(backend: &mut B, parts: &[(bool, i64)]) {
            let wires = parts
                .iter()
                .map(|(word, value)| {
                    let wire = backend.allocate(&[], |_| *value);
                    if *word { Part::Word(wire) } else { Part::Byte(wire) }
                })
                .collect();
            bind(backend, 1, wires);
        }
        let mut symbolic = Symbolic::new(1 + count);
        build(&mut symbolic, &parts);
        let system = symbolic.finish().expect("a small circuit");
        let mut concrete = Concrete::new(&[], None);
        build(&mut concrete, &parts);
        let assignment = |bytes: &[u8]| -> Vec<Fr> {
            let witness = concrete.witness.iter().map(|value| Fr::from(*value));
            [vec![Fr::from(1u64)], chunks(bytes)].concat().into_iter().chain(witness).collect()
        };
        assert_eq!(system.violated(&assignment(&bytes)), None, "{parts:?}");
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1 << rng.random_range(0..8);
            assert!(system.violated(&assignment(&other)).is_some(), "byte {at} of {parts:?}");
        }
    }
}

#[test]
fn max_yields_the_largest_and_nothing_else() {
    let ranges = [Interval { low: -3, high: 2 }, Interval { low: -1, high: 4 }, Interval { low: 0, high: 3 }];
    let gadget = Gadget::Max(ranges.to_vec());
    let system = gadget.constraints(3);
    for a in -3..=2 {
        for b in -1..=4 {
            for c in 0..=3 {
                assert_unique(&gadget, &system, &[a, b, c], -12..=12);
            }
        }
    }
}

#[test]
fn argmax_yields_the_first_largest_and_nothing_else() {
    let gadget = Gadget::ArgMax(vec![Interval { low: -2, high: 2 }; 4]);
    let system = gadget.constraints(4);
    for code in 0..5_i64.pow(4) {
        let inputs: Vec<i64> = (0..4).map(|place| code / 5_i64.pow(place) % 5 - 2).collect();
        assert_unique(&gadget, &system, &inputs, -8..=8);
    }
}

/// Every form of the gadget: with and without negatives, saturation and excess bits.
#[test]
fn requantise_yields_the_quotient_and_nothing_else() {
    let cases = [
        (Interval { low: 0, high: 200 }, 0),
        (Interval { low: 0, high: 511 }, 1),
        (Interval { low: -4, high: 300 }, 1),
        (Interval { low: -300, high: 255 }, 0),
        (Interval { low: -40, high: 700 }, 0),
        (Interval { low: -900, high: 700 }, 0),
        (Interval { low: 3, high: 900 }, 1),
        (Interval { low: -600, high: 1300 }, 1),
        (Interval { low: -600, high: 0 }, 1),
        (Interval { low: 600, high: 800 }, 1),
    ];
    for (interval, shift) in cases {
        let gadget = Gadget::Requantise(interval, shift);
        let system = gadget.constraints(1);
        let edges = [interval.low, -1, 0, 1, 254, 255, 256, 509, 510, 511, 512, 513, interval.high];
        let all = (interval.low..=interval.high).step_by(7).chain(edges);
        for value in all.filter(|value| (interval.low..=interval.high).contains(value)) {
            assert_unique(&gadget, &system, &[value], -3..=260);
        }
    }
}

/// A range, and a value in it.
fn ranged() -> impl Strategy<Value = (Interval, i64)> {
    let bound = prop_oneof![-1000..1000_i64, i64::from(i32::MIN / 2)..i64::from(i32::MAX / 2)];
    (bound.clone(), bound).prop_flat_map(|(a, b)| {
        let interval = Interval { low: a.min(b), high: a.max(b) };
        (Just(interval), prop_oneof![Just(interval.low), Just(interval.high), interval.low..=interval.high])
    })
}

fn check(gadget: &Gadget, inputs: &[i64], fault: usize, change: i64) -> Result<(), TestCaseError> {
    let system = gadget.constraints(inputs.len());
    let honest = gadget.witness(inputs, None);
    prop_assert_eq!(honest.last(), Some(&gadget.expected(inputs)));
    prop_assert_eq!(system.violated(&field(&honest)), None);
    // Not an input: another input has another honest result.
    let variable = inputs.len() + fault % (honest.len() - inputs.len());
    let value = honest[variable] + change;
    let faulty = gadget.witness(inputs, Some(Fault { variable, value }));
    prop_assert!(system.violated(&field(&faulty)).is_some(), "variable {} as {}", variable, value);
    Ok(())
}

proptest! {
    #[test]
    fn requantise_holds_over_full_ranges(
        (interval, value) in ranged(), shift in 0..=24_u8, fault: usize, change in prop_oneof![Just(1), Just(-1_i64)]
    ) {
        check(&Gadget::Requantise(interval, shift), &[value], fault, change)?;
    }

    #[test]
    fn max_and_argmax_hold_over_full_ranges(
        wires in prop::collection::vec(ranged(), 1..10), fault: usize, change in prop_oneof![Just(1), Just(-1_i64)]
    ) {
        let (ranges, values): (Vec<_>, Vec<_>) = wires.into_iter().unzip();
        check(&Gadget::Max(ranges.clone()), &values, fault, change)?;
        check(&Gadget::ArgMax(ranges), &values, fault, change)?;
    }

    #[test]
    fn halves_hold_over_full_words(word: u32, bytes in 1..4_u32, fault: usize, change in prop_oneof![Just(1), Just(-1_i64)]) {
        check(&Gadget::Halves(8 * bytes, 32 - 8 * bytes), &[word.into()], fault, change)?;
    }

    #[test]
    fn range_holds_over_full_widths(width in 1..40_u32, bits: i64, fault: usize) {
        let value = bits & ((1 << width) - 1);
        check(&Gadget::Range(width), &[value], fault, 1)?;
        let system = Gadget::Range(width).constraints(1);
        for outside in [-1 - value, value + (1 << width)] {
            let witness = Gadget::Range(width).witness(&[outside], None);
            prop_assert!(system.violated(&field(&witness)).is_some());
        }
    }
}
