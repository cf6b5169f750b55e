use core::ops::AddAssign;

/// What a [`Link`](super::Link) has carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Frames sent, those sent again included.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Events sent, once each.
    pub events: u64,
    /// Deltas sent.
    pub deltas: u64,
    /// Whole states sent.
    pub states: u64,
    /// Comparisons that this side has asked for and solved.
    pub comparisons: u64,
    /// Cells of sketches received for that.
    pub cells: u64,
    /// Tables of cells received for that.
    pub asked: u64,
    /// Facts that were visited for comparisons, at most.
    pub visited: u64,
    /// Comparisons in which an event had two values: a replica has lied about it.
    pub disagreed: u64,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Stats) {
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.events += other.events;
        self.deltas += other.deltas;
        self.states += other.states;
        self.comparisons += other.comparisons;
        self.cells += other.cells;
        self.asked += other.asked;
        self.visited += other.visited;
        self.disagreed += other.disagreed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(by: u64) -> Stats {
        let n = |place| place * by;
        Stats {
            frames: n(1),
            bytes: n(2),
            events: n(3),
            deltas: n(4),
            states: n(5),
            comparisons: n(6),
            cells: n(7),
            asked: n(8),
            visited: n(9),
            disagreed: n(10),
        }
    }

    #[test]
    fn stats_add_up_one_by_one() {
        let mut sum = stats(1);
        sum += stats(10);
        assert_eq!(sum, stats(11));
    }
}
