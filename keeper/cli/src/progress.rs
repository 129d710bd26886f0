//! Says what is going on while something takes long. On standard error, so that results stay clean.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// One line that changes in a terminal; a line per step elsewhere; nothing for scripts.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: bool,
    started: Instant,
}

impl Progress {
    /// Shows progress unless a script reads.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::new_spinner();
        let plain = !quiet && bar.is_hidden();
        if quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, plain, started: Instant::now() }
    }

    /// Begins the next step.
    pub(crate) fn step(&self, text: &str) {
        if self.plain {
            crate::output::diagnostic(&format!("[{:>5.1}s] {text}", self.started.elapsed().as_secs_f64()));
        } else {
            self.bar.set_message(text.to_owned());
        }
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
