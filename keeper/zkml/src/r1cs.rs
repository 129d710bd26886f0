//! The constraint system. Every row says A·B = 0: no gadget needs a product on the right-hand side, which saves the
//! prover three of seven Fourier transforms.

use std::collections::HashMap;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, Zero};
use rayon::prelude::*;

/// The most terms of a system: a gigabyte.
const MAX_TERMS: usize = 1 << 27;

/// A sparse matrix over the variables; coefficients are kept once each, as there are few different ones.
#[derive(Debug, Default, Clone)]
pub(crate) struct Matrix {
    /// Where each row ends.
    ends: Vec<u32>,
    columns: Vec<u32>,
    coefficients: Vec<u32>,
}

impl Matrix {
    fn row(&self, row: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        let range = start..self.ends[row] as usize;
        self.columns[range.clone()]
            .iter()
            .zip(&self.coefficients[range])
            .map(|(column, coefficient)| (*column as usize, *coefficient as usize))
    }

    fn push(&mut self, terms: impl IntoIterator<Item = (u32, u32)>) {
        for (column, coefficient) in terms {
            self.columns.push(column);
            self.coefficients.push(coefficient);
        }
        self.ends.push(self.columns.len() as u32);
    }
}

/// A system of constraints A·B = 0 over an assignment whose first entries are public: the constant 1, then the public
/// inputs.
#[derive(Debug, Clone)]
pub struct R1cs {
    public: usize,
    variables: usize,
    pub(crate) a: Matrix,
    pub(crate) b: Matrix,
    coefficients: Vec<Fr>,
}

impl R1cs {
    /// How many constraints there are.
    pub fn constraints(&self) -> usize {
        self.a.ends.len()
    }

    /// How many entries an assignment has.
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// How many of them are public, the constant 1 included.
    pub fn public(&self) -> usize {
        self.public
    }

    /// How many entries of the matrices are not zero.
    pub fn terms(&self) -> usize {
        self.a.columns.len() + self.b.columns.len()
    }

    /// A·z or B·z, row by row.
    pub(crate) fn times(&self, matrix: &Matrix, assignment: &[Fr]) -> Vec<Fr> {
        (0..self.constraints()).into_par_iter().map(|row| self.dot(matrix, row, assignment)).collect()
    }

    /// For each variable, the sum over rows of its coefficient times the row's weight.
    pub(crate) fn transposed(&self, matrix: &Matrix, weights: &[Fr]) -> Vec<Fr> {
        let mut out = vec![Fr::ZERO; self.variables];
        for (row, weight) in weights.iter().enumerate().take(self.constraints()) {
            for (column, coefficient) in matrix.row(row) {
                out[column] += self.coefficients[coefficient] * weight;
            }
        }
        out
    }

    /// For each variable, the rows that it occurs in with the coefficients' positions in [`R1cs::coefficients`].
    pub(crate) fn columns(&self, matrix: &Matrix) -> Vec<Vec<(u32, u32)>> {
        let mut out = vec![Vec::new(); self.variables];
        for row in 0..self.constraints() {
            for (column, coefficient) in matrix.row(row) {
                out[column].push((row as u32, coefficient as u32));
            }
        }
        out
    }

    /// The different coefficients.
    pub(crate) fn coefficients(&self) -> &[Fr] {
        &self.coefficients
    }

    fn dot(&self, matrix: &Matrix, row: usize, assignment: &[Fr]) -> Fr {
        matrix.row(row).map(|(column, coefficient)| self.coefficients[coefficient] * assignment[column]).sum()
    }

    fn holds(&self, row: usize, assignment: &[Fr]) -> bool {
        self.dot(&self.a, row, assignment).is_zero() || self.dot(&self.b, row, assignment).is_zero()
    }

    /// The first constraint that the assignment violates.
    pub fn violated(&self, assignment: &[Fr]) -> Option<usize> {
        (0..self.constraints()).into_par_iter().find_first(|row| !self.holds(*row, assignment))
    }

    /// For each variable, the constraints that it occurs in: what has to be checked again when it alone changes.
    pub fn occurrences(&self) -> Vec<Vec<u32>> {
        let mut out = vec![Vec::new(); self.variables];
        for row in 0..self.constraints() {
            for (column, _) in self.a.row(row).chain(self.b.row(row)) {
                if out[column].last() != Some(&(row as u32)) {
                    out[column].push(row as u32);
                }
            }
        }
        out
    }

    /// Whether the assignment violates one of `rows`.
    pub fn violates_any(&self, rows: &[u32], assignment: &[Fr]) -> bool {
        rows.iter().any(|row| !self.holds(*row as usize, assignment))
    }
}

/// Collects the rows of an [`R1cs`].
#[derive(Debug)]
pub(crate) struct Rows {
    system: R1cs,
    known: HashMap<Fr, u32>,
    small: HashMap<i64, u32>,
}

impl Rows {
    /// `public` counts the constant 1.
    pub(crate) fn new(public: usize) -> Self {
        let (a, b) = (Matrix::default(), Matrix::default());
        let system = R1cs { public, variables: public, a, b, coefficients: Vec::new() };
        Self { system, known: HashMap::new(), small: HashMap::new() }
    }

    pub(crate) fn variable(&mut self) -> u32 {
        self.system.variables += 1;
        self.system.variables as u32 - 1
    }

    pub(crate) fn coefficient(&mut self, value: Fr) -> u32 {
        let next = self.system.coefficients.len() as u32;
        let index = *self.known.entry(value).or_insert(next);
        if index == next {
            self.system.coefficients.push(value);
        }
        index
    }

    pub(crate) fn small(&mut self, value: i64) -> u32 {
        if let Some(index) = self.small.get(&value) {
            return *index;
        }
        let index = self.coefficient(Fr::from(value));
        self.small.insert(value, index);
        index
    }

    /// Adds the row a·b = 0; terms are (variable, coefficient's index).
    pub(crate) fn push(
        &mut self,
        a: impl IntoIterator<Item = (u32, u32)>,
        b: impl IntoIterator<Item = (u32, u32)>,
    ) {
        self.system.a.push(a);
        self.system.b.push(b);
    }

    /// Whether there are more terms than a circuit may have: a bound on the memory that a hostile model takes.
    pub(crate) fn is_full(&self) -> bool {
        self.system.terms() > MAX_TERMS
    }

    pub(crate) fn finish(self) -> R1cs {
        self.system
    }
}

/// 256 to the power of `exponent`.
pub(crate) fn byte_power(exponent: usize) -> Fr {
    Fr::from(256u64).pow([exponent as u64])
}
