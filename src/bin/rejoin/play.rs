//! A world that is led by hand, and shown.

use rejoin::Version;
use rejoin::sim::{Step, Workload, World};

use crate::measure::{bytes, time};
use crate::plot::{Chart, Series, Span};
use crate::stage::Stage;
use crate::summary::Summary;

/// From how many nodes on each is a single character.
const MANY: usize = 13;

pub(crate) struct Play<'a, W: Workload> {
    pub(crate) world: World<W>,
    stage: &'a mut Stage,
    names: Vec<String>,
    clock: fn(u64) -> String,
    next_frame: u64,
    spans: Vec<Span>,
    violations: Vec<String>,
    /// When all was well again, and when all were equal.
    repair: (u64, u64),
}

impl<'a, W: Workload> Play<'a, W> {
    pub(crate) fn new(world: World<W>, stage: &'a mut Stage, names: &[&str]) -> Self {
        let names =
            (0..world.nodes()).map(|n| names.get(n).map_or_else(|| n.to_string(), ToString::to_string));
        let names = names.collect();
        let clock = |at| format!("{:.2} s", at as f64 / 1e3);
        Play {
            world,
            stage,
            names,
            clock,
            next_frame: 0,
            spans: Vec::new(),
            violations: Vec::new(),
            repair: (0, 0),
        }
    }

    /// Shows the time otherwise than in seconds.
    pub(crate) fn with_clock(mut self, clock: fn(u64) -> String) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) fn name(&self, node: usize) -> &str {
        self.names.get(node).map_or("?", String::as_str)
    }

    /// A node has joined.
    pub(crate) fn add_name(&mut self, name: &str) {
        self.names.push(name.into());
    }

    pub(crate) fn now(&self) -> u64 {
        self.world.now()
    }

    pub(crate) fn say(&mut self, text: impl AsRef<str>) {
        self.stage.say(&(self.clock)(self.world.now()), text.as_ref());
    }

    /// Shows how all nodes are.
    pub(crate) fn show(&mut self) {
        self.stage.show(&self.rows());
    }

    /// Shows some lines.
    pub(crate) fn show_rows(&mut self, rows: &[String]) {
        self.stage.show(rows);
    }

    /// What is told is checked.
    pub(crate) fn check(&mut self, is_so: bool, otherwise: impl FnOnce() -> String) {
        if !is_so && self.violations.len() < 100 {
            self.violations.push(otherwise());
        }
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        let end = self.now() + millis;
        while self.now() < end {
            self.world.run_until(self.until(end));
            self.draw_if_due();
        }
    }

    /// Lets time pass until all that are up are equal, and returns how long it took; or for so long at most.
    pub(crate) fn pass_until_equal(&mut self, most: u64) -> Option<u64> {
        let since = self.now();
        while !self.world.is_converged() {
            if self.now() >= since + most {
                return None;
            }
            self.world.run_until_converged(self.until(since + most));
            self.draw_if_due();
        }
        Some(self.now() - since)
    }

    /// Lets time pass until a node has what `token` names, and returns how long it took; or for so long at most.
    pub(crate) fn pass_until_has(&mut self, node: usize, token: &Version, most: u64) -> Option<u64> {
        let since = self.now();
        while !self.has(node, token) {
            if self.now() >= since + most {
                return None;
            }
            self.pass(1);
        }
        Some(self.now() - since)
    }

    pub(crate) fn has(&self, node: usize, token: &Version) -> bool {
        self.world.replica(node).is_some_and(|replica| replica.has(token))
    }

    fn until(&self, end: u64) -> u64 {
        if self.stage.frame().is_some() { end.min(self.next_frame.max(self.now() + 1)) } else { end }
    }

    fn draw_if_due(&mut self) {
        if let Some(frame) = self.stage.frame()
            && self.now() >= self.next_frame
        {
            self.next_frame = self.now() + frame;
            let mut rows = vec![String::new(), (self.clock)(self.now())];
            rows.extend(self.rows());
            self.stage.draw(&rows);
        }
    }

    /// Cuts, or heals, both ways between two nodes.
    pub(crate) fn line_between(&mut self, a: usize, b: usize, is_whole: bool) {
        for (from, to) in [(a, b), (b, a)] {
            self.world.step(if is_whole { Step::Heal { from, to } } else { Step::Cut { from, to } });
        }
    }

    /// Cuts, or heals, all lines between some nodes and the others.
    pub(crate) fn lines_around(&mut self, some: &[usize], is_whole: bool) {
        for a in some.iter().copied() {
            (0..self.world.nodes()).filter(|b| !some.contains(b)).for_each(|b| {
                self.line_between(a, b, is_whole);
            });
        }
    }

    /// Something that lasts is to be seen in the picture.
    pub(crate) fn mark(&mut self, from: u64, label: &str) {
        self.spans.push(Span { from: from as f64, to: self.now() as f64, label: label.into() });
    }

    /// How each node is, or all of many.
    fn rows(&self) -> Vec<String> {
        let mut all = Version::new();
        let nodes = 0..self.world.nodes();
        nodes.clone().filter_map(|node| self.world.replica(node)).for_each(|replica| {
            all.union(replica.version());
        });
        if nodes.len() >= MANY {
            return self.map(&all);
        }
        let mut rows = vec![format!("{:<12}{:<9}{:>8}{:>8}{:>11}", "", "", "events", "lacks", "sent")];
        rows.extend(nodes.map(|node| {
            let name = self.name(node);
            let sent = bytes(self.world.sent(node));
            let Some(replica) = self.world.replica(node) else {
                return format!("{name:<12}{:<9}{:>8}{:>8}{sent:>11}", "down", "-", "-");
            };
            let is_cut = (0..self.world.nodes()).any(|other| self.world.is_cut(node, other));
            let events = replica.version().dot_count();
            let lacks = all.dot_count() - events;
            let state = if is_cut { "cut off" } else { "up" };
            let bar = "▒".repeat(lacks.min(30) as usize);
            format!("{name:<12}{state:<9}{events:>8}{lacks:>8}{sent:>11}  {bar}")
        }));
        rows
    }

    fn map(&self, all: &Version) -> Vec<String> {
        let mark = |node: usize| match self.world.replica(node) {
            None => 'x',
            Some(replica) if replica.version() == all => '●',
            Some(_) => '·',
        };
        let marks: Vec<char> = (0..self.world.nodes()).map(mark).collect();
        let mut rows: Vec<String> = marks.chunks(64).map(|row| row.iter().collect()).collect();
        rows.push(format!(
            "● {} have all   · {} lack something   x {} down   {} sent",
            marks.iter().filter(|mark| **mark == '●').count(),
            marks.iter().filter(|mark| **mark == '·').count(),
            marks.iter().filter(|mark| **mark == 'x').count(),
            bytes(self.world.report().bytes)
        ));
        rows
    }

    /// All is well again, and nodes become equal: that is measured. Returns how long it took.
    pub(crate) fn settle(&mut self) -> u64 {
        self.world.heal();
        let healed = self.now();
        let is_equal = self.pass_until_equal(600_000).is_some();
        self.repair = (healed, self.now());
        self.check(is_equal, || "nodes still differ ten minutes after all was well again".into());
        self.now() - healed
    }

    /// Says how long it took until all were equal.
    pub(crate) fn tell_of_repair(&mut self, took: Option<u64>) {
        match took {
            Some(took) => self.say(format!("All are equal again, after {}.", time(took))),
            None => self.say("They are NOT equal."),
        }
    }

    /// Checks the world, and tells what has happened; the picture shows how far apart nodes were.
    pub(crate) fn finish(self, story: &'static str, mean: u64) -> (Summary, Chart) {
        let report = self.world.finish();
        let mut summary = Summary::new(story, &report, self.repair.1 - self.repair.0, mean);
        summary.violations.extend(self.violations);
        let points = report.samples.iter().map(|sample| (sample.at as f64 / 1e3, sample.lacking as f64));
        let spans = self.spans.into_iter().map(|span| Span {
            from: span.from / 1e3,
            to: span.to / 1e3,
            label: span.label,
        });
        let chart = Chart {
            title: format!("{story}: how far apart the replicas are"),
            x: "seconds".into(),
            y: "events that nodes lack, together".into(),
            series: vec![Series::line("", points.collect())],
            spans: spans.collect(),
        };
        (summary, chart)
    }
}
