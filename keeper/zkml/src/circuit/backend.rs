//! One description of the circuit, two uses: with [`Symbolic`] wires it yields the constraints, with [`Concrete`] ones
//! the witness. Both visit the variables in the same order, so neither can drift from the other.

use ark_bn254::Fr;

use super::Fault;
use crate::r1cs::{R1cs, Rows, byte_power};

pub(crate) trait Backend {
    /// A value of the model: a linear combination of variables, or the number itself.
    type Wire: Clone;

    /// The constant plus the weighted wires.
    fn sum(&self, constant: i64, terms: &[(i64, &Self::Wire)]) -> Self::Wire;

    /// A variable of the witness, whose honest value is `rule` of the values of `from`.
    fn allocate(&mut self, from: &[&Self::Wire], rule: impl Fn(&[i64]) -> i64) -> Self::Wire;

    /// A variable for the input byte at `index`.
    fn input(&mut self, index: usize) -> Self::Wire;

    /// Requires a·b = 0.
    fn require(&mut self, a: &Self::Wire, b: &Self::Wire);

    /// Requires that the wires, each times 256 to its exponent, add up to the public input at `index`.
    fn bind(&mut self, index: usize, parts: &[(usize, Self::Wire)]);

    fn constant(&self, value: i64) -> Self::Wire {
        self.sum(value, &[])
    }

    /// Requires a = 0.
    fn require_zero(&mut self, a: &Self::Wire) {
        let one = self.constant(1);
        self.require(a, &one);
    }
}

/// A linear combination with small coefficients.
#[derive(Debug, Clone, Default)]
pub(crate) struct Combination {
    constant: i64,
    terms: Vec<(u32, i64)>,
}

/// Builds the constraints.
#[derive(Debug)]
pub(crate) struct Symbolic {
    rows: Rows,
}

impl Symbolic {
    pub(crate) fn new(public: usize) -> Self {
        Self { rows: Rows::new(public) }
    }

    /// `None` where there is more than a circuit may have.
    pub(crate) fn finish(self) -> Option<R1cs> {
        (!self.rows.is_full()).then(|| self.rows.finish())
    }

    fn encode(&mut self, wire: &Combination) -> Vec<(u32, u32)> {
        let constant = (wire.constant != 0).then_some((0, wire.constant));
        let terms = constant.into_iter().chain(wire.terms.iter().copied());
        terms.map(|(variable, coefficient)| (variable, self.rows.small(coefficient))).collect()
    }
}

impl Backend for Symbolic {
    type Wire = Combination;

    fn sum(&self, constant: i64, terms: &[(i64, &Combination)]) -> Combination {
        let mut sum = Combination { constant, terms: Vec::new() };
        for (weight, wire) in terms.iter().filter(|(weight, _)| *weight != 0) {
            sum.constant += weight * wire.constant;
            sum.terms.extend(wire.terms.iter().map(|(variable, other)| (*variable, weight * other)));
        }
        sum
    }

    fn allocate(&mut self, _: &[&Combination], _: impl Fn(&[i64]) -> i64) -> Combination {
        Combination { constant: 0, terms: vec![(self.rows.variable(), 1)] }
    }

    fn input(&mut self, _: usize) -> Combination {
        self.allocate(&[], |_| 0)
    }

    fn require(&mut self, a: &Combination, b: &Combination) {
        if self.rows.is_full() {
            return;
        }
        let (a, b) = (self.encode(a), self.encode(b));
        self.rows.push(a, b);
    }

    fn bind(&mut self, index: usize, parts: &[(usize, Combination)]) {
        let mut row = vec![(index as u32, self.rows.small(-1))];
        for (exponent, wire) in parts {
            let power = byte_power(*exponent);
            let constant = (0, wire.constant);
            for (variable, coefficient) in wire.terms.iter().chain(Some(&constant)) {
                row.push((*variable, self.rows.coefficient(power * Fr::from(*coefficient))));
            }
        }
        let one = self.rows.small(1);
        self.rows.push(row, [(0, one)]);
    }
}

/// Computes the witness.
#[derive(Debug)]
pub(crate) struct Concrete<'a> {
    input: &'a [u8],
    fault: Option<Fault>,
    pub(crate) witness: Vec<i64>,
}

impl<'a> Concrete<'a> {
    /// With a fault, one variable gets another value and everything after it follows from that one.
    pub(crate) fn new(input: &'a [u8], fault: Option<Fault>) -> Self {
        Self { input, fault, witness: Vec::new() }
    }

    fn store(&mut self, honest: i64) -> i64 {
        let value = match self.fault {
            Some(fault) if fault.variable == self.witness.len() => fault.value,
            _ => honest,
        };
        self.witness.push(value);
        value
    }
}

impl Backend for Concrete<'_> {
    type Wire = i64;

    /// Wraps where a fault has put absurd values; honest ones are bounded.
    fn sum(&self, constant: i64, terms: &[(i64, &i64)]) -> i64 {
        terms.iter().fold(constant, |sum, (weight, wire)| sum.wrapping_add(weight.wrapping_mul(**wire)))
    }

    fn allocate(&mut self, from: &[&i64], rule: impl Fn(&[i64]) -> i64) -> i64 {
        // Gadgets look at few wires at a time, save argmax.
        let values: Vec<i64> = from.iter().map(|wire| **wire).collect();
        self.store(rule(&values))
    }

    fn input(&mut self, index: usize) -> i64 {
        self.store(self.input.get(index).copied().unwrap_or_default().into())
    }

    fn require(&mut self, _: &i64, _: &i64) {}

    fn bind(&mut self, _: usize, _: &[(usize, i64)]) {}
}
