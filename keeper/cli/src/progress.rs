//! Says what is going on while something takes long. On standard error, so that results stay clean.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const STEP: &str = "{spinner} {msg} [{elapsed}]";
const READ: &str = "{spinner} {msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";

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
        style(&bar, STEP);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, plain, started: Instant::now() }
    }

    /// Begins the next step.
    pub(crate) fn step(&self, text: &str) {
        style(&self.bar, STEP);
        if self.plain {
            crate::output::diagnostic(&format!("[{:>5.1}s] {text}", self.started.elapsed().as_secs_f64()));
        } else {
            self.bar.set_message(text.to_owned());
        }
    }

    /// Begins a step whose progress is how much of the `size` bytes of `source` has been read.
    pub(crate) fn read<R: Read>(&self, text: &str, source: R, size: u64) -> impl Read {
        self.step(text);
        style(&self.bar, READ);
        self.bar.set_length(size);
        self.bar.set_position(0);
        self.bar.wrap_read(source)
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(bar: &ProgressBar, template: &str) {
    // Both templates are well-formed; a bar that keeps its style does no harm.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
