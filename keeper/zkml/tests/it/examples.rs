//! The example classifiers and their data, as `training/train.py` wrote them.

use std::path::Path;

use opg_zkml::dataset::Dataset;
use opg_zkml::import::{self, Imported};
use opg_zkml::quantise::{Options, Quantised, quantise};

/// Pixels from 0 to 16 stand for 0 to 1.
pub(crate) const OPTIONS: Options = Options { scale: 1.0 / 16.0, offset: 0.0, classify: false };

pub(crate) fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name)).expect("it is committed")
}

pub(crate) fn float(name: &str) -> Imported {
    import::read(&file(&format!("{name}.onnx"))).expect("an example is supported")
}

pub(crate) fn images(part: &str) -> Dataset {
    Dataset::from_idx(&file(&format!("digits-{part}-images.idx"))).expect("images")
}

pub(crate) fn labels(part: &str) -> Dataset {
    Dataset::from_idx(&file(&format!("digits-{part}-labels.idx"))).expect("labels")
}

pub(crate) fn quantised(name: &str, options: &Options) -> Quantised {
    quantise(&float(name).model, &images("train"), options, |_, _| {}).expect("an example is quantised")
}
