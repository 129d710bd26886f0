//! The log: on standard error, filtered and formatted as configured.

use tracing_subscriber::{
    EnvFilter, Registry, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _,
};

use crate::config::file::{LogFormat, LogSection};

/// Changes the filter of the running log.
#[derive(Debug)]
pub(crate) struct Filter(reload::Handle<EnvFilter, Registry>);

impl Filter {
    /// Takes the filter of a reloaded configuration; the format stays.
    pub(super) fn set(&self, section: &LogSection) {
        if let Err(error) = self.0.reload(EnvFilter::new(&section.filter)) {
            tracing::warn!(%error, filter = section.filter, "the log keeps its filter");
        }
    }
}

/// Begins to log.
pub(crate) fn start(section: &LogSection) -> Filter {
    let (filter, handle) = reload::Layer::new(EnvFilter::new(&section.filter));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A second start in one process is only possible in tests, where the first log serves as well.
    let _ = match section.format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
    Filter(handle)
}
