use rayon::prelude::*;

use super::{Options, classify};
use crate::dataset::{Dataset, DatasetError};
use crate::float::FloatModel;
use crate::model::Model;

/// How often float and integer model are right, and how often they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accuracy {
    /// How many samples were classified.
    pub samples: usize,
    /// How often both models see the same class.
    pub agree: usize,
    /// How often the float model and the integer model see the class of the label; absent without labels.
    pub right: Option<[usize; 2]>,
}

/// Classifies every sample with both models. `progress` is told how many more are done, from several threads.
///
/// # Errors
/// When the samples do not fit the model or the labels do not fit the samples.
pub fn measure(
    float: &FloatModel,
    model: &Model,
    options: &Options,
    data: &Dataset,
    labels: Option<&Dataset>,
    progress: impl Fn(usize) + Sync,
) -> Result<Accuracy, DatasetError> {
    let size = data.size();
    data.fits(float.input().len())?;
    let labels = labels.map(|labels| labels.labels(data)).transpose()?;
    let samples: Vec<&[u8]> = data.samples().collect();
    let classes = samples
        .par_iter()
        .map(|sample| {
            let seen =
                classify(model, sample).map(|integer| [float.classify(&options.values(sample)), integer]);
            progress(1);
            seen
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| DatasetError::Size { found: size, expected: error.expected })?;
    let agree = classes.iter().filter(|[float, integer]| float == integer).count();
    let right = labels.map(|labels| {
        [0, 1].map(|which: usize| {
            classes.iter().zip(labels).filter(|(seen, label)| seen[which] == usize::from(**label)).count()
        })
    });
    Ok(Accuracy { samples: samples.len(), agree, right })
}
