//! `opg model import`

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use opg_zkml::{
    Circuit,
    dataset::Dataset,
    import::{self as onnx, Imported},
    quantise::{Accuracy, Options, Quantised, measure, quantise},
};
use serde_json::{Value, json};

use super::{must_not_exist, read};
use crate::{
    args::ModelImportArgs,
    error::{CliError, CliResult, Code},
    files,
    output::{Output, fields, table},
    progress::Progress,
};

/// The largest data set.
const MAX_DATA: usize = 1 << 30;

/// Reads an ONNX file, quantises it, says what that costs in accuracy, and writes the quantised model.
pub(in crate::commands) fn import(args: &ModelImportArgs, output: Output) -> CliResult {
    must_not_exist(&args.out)?;
    let progress = Progress::new(output.is_json());
    progress.step("reading the model");
    let imported = onnx::read(&read(&args.onnx, onnx::MAX_FILE)?).map_err(|error| {
        CliError::new(Code::ModelImport, args.onnx.display(), error, "see docs/zkml.md for what is supported")
    })?;
    progress.step("reading the data");
    let calibration = data(&args.calibrate)?;
    let test = args.test.as_deref().map(data).transpose()?;
    let labels = args.labels.as_deref().map(data).transpose()?;
    let options = Options { scale: args.scale, offset: args.offset, classify: args.classify };
    let quantised = quantise(&imported.model, &calibration, &options, |done, total| {
        progress.step(&format!("quantising: {done} of {total} layers"));
    })
    .map_err(|error| {
        let remedy = "see docs/zkml.md for what can be quantised";
        CliError::new(Code::ModelImport, args.onnx.display(), error, remedy)
    })?;
    progress.step("measuring the accuracy");
    let measured = test.as_ref().unwrap_or(&calibration);
    let done = AtomicUsize::new(0);
    let accuracy = measure(&imported.model, &quantised.model, &options, measured, labels.as_ref(), |more| {
        let done = done.fetch_add(more, Ordering::Relaxed) + more;
        if done.is_multiple_of(1000) {
            progress.step(&format!("measuring the accuracy: {done} of {} samples", measured.len()));
        }
    })
    .map_err(|error| {
        let input = args.labels.as_ref().or(args.test.as_ref()).unwrap_or(&args.calibrate);
        CliError::new(Code::ModelImport, input.display(), error, "give data that belong together")
    })?;
    progress.step("compiling the circuit");
    let constraints = Circuit::compile(quantised.model.clone())
        .map_err(|error| CliError::new(Code::ModelImport, args.onnx.display(), error, "use a smaller model"))?
        .constraints()
        .constraints();
    files::write_new(&args.out, &quantised.model.to_bytes())?;
    progress.finish();
    let report = Report { imported: &imported, quantised: &quantised, accuracy, constraints, out: &args.out };
    output.result(&report.json(), || report.text());
    Ok(())
}

fn data(path: &Path) -> CliResult<Dataset> {
    Dataset::from_idx(&read(path, MAX_DATA)?).map_err(|error| {
        CliError::new(Code::ModelImport, path.display(), error, "docs/zkml.md shows how to write such a file")
    })
}

struct Report<'a> {
    imported: &'a Imported,
    quantised: &'a Quantised,
    accuracy: Accuracy,
    constraints: usize,
    out: &'a Path,
}

impl Report<'_> {
    fn json(&self) -> Value {
        let model = &self.quantised.model;
        let layers: Vec<Value> = self
            .quantised
            .layers
            .iter()
            .map(|layer| {
                json!({
                    "operator": layer.name, "weights": layer.weights, "weightUnit": layer.weight_unit,
                    "shape": [layer.shape.channels, layer.shape.rows, layer.shape.columns],
                    "shift": layer.shift, "clip": layer.clip,
                })
            })
            .collect();
        json!({
            "file": self.out, "digest": model.digest(), "bytes": model.to_bytes().len(),
            "parameters": self.imported.model.parameters(), "constraints": self.constraints,
            "inputBytes": model.input().len(), "outputBytes": model.output_bytes(),
            "outputUnit": self.quantised.output_unit, "layers": layers, "notes": self.imported.notes,
            "calibration": { "samples": self.quantised.samples },
            "accuracy": {
                "samples": self.accuracy.samples, "agree": self.accuracy.agree,
                "floatRight": self.accuracy.right.map(|right| right[0]),
                "integerRight": self.accuracy.right.map(|right| right[1]),
            },
        })
    }

    fn text(&self) -> String {
        let Accuracy { samples, agree, right } = self.accuracy;
        let share =
            |count: usize| format!("{count} of {samples} ({:.2} %)", 100.0 * count as f64 / samples as f64);
        let model = &self.quantised.model;
        let mut rows = vec![
            ("digest", model.digest().to_string()),
            ("parameters", self.imported.model.parameters().to_string()),
            ("constraints", self.constraints.to_string()),
            ("input, output", format!("{} and {} bytes", model.input().len(), model.output_bytes())),
            ("calibrated on", format!("{} samples", self.quantised.samples)),
            ("same class", share(agree)),
        ];
        if let Some([float, integer]) = right {
            rows.extend([("float right", share(float)), ("integer right", share(integer))]);
        }
        rows.push(("written to", self.out.display().to_string()));
        let optional = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let layers: Vec<Vec<String>> = self
            .quantised
            .layers
            .iter()
            .map(|layer| {
                vec![
                    layer.name.to_owned(),
                    format!("{}×{}×{}", layer.shape.channels, layer.shape.rows, layer.shape.columns),
                    layer.weights.to_string(),
                    format!("{:.3e}", layer.weight_unit),
                    optional(layer.shift.map(|shift| shift.to_string())),
                    optional(layer.clip.map(|clip| format!("{clip:.3}"))),
                ]
            })
            .collect();
        let notes: Vec<String> = self.imported.notes.iter().map(|note| format!("note: {note}\n")).collect();
        format!(
            "{}{}\n\n{}",
            notes.concat(),
            table(&["LAYER", "OUTPUT", "WEIGHTS", "UNIT", "SHIFT", "CLIP"], &layers),
            fields(&rows)
        )
    }
}
