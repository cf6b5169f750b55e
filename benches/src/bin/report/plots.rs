//! Figures as pictures: cost against size, in panels, and bars beside one another.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::figures::{Figures, LIBRARIES};
use crate::tables::{count, digits, time};

type Sheet<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Outcome = Result<(), Box<dyn Error>>;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
const PANEL: (u32, u32) = (430, 290);
const HEAD: u32 = 64;
const FONT: &str = "sans-serif";

fn colour(library: &str) -> RGBColor {
    let [r, g, b] = LIBRARIES.iter().find(|it| it.0 == library).expect("a library with a colour").1;
    RGBColor(r, g, b)
}

/// A title, and which colour is which library.
fn head(sheet: &Sheet<'_>, title: &str, libraries: &[&str]) -> Outcome {
    sheet.draw(&Text::new(title.to_string(), (16, 10), (FONT, 20).into_font().color(&INK)))?;
    for (n, library) in libraries.iter().enumerate() {
        let x = 18 + 104 * n as i32;
        sheet.draw(&Rectangle::new([(x, 42), (x + 14, 54)], colour(library).filled()))?;
        sheet.draw(&Text::new((*library).to_string(), (x + 20, 40), (FONT, 15).into_font().color(&INK)))?;
    }
    Ok(())
}

/// The libraries of some figures, in their usual order.
fn libraries<'a>(of: impl Iterator<Item = &'a BTreeMap<String, f64>> + Clone) -> Vec<&'static str> {
    LIBRARIES
        .iter()
        .map(|it| it.0)
        .filter(|name| of.clone().any(|figures| figures.contains_key(*name)))
        .collect()
}

/// The powers of ten around some values.
fn around(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let (least, most) = (values.clone().fold(f64::MAX, f64::min), values.fold(0.0, f64::max));
    (10_f64.powf((least * 0.9).log10().floor()), 10_f64.powf((most * 1.1).log10().ceil()))
}

/// A panel for each work of a family that was done at several sizes: nanoseconds against size, both on log axes.
pub(crate) fn by_size(figures: &Figures, family: &str, title: &str, file: &Path) -> Outcome {
    let works: Vec<_> = Figures::works(&figures.times, family).filter(|(_, sizes)| sizes.len() > 1).collect();
    let columns = works.len().min(3);
    let rows = works.len().div_ceil(columns.max(1));
    let size = (PANEL.0 * columns.max(2) as u32, HEAD + PANEL.1 * rows as u32);
    let sheet = SVGBackend::new(file, size).into_drawing_area();
    sheet.fill(&WHITE)?;
    let names = libraries(works.iter().flat_map(|(_, sizes)| sizes.values()));
    head(&sheet, title, &names)?;
    let (_, below) = sheet.split_vertically(HEAD);
    for ((work, sizes), area) in works.iter().zip(below.split_evenly((rows, columns))) {
        let (least, most) = around(sizes.values().flat_map(|of| of.values().copied()));
        let ns = sizes.keys().map(|n| *n as f64);
        let (from, to) = (ns.clone().fold(f64::MAX, f64::min) / 1.6, ns.fold(0.0, f64::max) * 1.6);
        let mut chart = ChartBuilder::on(&area)
            .caption(*work, (FONT, 16).into_font().color(&INK))
            .margin(10)
            .x_label_area_size(36)
            .y_label_area_size(58)
            .build_cartesian_2d((from..to).log_scale(), (least..most).log_scale())?;
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK)
            .label_style((FONT, 12).into_font().color(&INK))
            .x_desc("elements")
            .y_desc("time per unit")
            .x_labels(7)
            .y_labels(7)
            .x_label_formatter(&|n| short(*n))
            .y_label_formatter(&|ns| time(*ns).replace(".00", "").replace(".0 ", " "))
            .draw()?;
        let mut line = least;
        while line <= most * 1.01 {
            chart.draw_series([PathElement::new([(from, line), (to, line)], GRID)])?;
            line *= 10.0;
        }
        // Ours last, so that it is on top.
        for library in names.iter().rev() {
            let points = sizes.iter().filter_map(|(n, of)| Some((*n as f64, *of.get(*library)?)));
            let points: Vec<_> = points.collect();
            let width = if *library == "rejoin" { 3 } else { 2 };
            if points.len() > 1 {
                let style = colour(library).stroke_width(width);
                chart.draw_series([PathElement::new(points.clone(), style)])?;
            }
            chart.draw_series(points.into_iter().map(|at| Circle::new(at, 3, colour(library).filled())))?;
        }
    }
    sheet.present()?;
    Ok(())
}

fn short(n: f64) -> String {
    match n {
        n if n < 999.5 => format!("{n:.0}"),
        n if n < 999_999.5 => format!("{:.0}k", n / 1e3),
        n => format!("{:.0}M", n / 1e6),
    }
}

/// A row of bars: what they are about, and a figure for each library.
pub(crate) type Row = (String, BTreeMap<String, f64>);

/// How many times as long as `rejoin` each other library takes for the works of some families, at the greatest size at
/// which it was measured.
pub(crate) fn ratios(figures: &Figures, families: &[&str]) -> Vec<Row> {
    let mut rows = Vec::new();
    for family in families {
        for (work, sizes) in Figures::works(&figures.times, family) {
            let mut others = BTreeMap::new();
            for of in sizes.values() {
                let Some(ours) = of.get("rejoin") else { continue };
                let others_here = of.iter().filter(|(library, _)| *library != "rejoin");
                others.extend(others_here.map(|(library, time)| (library.clone(), time / ours)));
            }
            if !others.is_empty() {
                let is_merge = family.starts_with("merge");
                rows.push((if is_merge { format!("merge, {work}") } else { work.to_string() }, others));
            }
        }
    }
    rows
}

/// Bars from `origin`, on a log axis, each with its figure.
pub(crate) fn bars(rows: &[Row], title: &str, axis: &str, origin: Option<f64>, file: &Path) -> Outcome {
    let names = libraries(rows.iter().map(|row| &row.1));
    let bar = 13;
    let heights: Vec<u32> = rows.iter().map(|row| bar * row.1.len() as u32 + 12).collect();
    let (left, width) = (330, 1_000);
    let sheet = SVGBackend::new(file, (width, HEAD + 56 + heights.iter().sum::<u32>())).into_drawing_area();
    sheet.fill(&WHITE)?;
    head(&sheet, title, &names)?;
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
        let present = names.iter().filter_map(|name| Some((name, *of.get(*name)?)));
        for (n, (name, value)) in present.enumerate() {
            let y = top + 6 + (bar as usize * n) as i32;
            let (from, to) = (place(origin).min(place(value)), place(origin).max(place(value)));
            sheet.draw(&Rectangle::new([(from, y), (to, y + bar as i32 - 2)], colour(name).filled()))?;
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
