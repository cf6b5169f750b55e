/// Work that a peer may have this side do beyond what its own bytes take: looking at facts, versions and logs for it.
///
/// An honest peer asks once in a long while, and then for much. So whatever is asked for is done as long as nothing is
/// owed for what was asked before; and it is owed until time has paid for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowance {
    /// In thousandths.
    owed: u64,
    /// Up to when time has paid.
    at: u64,
}

impl Allowance {
    /// Whether the peer may ask for something. `rate`: how much time pays for, in a second.
    pub(super) fn is_open(&mut self, now: u64, rate: u64) -> bool {
        self.owed = self.owed.saturating_sub(now.saturating_sub(self.at).saturating_mul(rate));
        self.at = now;
        self.owed == 0
    }

    pub(super) fn charge(&mut self, work: u64, now: u64) {
        if self.owed == 0 {
            self.at = now;
        }
        self.owed = self.owed.saturating_add(work.saturating_mul(1_000));
    }

    /// When it is open again; `None` if it is.
    pub(super) fn opens_at(&self, rate: u64) -> Option<u64> {
        let wait = self.owed.div_ceil(rate.max(1));
        (self.owed > 0).then(|| self.at.saturating_add(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_is_free_and_the_next_waits_for_it() {
        let (mut allowance, rate) = (Allowance::default(), 100);
        assert!(allowance.is_open(5_000, rate));
        allowance.charge(1_000, 5_000);
        assert!(!allowance.is_open(5_001, rate));
        assert_eq!(allowance.opens_at(rate), Some(15_000));
        assert!(!allowance.is_open(14_999, rate));
        assert!(allowance.is_open(15_000, rate));
        assert_eq!(allowance.opens_at(rate), None);
    }

    #[test]
    fn asking_whether_it_is_open_does_not_delay_it() {
        let mut allowance = Allowance::default();
        allowance.charge(10, 0);
        let opens = (1..1_000).find(|now| allowance.is_open(*now, 100));
        assert_eq!(opens, Some(100));
    }
}
