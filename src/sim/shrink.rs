use super::Schedule;

/// The shortest schedule that it finds by leaving out steps, and that still `fails`.
///
/// ```
/// use rejoin::sim::{shrink, Faults, Schedule, Step};
///
/// let schedule = Schedule::random(7, &Faults::default());
/// let crashes = |schedule: &Schedule| schedule.steps.iter().any(|timed| matches!(timed.step, Step::Crash { .. }));
/// assert_eq!(shrink(&schedule, crashes).steps.len(), usize::from(crashes(&schedule)));
/// ```
pub fn shrink(schedule: &Schedule, mut fails: impl FnMut(&Schedule) -> bool) -> Schedule {
    let mut best = schedule.clone();
    if !fails(&best) {
        best.steps.clear();
        return best;
    }
    loop {
        leave_out_steps(&mut best, &mut fails);
        let nodes = best.nodes;
        while best.nodes > 1 {
            let fewer = Schedule { nodes: best.nodes - 1, ..best.clone() };
            if !fails(&fewer) {
                break;
            }
            best = fewer;
        }
        // What was done to nodes that are no more can go too.
        if best.nodes == nodes {
            return best;
        }
    }
}

fn leave_out_steps(best: &mut Schedule, fails: &mut impl FnMut(&Schedule) -> bool) {
    let mut chunk = best.steps.len().div_ceil(2);
    while chunk > 0 {
        let (mut from, mut has_shrunk) = (0, false);
        while from < best.steps.len() {
            let mut shorter = best.clone();
            shorter.steps.drain(from..best.steps.len().min(from + chunk));
            if fails(&shorter) {
                *best = shorter;
                has_shrunk = true;
            } else {
                from += chunk;
            }
        }
        // As long as single steps can go, others may too.
        if chunk > 1 || !has_shrunk {
            chunk /= 2;
        }
    }
}
