//! How proving grows with the model, from a thousand to half a million constraints: `make bench-zk-growth`.
//!
//! The models are one architecture over images of growing size: two convolutions of eight filters, a max-pool, ten outputs.
//! Prints a table and writes `docs/zkml-growth.svg`.

#![allow(clippy::print_stdout)] // The figures are for people.
#![allow(clippy::expect_used)] // The shapes are shared with the tests.

#[allow(dead_code, reason = "shared with the tests; each benchmark uses some of it")]
#[path = "../tests/it/shapes.rs"]
mod shapes;
mod support;

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use support::{Figures, make_key, medians, serve};

/// Rows and columns of the images.
const SIDES: [usize; 10] = [2, 3, 4, 6, 8, 12, 16, 22, 30, 38];
/// How often each model is proved; the medians are shown.
const RUNS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    if serve(|number| shapes::growing(SIDES[number]))? {
        return Ok(());
    }
    println!(
        "{:>5} {:>11} {:>9} {:>10} {:>13} {:>10} {:>8} {:>7}",
        "side", "constraints", "terms", "proof only", "us/constraint", "witness", "peak MB", "key MB"
    );
    let mut rows = Vec::new();
    for (number, side) in SIDES.iter().enumerate() {
        let folder = tempfile::tempdir()?;
        make_key(folder.path(), number)?;
        let figures = medians(folder.path(), RUNS)?;
        let key = std::fs::metadata(folder.path().join("key"))?.len() as f64 / 1e6;
        println!(
            "{side:>5} {:>11} {:>9} {:>10.3} {:>13.2} {:>10.4} {:>8.0} {key:>7.1}",
            figures.constraints,
            figures.terms,
            figures.only,
            each(&figures),
            figures.witness,
            figures.peak_mb
        );
        rows.push(figures);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/zkml-growth.svg");
    let root = SVGBackend::new(&path, (860, 380)).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(430);
    let points = |value: fn(&Figures) -> f64| rows.iter().map(|row| (row.constraints, value(row))).collect();
    chart(&left, "CPU microseconds for each constraint", points(each), BLUE)?;
    chart(&right, "peak memory, MB", points(|row| row.peak_mb), RED)?;
    root.present()?;
    println!("written to {}", path.display());
    Ok(())
}

/// Microseconds of CPU for each constraint, reading and compiling left out.
fn each(figures: &Figures) -> f64 {
    figures.only * 1e6 / figures.constraints
}

fn chart(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    caption: &str,
    points: Vec<(f64, f64)>,
    color: RGBColor,
) -> Result<(), Box<dyn Error>> {
    let most = points.iter().fold(0.0_f64, |most, point| most.max(point.1));
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d((1e3..6e5_f64).log_scale(), 0.0..most * 1.1)?;
    let number = |value: &f64| if *value >= 1e3 { format!("{}k", value / 1e3) } else { format!("{value}") };
    chart.configure_mesh().x_desc("constraints").x_label_formatter(&number).light_line_style(WHITE).draw()?;
    chart.draw_series(LineSeries::new(points.clone(), &color))?;
    chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, color.filled())))?;
    Ok(())
}
