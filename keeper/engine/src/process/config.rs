use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::local::Accelerator;

/// How the worker process is run.
#[derive(Debug, Clone)]
pub struct ProcessConfig {
    /// Program that calls [`worker::main`](crate::worker::main).
    pub program: PathBuf,
    /// Arguments that make it do so.
    pub args: Vec<OsString>,
    /// Threads that compute; all cores when absent. More than there are free cores makes everything slower.
    pub threads: Option<usize>,
    /// Where models are computed.
    pub accelerator: Accelerator,
    /// Digests of the execution profiles in which models must be computed, by name; others load in any.
    pub profiles: HashMap<String, [u8; 32]>,
    /// Jobs that the worker computes together; at least 1.
    pub slots: usize,
    /// Most jobs that wait while others run; at least 1.
    pub queue_limit: usize,
    /// Most bytes of private memory of the worker; unlimited when absent.
    pub memory_limit: Option<u64>,
    /// Most bytes of model files that stay loaded; unlimited when absent. Before another model is loaded, those that were
    /// used longest ago and have nothing to do are dropped until it fits. A model at work is never dropped, nor is the only
    /// one too large to load.
    pub model_memory: Option<u64>,
    /// How long a cancelled job may take to stop before the worker is killed.
    pub cancel_grace: Duration,
    /// How long the worker may take to report that it is ready.
    pub start_timeout: Duration,
    /// Wait before the start that follows a crash; doubled for each further crash in a row.
    pub restart_delay: Duration,
    /// Longest wait between a crash and the next start.
    pub max_restart_delay: Duration,
}

impl ProcessConfig {
    /// Defaults for everything but the program.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        ProcessConfig {
            program: program.into(),
            args: Vec::new(),
            threads: None,
            accelerator: Accelerator::default(),
            profiles: HashMap::new(),
            slots: 8,
            queue_limit: 16,
            memory_limit: None,
            model_memory: None,
            cancel_grace: Duration::from_secs(5),
            start_timeout: Duration::from_secs(30),
            restart_delay: Duration::from_millis(250),
            max_restart_delay: Duration::from_secs(30),
        }
    }
}
