//! The supply curve as a picture.

use std::error::Error;

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{allocation::MONTH, amount::OPG, calendar, genesis::Manifest};

/// Size of the picture. Coordinates are whole numbers, so a small picture would have wobbly lines.
const SIZE: (u32, u32) = (2_400, 1_360);
/// Width of the legend on the right.
const LEGEND: u32 = 500;
/// Colours that people with colour-blindness can tell apart (after Paul Tol's muted scheme), by category.
const COLOURS: [RGBColor; 9] = [
    RGBColor(51, 34, 136),
    RGBColor(136, 204, 238),
    RGBColor(68, 170, 153),
    RGBColor(17, 119, 51),
    RGBColor(153, 153, 51),
    RGBColor(221, 204, 119),
    RGBColor(204, 102, 119),
    RGBColor(136, 34, 85),
    RGBColor(170, 68, 153),
];
const INK: RGBColor = RGBColor(34, 34, 34);
const PALE: RGBColor = RGBColor(222, 222, 226);
const RELEASED: RGBColor = RGBColor(200, 40, 40);
const FONT: &str = "Helvetica, Arial, sans-serif";

/// What had been released by a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Unix time.
    pub time: u64,
    /// OPG wei in all.
    pub amount: u128,
}

/// The picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the supply curve cannot be drawn: {0}")]
pub struct DrawError(String);

/// Draws the supply over `months` months after the TGE: unlocked per category, stacked; the float, which is their sum; the
/// total; and what was released, where that is known: a step at each element of `released`, which are in the order of time.
/// Months count from the TGE, so that two launches of one allocation look the same.
pub fn supply_curve(manifest: &Manifest, months: u32, released: &[Released]) -> Result<String, DrawError> {
    let mut text = String::new();
    draw(&mut text, manifest, months, released).map_err(|error| DrawError(error.to_string()))?;
    text.push('\n');
    Ok(text)
}

fn draw(
    text: &mut String,
    manifest: &Manifest,
    months: u32,
    released: &[Released],
) -> Result<(), Box<dyn Error>> {
    let points: Vec<Vec<f64>> = calendar::supply(manifest, months)
        .map(|point| point.categories.iter().map(|wei| millions(*wei)).collect())
        .collect();
    let total = millions(manifest.supply);
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(SIZE.0 - LEGEND);
    let at_tge: f64 = points.first().map_or(0.0, |point| point.iter().sum());
    // Years, so that the marks on the axis are twelve months apart.
    let years = f64::from(months) / 12.0;
    let mut chart = ChartBuilder::on(&left)
        .margin(48)
        .caption(format!("OPG supply over {months} months"), (FONT, 52).into_font().color(&INK))
        .x_label_area_size(104)
        .y_label_area_size(156)
        .build_cartesian_2d(0.0..years, 0.0..total * 1.06)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(PALE)
        .axis_style(INK)
        .x_desc("months after the TGE")
        .y_desc("million OPG")
        .x_labels((months / 12) as usize + 1)
        .y_labels(11)
        .x_label_formatter(&|year| format!("{:.0}", year * 12.0))
        .y_label_formatter(&|amount| format!("{amount:.0}"))
        .axis_desc_style((FONT, 32).into_font().color(&INK))
        .label_style((FONT, 28).into_font().color(&INK))
        .draw()?;
    let year = |month: usize| month as f64 / 12.0;
    // From the whole stack down to the first category: each area covers the lower part of the one before.
    for category in (0..manifest.categories.len()).rev() {
        let tops = points
            .iter()
            .enumerate()
            .map(|(month, point)| (year(month), point[..=category].iter().sum::<f64>()));
        chart.draw_series(AreaSeries::new(tops, 0.0, colour(category)))?;
    }
    let float = points.iter().enumerate().map(|(month, point)| (year(month), point.iter().sum::<f64>()));
    chart.draw_series(LineSeries::new(float, INK.stroke_width(6)))?;
    let ends = [(0.0, total), (years, total)];
    chart.draw_series(DashedLineSeries::new(ends, 16, 12, INK.stroke_width(4)))?;
    let note = (FONT, 30).into_font().color(&INK);
    chart.draw_series([
        Text::new(format!("total {total:.0} million"), (years * 0.01, total * 1.045), note.clone()),
        Text::new(
            format!("float at the TGE: {at_tge:.0} million ({:.0} %)", 100.0 * at_tge / total),
            (years * 0.02, total * 0.66),
            note.clone(),
        ),
    ])?;
    let pointer = [(years * 0.01, total * 0.65), (years * 0.001, at_tge)];
    chart.draw_series([PathElement::new(pointer, INK.stroke_width(2))])?;
    if let Some((last, _)) = released.split_last() {
        let place = |at: &Released| {
            let elapsed = at.time.saturating_sub(manifest.tge) as f64;
            ((elapsed / f64::from(MONTH) / 12.0).min(years), millions(at.amount))
        };
        // Between two releases nothing changes: a corner where the amount was, a corner where it is.
        let mut before = 0.0;
        let corners = released.iter().map(place).flat_map(|(year, amount)| {
            let level = std::mem::replace(&mut before, amount);
            [(year, level), (year, amount)]
        });
        let line: Vec<_> = std::iter::once((0.0, 0.0)).chain(corners).collect();
        chart.draw_series(LineSeries::new(line, RELEASED.stroke_width(5)))?;
        chart.draw_series([Circle::new(place(last), 14, RELEASED.filled())])?;
    }
    legend(&right, manifest, total, released.last().copied())?;
    root.present()?;
    Ok(())
}

/// Names the areas in the order in which they are stacked, and the lines.
fn legend(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    manifest: &Manifest,
    total: f64,
    released: Option<Released>,
) -> Result<(), Box<dyn Error>> {
    const ROW: i32 = 68;
    let style = (FONT, 30).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
    let mut y = 220;
    area.draw(&PathElement::new([(0, y), (44, y)], INK.stroke_width(6)))?;
    area.draw(&Text::new("unlocked = float", (64, y), style.clone()))?;
    if let Some(released) = released {
        y += ROW;
        area.draw(&Circle::new((22, y), 14, RELEASED.filled()))?;
        let amount = millions(released.amount);
        area.draw(&Text::new(format!("released: {amount:.1} million"), (64, y), style.clone()))?;
    }
    y += ROW;
    for (position, category) in manifest.categories.iter().enumerate().rev() {
        let share = 100.0 * millions(category.total) / total;
        area.draw(&Rectangle::new([(0, y - 18), (44, y + 18)], colour(position).filled()))?;
        area.draw(&Text::new(
            format!("{}, {share:.4}", category.name).trim_end_matches('0').trim_end_matches('.').to_owned()
                + " %",
            (64, y),
            style.clone(),
        ))?;
        y += ROW;
    }
    Ok(())
}

fn colour(category: usize) -> RGBColor {
    COLOURS[category % COLOURS.len()]
}

/// Millions of OPG: a picture does not show more than a float holds.
fn millions(wei: u128) -> f64 {
    wei as f64 / OPG as f64 / 1e6
}
