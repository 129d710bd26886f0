//! A model as constraints, and an input as their witness.

mod backend;
mod synthesis;

pub(crate) use backend::Backend;
#[cfg(test)]
pub(crate) use backend::{Concrete, Symbolic};

use ark_bn254::Fr;
#[cfg(not(test))]
use backend::{Concrete, Symbolic};

use crate::gadgets::CHUNK;
use crate::model::{Interval, Model, ModelError};
use crate::r1cs::R1cs;
use crate::reference::{self, InputError};
use alloy_primitives::B256;
use opg_zkml_verifier::public_inputs;

/// A model compiled into constraints. The same model always yields the same ones.
#[derive(Debug)]
pub struct Circuit {
    model: Model,
    bounds: Vec<Vec<Interval>>,
    digest: B256,
    constraints: R1cs,
}

/// What a run of the model yields: its output, and the values of the circuit's variables that prove it.
#[derive(Debug, Clone)]
pub struct Execution {
    /// The output, as it is hashed and sent.
    pub output: Vec<u8>,
    pub(crate) input: Vec<u8>,
    pub(crate) witness: Vec<i64>,
}

/// One variable of the witness, counted from 0, and the value that it gets instead of its own; every later variable is
/// computed as if that value were right. For tests of soundness: no faulty witness satisfies the constraints.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Which variable.
    pub variable: usize,
    /// Its value.
    pub value: i64,
}

impl Circuit {
    /// Compiles a model.
    ///
    /// # Errors
    /// When the constraints would take more than a gigabyte.
    pub fn compile(model: Model) -> Result<Self, ModelError> {
        let bounds = model.bounds()?;
        let bytes = model.input().len() + model.output_bytes();
        // The constant 1, the statement, then the bytes.
        let mut backend = Symbolic::new(2 + bytes.div_ceil(CHUNK));
        synthesis::synthesise(&model, &bounds, &mut backend);
        let constraints = backend.finish().ok_or(ModelError::TooLarge)?;
        Ok(Self { digest: model.digest(), model, bounds, constraints })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The model's digest.
    pub fn model_digest(&self) -> B256 {
        self.digest
    }

    /// The constraints.
    pub fn constraints(&self) -> &R1cs {
        &self.constraints
    }

    /// Runs the model and computes the witness.
    ///
    /// # Errors
    /// When the input has another length than the model's.
    pub fn execute(&self, input: &[u8]) -> Result<Execution, InputError> {
        let values = reference::run(&self.model, input)?;
        let output = reference::encode_output(&self.model, &values);
        Ok(Execution { output, input: input.to_vec(), witness: self.witness(input, None) })
    }

    /// A run whose witness carries a fault. The output is the honest one.
    ///
    /// # Errors
    /// As [`Circuit::execute`].
    pub fn execute_with_fault(&self, input: &[u8], fault: Fault) -> Result<Execution, InputError> {
        let honest = self.execute(input)?;
        Ok(Execution { witness: self.witness(input, Some(fault)), ..honest })
    }

    fn witness(&self, input: &[u8], fault: Option<Fault>) -> Vec<i64> {
        let mut backend = Concrete::new(input, fault);
        synthesis::synthesise(&self.model, &self.bounds, &mut backend);
        backend.witness
    }

    /// The whole assignment of a run: the constant 1, the public inputs for this statement, the witness.
    pub fn assignment(&self, execution: &Execution, statement: B256) -> Vec<Fr> {
        let mut all = vec![Fr::from(1u64)];
        all.extend(public_inputs(statement, &execution.input, &execution.output));
        all.extend(execution.witness.iter().map(|value| Fr::from(*value)));
        all
    }
}
