//! What the gateway counts, and how Prometheus reads it.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use opg_node::batches::BatchesMetrics;
use opg_store::batches::Summary;

/// Upper bounds of the buckets of durations, in seconds.
const BOUNDS: [f64; 10] = [0.005, 0.02, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];

/// Durations in buckets.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            if seconds <= *bound {
                bucket.fetch_add(1, Relaxed);
            }
        }
        self.count.fetch_add(1, Relaxed);
        self.micros.fetch_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    fn write(&self, name: &str, help: &str, text: &mut String) {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} histogram");
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {}", bucket.load(Relaxed));
        }
        let count = self.count.load(Relaxed);
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(text, "{name}_sum {}", self.micros.load(Relaxed) as f64 / 1e6);
        let _ = writeln!(text, "{name}_count {count}");
    }
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct GatewayMetrics {
    /// Requests, by hundreds of their status.
    pub responses: [AtomicU64; 6],
    /// Answers with a receipt.
    pub answered: AtomicU64,
    /// Answers given again for the same payment.
    pub repeated: AtomicU64,
    /// Jobs stopped because their caller went away.
    pub abandoned: AtomicU64,
    /// Requests refused because the queue was full.
    pub overflowed: AtomicU64,
    /// Requests refused because their caller asked too often.
    pub throttled: AtomicU64,
    /// Payments refused.
    pub refused_payments: AtomicU64,
    /// Payments that the chain took.
    pub settled_payments: AtomicU64,
    /// Payments that it did not take.
    pub failed_payments: AtomicU64,
    /// Tokens read.
    pub input_tokens: AtomicU64,
    /// Tokens written.
    pub output_tokens: AtomicU64,
    /// Connections now.
    pub connections: AtomicU64,
    /// Time in the engine, waiting for it included.
    pub engine_seconds: Histogram,
    /// Time from handing a payment to the journal until it is settled.
    pub settlement_seconds: Histogram,
    /// Time to make an answer durable.
    pub commit_seconds: Histogram,
}

/// What is stored of batches, and what the batch service has done where there is one.
pub(crate) fn render_batches(summary: &Summary, counts: Option<&BatchesMetrics>, text: &mut String) {
    for (name, help, value) in [
        ("receipts_waiting", "Receipts that wait for a batch.", summary.waiting),
        (
            "oldest_waiting",
            "Unix time at which the oldest of them was issued; 0: none.",
            summary.oldest.unwrap_or_default(),
        ),
        ("leaves_demanded", "Leaves that the chain waits for.", summary.demands),
    ] {
        let name = format!("opg_batches_{name}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
    for (name, help) in [("stored", "Batches by state."), ("stored_receipts", "Receipts in them.")] {
        let full = format!("opg_batches_{name}");
        let _ = writeln!(text, "# HELP {full} {help}\n# TYPE {full} gauge");
        for (state, batches, receipts) in &summary.states {
            let value = if name == "stored" { batches } else { receipts };
            let _ = writeln!(text, "{full}{{state=\"{state}\"}} {value}");
        }
    }
    let Some(counts) = counts else { return };
    for (name, help, value) in [
        ("sealed_total", "Batches handed to the journal.", &counts.sealed),
        ("receipts_total", "Receipts in them.", &counts.receipts),
        ("posted_total", "Batches seen on the chain.", &counts.posted),
        ("dissolved_total", "Batches that did not reach the chain.", &counts.dissolved),
        ("voided_total", "Batches that counted for nothing on the chain.", &counts.voided),
        ("late_receipts_total", "Receipts too old to be posted.", &counts.late),
        ("invalid_receipts_total", "Receipts that the chain would not hold for valid.", &counts.invalid),
        ("answers_total", "Demanded leaves handed to the journal.", &counts.answers),
        ("unanswered_total", "Demanded leaves not shown in time.", &counts.unanswered),
        ("pruned_total", "Final batches whose receipts were removed.", &counts.pruned),
        ("pruned_receipts_total", "Receipts in them.", &counts.pruned_receipts),
        ("restarts_total", "Passes that failed and were repeated.", &counts.service.restarts),
    ] {
        let name = format!("opg_batches_{name}");
        let value = value.load(Relaxed);
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
    }
    for (name, help, value) in [
        ("ahead", "Seconds by which this machine's clock is ahead of the latest block.", &counts.clock_ahead),
        ("behind", "Seconds by which this machine's clock is behind it.", &counts.clock_behind),
    ] {
        let name = format!("opg_batches_clock_{name}_seconds");
        let value = value.load(Relaxed);
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
}

impl GatewayMetrics {
    pub(crate) fn render(&self, running: usize, waiting: usize) -> String {
        let mut text = String::new();
        let name = "opg_gateway_responses_total";
        let _ = writeln!(text, "# HELP {name} Responses by class of their status.\n# TYPE {name} counter");
        for (class, count) in self.responses.iter().enumerate().skip(2) {
            let _ = writeln!(text, "{name}{{class=\"{class}xx\"}} {}", count.load(Relaxed));
        }
        for (name, help, value) in [
            ("answered_total", "Answers with a receipt.", &self.answered),
            ("repeated_total", "Answers given again for the same payment.", &self.repeated),
            ("abandoned_total", "Jobs stopped because their caller went away.", &self.abandoned),
            ("overflowed_total", "Requests refused because the queue was full.", &self.overflowed),
            ("throttled_total", "Requests refused because their caller asked too often.", &self.throttled),
            ("payments_refused_total", "Payments refused before anything was done.", &self.refused_payments),
            ("payments_settled_total", "Payments that the chain took.", &self.settled_payments),
            ("payments_failed_total", "Payments that the chain did not take.", &self.failed_payments),
            ("input_tokens_total", "Tokens read.", &self.input_tokens),
            ("output_tokens_total", "Tokens written.", &self.output_tokens),
        ] {
            let name = format!("opg_gateway_{name}");
            let _ =
                writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", value.load(Relaxed));
        }
        for (name, help, value) in [
            ("connections", "Open connections.", self.connections.load(Relaxed)),
            ("running", "Requests that the engine works on.", running as u64),
            ("waiting", "Requests that wait for their turn.", waiting as u64),
        ] {
            let name = format!("opg_gateway_{name}");
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        for (name, help, histogram) in [
            ("engine_seconds", "Time in the engine, its queue included.", &self.engine_seconds),
            ("settlement_seconds", "Time until a payment is settled.", &self.settlement_seconds),
            ("commit_seconds", "Time to make an answer durable.", &self.commit_seconds),
        ] {
            histogram.write(&format!("opg_gateway_{name}"), help, &mut text);
        }
        text
    }
}
