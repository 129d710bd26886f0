//! Runs asynchronous commands.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use crate::error::{CliError, CliResult};

/// Runs `work` to its end.
pub(crate) fn block_on(work: impl Future<Output = CliResult>) -> CliResult {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::internal("asynchronous runtime", error))?;
    let result = runtime.block_on(work);
    // A blocking task that hangs must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

/// Runs `work` until it ends or a signal asks the process to stop; whatever `work` holds is dropped then, so that child
/// processes and temporary files go.
pub(crate) async fn until_interrupted<T>(work: impl Future<Output = CliResult<T>>) -> CliResult<T> {
    let listen = |kind| signal(kind).map_err(|error| CliError::internal("signals", error));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    tokio::select! {
        result = work => result,
        _ = interrupt.recv() => Err(CliError::interrupted()),
        _ = terminate.recv() => Err(CliError::interrupted()),
        _ = hang_up.recv() => Err(CliError::interrupted()),
    }
}
