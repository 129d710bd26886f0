//! Proofs of several inputs under one request.

use rand::CryptoRng;
use rayon::prelude::*;

use crate::{Circuit, Execution, InputError, Proof, ProveError, ProvingKey, Statement};

/// Why a batch is not proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// An input that does not fit the model.
    #[error("input {index} of the batch: {error}")]
    Input {
        /// Its position, from 0.
        index: usize,
        /// What is wrong with it.
        error: InputError,
    },
    /// A proof that cannot be made.
    #[error("input {index} of the batch: {error}")]
    Prove {
        /// Its position, from 0.
        index: usize,
        /// Why not.
        error: ProveError,
    },
    /// More inputs than a statement counts, or none.
    #[error("a batch has 1 to {max} inputs, not {0}", max = u32::MAX)]
    Size(usize),
}

/// An input with its output and the proof of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The input.
    pub input: Vec<u8>,
    /// What the model makes of it.
    pub output: Vec<u8>,
    /// The proof, bound to the input's position in the batch.
    pub proof: Proof,
}

/// Proves a batch; the batch position and size of `context` are set for each input. Witnesses are computed in parallel, as
/// many at once as there are threads, so that memory does not grow with the batch; each proof uses all threads. `progress`
/// is told how many parts are done, [`ProvingKey::PARTS`] for each input.
///
/// # Errors
/// Names the first input that does not fit or cannot be proved.
pub fn prove_batch(
    key: &ProvingKey,
    circuit: &Circuit,
    inputs: &[&[u8]],
    context: Statement,
    rng: &mut impl CryptoRng,
    progress: &dyn Fn(usize),
) -> Result<Vec<Proved>, BatchError> {
    let batch_size = u32::try_from(inputs.len()).ok().filter(|size| *size > 0);
    let batch_size = batch_size.ok_or(BatchError::Size(inputs.len()))?;
    let at_once = rayon::current_num_threads().max(1);
    let mut proved = Vec::with_capacity(inputs.len());
    for group in inputs.chunks(at_once) {
        let runs: Vec<Result<Execution, InputError>> =
            group.par_iter().map(|input| circuit.execute(input)).collect();
        for (run, input) in runs.into_iter().zip(group) {
            let index = proved.len();
            let run = run.map_err(|error| BatchError::Input { index, error })?;
            let statement = Statement { batch_index: index as u32, batch_size, ..context };
            let digest = statement.digest(input, &run.output);
            let before = index * ProvingKey::PARTS;
            let proof = key
                .prove_reporting(circuit, &run, digest, rng, &|part| progress(before + part))
                .map_err(|error| BatchError::Prove { index, error })?;
            proved.push(Proved { input: input.to_vec(), output: run.output, proof });
        }
    }
    Ok(proved)
}
