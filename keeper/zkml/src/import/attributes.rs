//! Attributes of windows, and which of them would change the meaning.

use super::ImportError;
use super::chain::Node;

/// A window that slides over an image.
pub(super) struct Windows {
    pub(super) window: [usize; 2],
    pub(super) stride: [usize; 2],
    /// Zeros at the top, left, bottom and right.
    pub(super) padding: [usize; 4],
}

impl Node {
    /// The integer attribute, or what stands for it where it is absent.
    pub(super) fn integer(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).and_then(|attribute| attribute.i).unwrap_or(default)
    }

    /// Refuses every attribute that is not among `known`: it could change what the operator does.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ImportError> {
        let mut seen = Vec::new();
        for attribute in &self.proto.attribute {
            let name = attribute.name.as_str();
            if !known.contains(&name) {
                return Err(self.error(format!(
                    "the attribute {} is not supported; supported are {}",
                    super::error::shown(name),
                    known.join(", ")
                )));
            }
            if seen.contains(&name) {
                return Err(self.error(format!("the attribute {name} is given twice")));
            }
            seen.push(name);
        }
        Ok(())
    }

    /// Refuses an integer attribute with another value than the supported one.
    pub(super) fn require(&self, name: &str, default: i64, supported: i64) -> Result<(), ImportError> {
        match self.integer(name, default) {
            value if value == supported => Ok(()),
            value => Err(self.error(format!("{name} is {value}; {supported} is supported"))),
        }
    }

    fn lengths<const N: usize>(&self, name: &str) -> Result<Option<[usize; N]>, ImportError> {
        let Some(attribute) = self.attribute(name) else { return Ok(None) };
        let values: Vec<usize> =
            attribute.ints.iter().filter_map(|value| usize::try_from(*value).ok()).collect();
        match <[usize; N]>::try_from(values) {
            Ok(values) if attribute.ints.len() == N => Ok(Some(values)),
            _ => {
                Err(self
                    .error(format!("{name} is not {N} numbers from 0 up, as a two-dimensional window needs")))
            }
        }
    }

    /// The window, which `kernel` gives where the operator does not have to.
    pub(super) fn windows(&self, kernel: Option<[usize; 2]>) -> Result<Windows, ImportError> {
        if self.lengths("dilations")?.is_some_and(|dilations| dilations != [1, 1]) {
            return Err(self.error("dilations other than 1 are not supported"));
        }
        let mode = self.attribute("auto_pad").and_then(|attribute| attribute.s.as_deref());
        if !matches!(mode, None | Some(b"NOTSET" | b"VALID")) {
            return Err(self.error("auto_pad is not supported; export the model with explicit pads"));
        }
        let given = self.lengths("kernel_shape")?;
        if let (Some(given), Some(kernel)) = (given, kernel)
            && given != kernel
        {
            return Err(self.error(format!("kernel_shape {given:?} is not that of the weights, {kernel:?}")));
        }
        let window = given.or(kernel).ok_or_else(|| self.error("kernel_shape is missing"))?;
        let stride = self.lengths("strides")?.unwrap_or([1, 1]);
        let padding = self.lengths("pads")?.unwrap_or([0; 4]);
        Ok(Windows { window, stride, padding })
    }
}
