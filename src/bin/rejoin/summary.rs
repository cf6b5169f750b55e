//! What came of a story.

use rejoin::sim::Report;

use crate::json::Object;

/// What came of a story, in figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Summary {
    pub(crate) story: &'static str,
    pub(crate) seed: u64,
    /// Nodes that are up in the end.
    pub(crate) replicas: usize,
    pub(crate) converged: bool,
    /// The time of the repair in round trips of mean delay, rounded up.
    pub(crate) rounds: u64,
    pub(crate) bytes: u64,
    pub(crate) frames: u64,
    pub(crate) writes: u64,
    /// From when all was well again until all were equal.
    pub(crate) repair_ms: u64,
    /// What must not be.
    pub(crate) violations: Vec<String>,
    /// The figures of this story alone.
    pub(crate) measured: Vec<(&'static str, f64)>,
}

impl Summary {
    /// `mean` is the mean delay of a frame.
    pub(crate) fn new(story: &'static str, report: &Report, repair_ms: u64, mean: u64) -> Self {
        Summary {
            story,
            seed: report.seed,
            replicas: report.replicas,
            converged: report.converged,
            rounds: repair_ms.div_ceil(2 * mean.max(1)),
            bytes: report.bytes,
            frames: report.frames,
            writes: report.writes,
            repair_ms,
            violations: report.violations.iter().map(ToString::to_string).collect(),
            measured: Vec::new(),
        }
    }

    /// Whether all is as it should be.
    pub(crate) fn is_well(&self) -> bool {
        self.converged && self.violations.is_empty()
    }

    pub(crate) fn to_json(&self) -> String {
        let measured =
            self.measured.iter().fold(Object::new(), |object, (name, value)| object.number(name, *value));
        Object::new()
            .text("story", self.story)
            .count("seed", self.seed)
            .count("replicas", self.replicas as u64)
            .flag("converged", self.converged)
            .count("rounds", self.rounds)
            .count("bytes", self.bytes)
            .count("frames", self.frames)
            .count("writes", self.writes)
            .count("repair_ms", self.repair_ms)
            .texts("violations", &self.violations)
            .object("measured", measured)
            .finish()
    }
}

/// 0 if all is well, else 1.
pub(crate) fn exit_code(summaries: &[Summary]) -> u8 {
    u8::from(!summaries.iter().all(Summary::is_well))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_an_exit_code() {
        let well = Summary { story: "nodes", converged: true, ..Summary::default() };
        let apart = Summary { converged: false, ..well.clone() };
        let bad = Summary { violations: vec!["sold \"twice\"".into()], ..well.clone() };
        assert_eq!(exit_code(&[]), 0);
        assert_eq!(exit_code(&[well.clone(), well.clone()]), 0);
        assert_eq!(exit_code(&[well.clone(), apart, well.clone()]), 1);
        assert_eq!(exit_code(&[well, bad.clone()]), 1);
        let json: serde_json::Value = serde_json::from_str(&bad.to_json()).unwrap();
        assert_eq!(json["violations"][0], "sold \"twice\"");
    }
}
