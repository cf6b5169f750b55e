//! Pictures as SVG: lines over axes, and bars. They have a ground of their own, and are readable on light and on dark.

use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 24.0;
const BOTTOM: f64 = 56.0;
const STYLE: &str = "\
text{font-family:system-ui,sans-serif;font-size:12px;fill:#333}
.ground{fill:#fff;stroke:#ddd}.title{font-size:16px;font-weight:600}.grid{stroke:#e4e4e4}.axis{stroke:#888}
.span{fill:#888;fill-opacity:.13}polygon.band{fill-opacity:.16;stroke:none}circle.dot{stroke:none}
polyline.line{fill:none;stroke-width:2;stroke-linejoin:round}
polyline.dashed{fill:none;stroke-width:1.5;stroke-dasharray:5 4}
.s0{stroke:#0b62c4;fill:#0b62c4}.s1{stroke:#c4500b;fill:#c4500b}.s2{stroke:#12804a;fill:#12804a}
.s3{stroke:#8a3fb0;fill:#8a3fb0}.s4{stroke:#777;fill:#777}
@media (prefers-color-scheme:dark){text{fill:#ddd}.ground{fill:#16191d;stroke:#333}.grid{stroke:#2b3036}.axis{stroke:#777}
.s0{stroke:#62aaff;fill:#62aaff}.s1{stroke:#ff9a55;fill:#ff9a55}.s2{stroke:#4fcb8b;fill:#4fcb8b}
.s3{stroke:#cf92f0;fill:#cf92f0}.s4{stroke:#aaa;fill:#aaa}}";

/// Something that lasts for a while.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) label: String,
}

/// What stands for a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// What was watched all the while.
    Line,
    /// A line with a dot at each point, which was measured by itself.
    Dots,
    /// Dots alone, since a line is what theory says.
    Points,
    /// What theory says.
    Dashed,
}

impl Mark {
    /// The class of its line, if it has one.
    fn line(self) -> Option<&'static str> {
        match self {
            Mark::Line | Mark::Dots => Some("line"),
            Mark::Dashed => Some("dashed"),
            Mark::Points => None,
        }
    }

    fn has_dots(self) -> bool {
        matches!(self, Mark::Dots | Mark::Points)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    name: String,
    mark: Mark,
    colour: usize,
    points: Vec<(f64, f64)>,
    /// The least and the most at each point, if it is the middle of many.
    band: Vec<(f64, f64)>,
}

impl Series {
    fn new(mark: Mark, name: &str, colour: usize, points: Vec<(f64, f64)>) -> Self {
        Series { name: name.into(), mark, colour, points, band: Vec::new() }
    }

    pub(crate) fn line(name: &str, points: Vec<(f64, f64)>) -> Self {
        Series::new(Mark::Line, name, 0, points)
    }

    /// Points with a band around them.
    pub(crate) fn dots(name: &str, colour: usize, points: Vec<(f64, f64)>, band: Vec<(f64, f64)>) -> Self {
        Series { band, ..Series::new(Mark::Dots, name, colour, points) }
    }

    /// Points with a band around them, and nothing in between.
    pub(crate) fn points(name: &str, colour: usize, points: Vec<(f64, f64)>, band: Vec<(f64, f64)>) -> Self {
        Series { band, ..Series::new(Mark::Points, name, colour, points) }
    }

    pub(crate) fn theory(name: &str, colour: usize, points: Vec<(f64, f64)>) -> Self {
        Series::new(Mark::Dashed, name, colour, points)
    }
}

/// Lines over two axes that begin at 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) series: Vec<Series>,
    pub(crate) spans: Vec<Span>,
}

impl Chart {
    pub(crate) fn to_svg(&self) -> String {
        let is_named = self.series.iter().any(|series| !series.name.is_empty());
        let top = if is_named { 78.0 } else { 58.0 };
        let xs = self.series.iter().flat_map(|series| series.points.iter().map(|point| point.0));
        let ys = self.series.iter().flat_map(|series| {
            series.points.iter().map(|point| point.1).chain(series.band.iter().map(|band| band.1))
        });
        let (x_ticks, y_ticks) = (ticks(xs.fold(0.0, f64::max), false), ticks(ys.fold(0.0, f64::max), true));
        let (x_most, y_most) = (last(&x_ticks).max(self.x_most()), last(&y_ticks));
        let x_of = |x: f64| LEFT + x / x_most * (WIDTH - LEFT - RIGHT);
        let y_of = |y: f64| HEIGHT - BOTTOM - y / y_most * (HEIGHT - BOTTOM - top);

        let mut sheet = Sheet::new(HEIGHT, &self.title);
        for span in &self.spans {
            let (from, to) = (x_of(span.from), x_of(span.to.min(x_most)));
            sheet.rect("span", (from, top), (to - from, HEIGHT - BOTTOM - top));
            sheet.text((from + 4.0, top + 13.0), "start", "", &span.label);
        }
        for tick in &y_ticks {
            sheet.line("grid", (LEFT, y_of(*tick)), (WIDTH - RIGHT, y_of(*tick)));
            sheet.text((LEFT - 8.0, y_of(*tick) + 4.0), "end", "", &short(*tick));
        }
        for tick in &x_ticks {
            sheet.line("axis", (x_of(*tick), y_of(0.0)), (x_of(*tick), y_of(0.0) + 4.0));
            sheet.text((x_of(*tick), y_of(0.0) + 18.0), "middle", "", &short(*tick));
        }
        sheet.line("axis", (LEFT, y_of(0.0)), (WIDTH - RIGHT, y_of(0.0)));
        sheet.text(((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14.0), "middle", "", &self.x);
        sheet.text((16.0, top - 12.0), "start", "", &self.y);
        for series in &self.series {
            let places = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
                points.iter().map(|(x, y)| (x_of(*x), y_of(*y))).collect()
            };
            let xs = || series.points.iter().map(|point| point.0);
            let mut around: Vec<(f64, f64)> = xs().zip(series.band.iter().map(|band| band.0)).collect();
            around.reverse();
            around.extend(xs().zip(series.band.iter().map(|band| band.1)));
            if !around.is_empty() {
                sheet.path("polygon", "band", series.colour, &places(&around));
            }
            let points = places(&series.points);
            sheet.stroke(series.mark, series.colour, &points);
            sheet.dots(series.mark, series.colour, &points);
        }
        let named = self.series.iter().filter(|series| !series.name.is_empty());
        sheet.names(named.map(|series| (Some(series.mark), series.colour, series.name.as_str())));
        sheet.finish()
    }

    /// Another unit.
    pub(crate) fn rescale_x(&mut self, factor: f64) {
        self.series.iter_mut().flat_map(|series| &mut series.points).for_each(|point| point.0 *= factor);
        self.spans.iter_mut().for_each(|span| (span.from, span.to) = (span.from * factor, span.to * factor));
    }

    /// The end of the last point, rounded up a little: spans may not go beyond it.
    fn x_most(&self) -> f64 {
        let xs = self.series.iter().flat_map(|series| series.points.iter().map(|point| point.0));
        xs.fold(f64::MIN_POSITIVE, f64::max)
    }
}

/// A bar: what it is, which colour it has, how long it is, and what is written at its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) colour: usize,
    pub(crate) value: f64,
    pub(crate) figure: String,
}

/// Bars below one another, from 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bars {
    pub(crate) title: String,
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Bar>,
}

impl Bars {
    pub(crate) fn to_svg(&self) -> String {
        let (left, top, row) = (230.0, if self.names.is_empty() { 58.0 } else { 84.0 }, 27.0);
        let most = self.rows.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
        let mut sheet = Sheet::new(top + row * self.rows.len() as f64 + 14.0, &self.title);
        for (n, bar) in self.rows.iter().enumerate() {
            let y = top + row * n as f64;
            let width = (bar.value / most * (WIDTH - left - 110.0)).max(1.0);
            sheet.text((left - 10.0, y + 14.0), "end", "", &bar.label);
            sheet.rect(&format!("s{}", bar.colour), (left, y), (width, row - 8.0));
            sheet.text((left + width + 8.0, y + 14.0), "start", "", &bar.figure);
        }
        sheet.names(self.names.iter().enumerate().map(|(n, name)| (None, n, name.as_str())));
        sheet.finish()
    }
}

struct Sheet(String);

impl Sheet {
    fn new(height: f64, title: &str) -> Self {
        let mut sheet = Sheet(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>\n{STYLE}\n</style>\n",
            escaped(title)
        ));
        sheet.push(&format!(
            "<rect class=\"ground\" x=\".5\" y=\".5\" rx=\"8\" width=\"{}\" height=\"{}\"/>",
            WIDTH - 1.0,
            height - 1.0
        ));
        sheet.text((16.0, 28.0), "start", "title", title);
        sheet
    }

    fn push(&mut self, element: &str) {
        self.0.push_str(element);
        self.0.push('\n');
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: &str, class: &str, text: &str) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        self.push(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{class}>{}</text>",
            escaped(text)
        ));
    }

    fn line(&mut self, class: &str, (x, y): (f64, f64), (to_x, to_y): (f64, f64)) {
        self.push(&format!(
            "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\"/>"
        ));
    }

    fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        self.push(&format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        ));
    }

    /// The line of a series, if it has one.
    fn stroke(&mut self, mark: Mark, colour: usize, points: &[(f64, f64)]) {
        if let Some(class) = mark.line() {
            self.path("polyline", class, colour, points);
        }
    }

    /// The dots of a series, if it has any.
    fn dots(&mut self, mark: Mark, colour: usize, points: &[(f64, f64)]) {
        for (x, y) in points.iter().filter(|_| mark.has_dots()) {
            self.push(&format!("<circle class=\"s{colour} dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"));
        }
    }

    fn path(&mut self, element: &str, class: &str, colour: usize, points: &[(f64, f64)]) {
        let mut path = String::new();
        for (x, y) in points {
            let _ = write!(path, "{x:.1},{y:.1} ");
        }
        self.push(&format!("<{element} class=\"s{colour} {class}\" points=\"{}\"/>", path.trim_end()));
    }

    /// Which mark, or bar, is what.
    fn names<'a>(&mut self, names: impl Iterator<Item = (Option<Mark>, usize, &'a str)>) {
        let mut x = 16.0;
        for (mark, colour, name) in names {
            let wide = if let Some(mark) = mark {
                self.stroke(mark, colour, &[(x, 46.0), (x + 24.0, 46.0)]);
                self.dots(mark, colour, &[(x + 12.0, 46.0)]);
                24.0
            } else {
                self.rect(&format!("s{colour}"), (x, 40.0), (12.0, 12.0));
                12.0
            };
            self.text((x + wide + 6.0, 50.5), "start", "", name);
            x += wide + 32.0 + 6.6 * name.chars().count() as f64;
        }
    }

    fn finish(mut self) -> String {
        self.push("</svg>");
        self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn last(ticks: &[f64]) -> f64 {
    ticks.last().copied().unwrap_or(1.0)
}

/// Round numbers from 0 to `most`, or to the next one above it.
fn ticks(most: f64, is_above: bool) -> Vec<f64> {
    let most = if most > 0.0 { most } else { 1.0 };
    let power = 10_f64.powf((most / 5.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| most / step <= 6.0);
    let step = step.unwrap_or(10.0 * power);
    let count = if is_above { (most / step - 1e-9).ceil() } else { (most / step + 1e-9).floor() };
    (0..=count as u32).map(|n| f64::from(n) * step).collect()
}

fn short(n: f64) -> String {
    match n {
        n if n >= 1e6 => format!("{}M", n / 1e6),
        n if n >= 1e4 => format!("{}k", n / 1e3),
        n => format!("{}", (n * 1e6).round() / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(50.0, false), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(51.0, true).last(), Some(&60.0));
        assert_eq!(ticks(0.0, true).first(), Some(&0.0));
        assert!(ticks(1e9, true).len() <= 8);
    }

    #[test]
    fn a_picture_is_well_formed() {
        let series = Series::dots("a < b", 1, vec![(0.0, 1.0), (1.0, 2.0)], vec![(0.5, 1.5), (1.0, 3.0)]);
        let spans = vec![Span { from: 0.2, to: 0.4, label: "cut & healed".into() }];
        let theory = Series::theory("theory", 1, vec![(0.0, 1.0), (1.0, 2.5)]);
        let chart = Chart { title: "t".into(), series: vec![series, theory], spans, ..Chart::default() };
        let svg = chart.to_svg();
        assert!(svg.contains("a &lt; b") && svg.contains("cut &amp; healed"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        assert!(!Chart::default().to_svg().contains("NaN"));
    }
}
