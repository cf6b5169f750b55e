//! Targets, the figures measured for them, and whether they are met.

use rejoin_benches::page::digits;

pub(crate) struct Targets(String);

impl Targets {
    pub(crate) fn new() -> Self {
        Targets("| target | measured | |\n|---|--:|---|\n".to_string())
    }

    pub(crate) fn at_most(&mut self, wish: &str, measured: f64, most: f64) {
        let verdict = if measured <= most { "met" } else { "**not met**" };
        // A target missed by little is not to look as if it were met.
        let figure = if measured > most && digits(measured) == digits(most) {
            format!("{measured:.5}")
        } else {
            digits(measured)
        };
        self.0.push_str(&format!("| {wish} | {figure} | {verdict} |\n"));
    }

    pub(crate) fn into_table(self) -> String {
        self.0
    }
}
