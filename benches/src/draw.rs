//! Figures as pictures: cost against size, in panels, and bars beside one another.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::page::{count, digits};

type Sheet<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub type Outcome = Result<(), Box<dyn Error>>;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
const PANEL: (u32, u32) = (430, 290);
const HEAD: u32 = 64;
const FONT: &str = "sans-serif";

/// Names, in the order in which they are shown, each with its colour.
pub type Colours = [(&'static str, [u8; 3])];

fn colour(colours: &Colours, name: &str) -> RGBColor {
    let [r, g, b] = colours.iter().find(|it| it.0 == name).expect("a name with a colour").1;
    RGBColor(r, g, b)
}

/// Those names that some figures have, in their usual order.
fn present<'a>(
    colours: &Colours,
    of: impl Iterator<Item = &'a BTreeMap<String, f64>> + Clone,
) -> Vec<&'static str> {
    colours
        .iter()
        .map(|it| it.0)
        .filter(|name| of.clone().any(|figures| figures.contains_key(*name)))
        .collect()
}

/// A title, and which colour is which name.
fn head(sheet: &Sheet<'_>, title: &str, colours: &Colours, names: &[&str]) -> Outcome {
    sheet.draw(&Text::new(title.to_string(), (16, 10), (FONT, 20).into_font().color(&INK)))?;
    let mut x = 18;
    for name in names {
        sheet.draw(&Rectangle::new([(x, 42), (x + 14, 54)], colour(colours, name).filled()))?;
        sheet.draw(&Text::new((*name).to_string(), (x + 20, 40), (FONT, 15).into_font().color(&INK)))?;
        x += 104.max(32 + 9 * name.len() as i32);
    }
    Ok(())
}

/// The powers of ten around some values.
fn around(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let (least, most) = (values.clone().fold(f64::MAX, f64::min), values.fold(0.0, f64::max));
    (10_f64.powf((least * 0.9).log10().floor()), 10_f64.powf((most * 1.1).log10().ceil()))
}

/// Lines of one panel: by x, a figure for each name.
pub struct Panel {
    pub caption: String,
    pub figures: BTreeMap<usize, BTreeMap<String, f64>>,
}

/// What the axes of panels say.
pub struct Axes<'a> {
    pub x: &'a str,
    pub y: &'a str,
    pub format: &'a dyn Fn(f64) -> String,
}

/// Panels of figures against sizes, both on log axes. The first name is drawn on top.
pub fn panels(panels: &[Panel], title: &str, axes: &Axes<'_>, colours: &Colours, file: &Path) -> Outcome {
    let columns = panels.len().clamp(1, 3);
    let rows = panels.len().div_ceil(columns);
    let size = (PANEL.0 * columns.max(2) as u32, HEAD + PANEL.1 * rows as u32);
    let sheet = SVGBackend::new(file, size).into_drawing_area();
    sheet.fill(&WHITE)?;
    let names = present(colours, panels.iter().flat_map(|panel| panel.figures.values()));
    head(&sheet, title, colours, &names)?;
    let (_, below) = sheet.split_vertically(HEAD);
    for (panel, area) in panels.iter().zip(below.split_evenly((rows, columns))) {
        let sizes = &panel.figures;
        let (least, most) = around(sizes.values().flat_map(|of| of.values().copied()));
        let ns = sizes.keys().map(|n| *n as f64);
        let (from, to) = (ns.clone().fold(f64::MAX, f64::min) / 1.6, ns.fold(0.0, f64::max) * 1.6);
        let mut chart = ChartBuilder::on(&area)
            .caption(&panel.caption, (FONT, 16).into_font().color(&INK))
            .margin(10)
            .x_label_area_size(36)
            .y_label_area_size(58)
            .build_cartesian_2d((from..to).log_scale(), (least..most).log_scale())?;
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK)
            .label_style((FONT, 12).into_font().color(&INK))
            .x_desc(axes.x)
            .y_desc(axes.y)
            .x_labels(7)
            .y_labels(7)
            .x_label_formatter(&|n| short(*n))
            .y_label_formatter(&|y| (axes.format)(*y))
            .draw()?;
        let mut line = least;
        while line <= most * 1.01 {
            chart.draw_series([PathElement::new([(from, line), (to, line)], GRID)])?;
            line *= 10.0;
        }
        // Ours last, so that it is on top.
        for (n, name) in names.iter().enumerate().rev() {
            let points = sizes.iter().filter_map(|(n, of)| Some((*n as f64, *of.get(*name)?)));
            let points: Vec<_> = points.collect();
            let width = if n == 0 { 3 } else { 2 };
            if points.len() > 1 {
                let style = colour(colours, name).stroke_width(width);
                chart.draw_series([PathElement::new(points.clone(), style)])?;
            }
            chart.draw_series(
                points.into_iter().map(|at| Circle::new(at, 3, colour(colours, name).filled())),
            )?;
        }
    }
    sheet.present()?;
    Ok(())
}

/// A number in few letters.
pub fn short(n: f64) -> String {
    match n {
        n if n < 999.5 => format!("{n:.0}"),
        n if n < 999_999.5 => format!("{:.0}k", n / 1e3),
        n => format!("{:.0}M", n / 1e6),
    }
}

/// A row of bars: what they are about, and a figure for each library.
pub type Row = (String, BTreeMap<String, f64>);

/// Bars from `origin`, on a log axis, each with its figure.
pub fn bars(
    rows: &[Row],
    title: &str,
    axis: &str,
    origin: Option<f64>,
    colours: &Colours,
    file: &Path,
) -> Outcome {
    let names = present(colours, rows.iter().map(|row| &row.1));
    let bar = 13;
    let heights: Vec<u32> = rows.iter().map(|row| bar * row.1.len() as u32 + 12).collect();
    let (left, width) = (330, 1_000);
    let sheet = SVGBackend::new(file, (width, HEAD + 56 + heights.iter().sum::<u32>())).into_drawing_area();
    sheet.fill(&WHITE)?;
    head(&sheet, title, colours, &names)?;
    let values = rows.iter().flat_map(|row| row.1.values().copied()).chain(origin);
    let (least, most) = around(values);
    let origin = origin.unwrap_or(least);
    let place = |value: f64| {
        let part = (value / least).log10() / (most / least).log10();
        left + (part * f64::from(width - left as u32 - 90)).round() as i32
    };
    let bottom = (HEAD + heights.iter().sum::<u32>()) as i32;
    let small = (FONT, 12).into_font().color(&INK);
    let mut line = least;
    while line <= most * 1.01 {
        let ink = if (line / origin - 1.0).abs() < 1e-6 { INK } else { GRID };
        sheet.draw(&PathElement::new([(place(line), HEAD as i32), (place(line), bottom)], ink))?;
        sheet.draw(&Text::new(plain(line), (place(line) - 10, bottom + 6), small.clone()))?;
        line *= 10.0;
    }
    sheet.draw(&Text::new(axis.to_string(), (left, bottom + 28), (FONT, 14).into_font().color(&INK)))?;
    let mut top = HEAD as i32;
    for ((label, of), height) in rows.iter().zip(heights) {
        let middle = top + height as i32 / 2 - 7;
        sheet.draw(&Text::new(label.clone(), (16, middle), (FONT, 13).into_font().color(&INK)))?;
        let shown = names.iter().filter_map(|name| Some((name, *of.get(*name)?)));
        for (n, (name, value)) in shown.enumerate() {
            let y = top + 6 + (bar as usize * n) as i32;
            let (from, to) = (place(origin).min(place(value)), place(origin).max(place(value)));
            sheet.draw(&Rectangle::new(
                [(from, y), (to, y + bar as i32 - 2)],
                colour(colours, name).filled(),
            ))?;
            sheet.draw(&Text::new(digits(value), (to + 5, y - 1), small.clone()))?;
        }
        top += height as i32;
    }
    sheet.present()?;
    Ok(())
}

/// A power of ten.
fn plain(value: f64) -> String {
    if value >= 1.0 { count(value.round() as usize) } else { format!("{value}") }
}
