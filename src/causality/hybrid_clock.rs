use core::fmt;

use super::Ticks;
use crate::{ReplicaId, Stamp};

/// A hybrid logical clock: close to the wall clock, and never behind what it has told or observed.
///
/// The clock reads no clock itself: the time, in milliseconds since the Unix epoch, is an argument. A wall clock
/// that stands still or goes back is no trouble, since every stamp is greater than the one before it.
///
/// ```
/// use rejoin::{HybridClock, ReplicaId};
///
/// let mut a = HybridClock::new(ReplicaId::from_u128(1));
/// let mut b = HybridClock::new(ReplicaId::from_u128(2));
///
/// let sent = a.tick(1_000_000).unwrap();
/// b.observe(sent, 999_000).unwrap(); // b's wall clock is a second slow
/// let answer = b.tick(999_000).unwrap();
/// assert!(answer > sent);
/// ```
///
/// # Bounds
///
/// *Drift*: [`observe`](Self::observe) does not follow a stamp that is further ahead of the wall clock than
/// [`max_drift`](Self::max_drift) (one minute unless set), so one replica with a broken clock cannot drag all
/// the others into the future. The stamp itself is not refused by any type: see
/// [`LwwRegister`](crate::LwwRegister).
///
/// *Restart*: keep [`last`](Self::last) with the data and go on with [`resume`](Self::resume); a clock that is
/// made anew under a new replica id needs nothing.
///
/// # Where it comes from
///
/// Kulkarni, Demirbas et al., *Logical Physical Clocks* (2014). Ours keeps time and count in one number, so
/// that the count carries into the time instead of overflowing.
#[derive(Debug)]
pub struct HybridClock {
    replica: ReplicaId,
    last: Ticks,
    max_drift: u64,
}

impl HybridClock {
    /// A clock that has told no time yet.
    pub fn new(replica: ReplicaId) -> Self {
        HybridClock { replica, last: Ticks::default(), max_drift: 60_000 }
    }

    /// A clock that goes on after `last`, the [`last`](Self::last) time of the clock before it.
    pub fn resume(replica: ReplicaId, last: Ticks) -> Self {
        HybridClock { last, ..HybridClock::new(replica) }
    }

    /// The same clock once more: for a transaction, which gives it back.
    pub(crate) fn duplicate(&self) -> Self {
        HybridClock { ..*self }
    }

    /// Sets how many milliseconds ahead of the wall clock a stamp may be to be followed.
    pub fn with_max_drift(mut self, millis: u64) -> Self {
        self.max_drift = millis;
        self
    }

    /// How many milliseconds ahead of the wall clock a stamp may be to be followed.
    pub fn max_drift(&self) -> u64 {
        self.max_drift
    }

    /// Whose clock it is.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }

    /// The last time told or followed. Store it to survive a restart.
    pub fn last(&self) -> Ticks {
        self.last
    }

    /// A stamp for now, greater than every stamp told or followed before.
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] if no greater stamp exists; the clock is unchanged.
    pub fn tick(&mut self, now: u64) -> Result<Stamp, ClockError> {
        self.last = self.next(now)?;
        Ok(Stamp::new(self.last, self.replica))
    }

    /// A stamp for now that is also greater than `floor`, however far ahead that is.
    ///
    /// The clock itself follows `floor` only within its drift bound, so replacing a value from the far future
    /// does not send the clock there: beyond the bound, the clock stays as it was. (Two stamps told above one such floor may be equal. Each still exceeds
    /// what it replaces.)
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] if no greater stamp exists; the clock is unchanged.
    pub fn tick_above(&mut self, floor: Stamp, now: u64) -> Result<Stamp, ClockError> {
        if self.observe(floor, now).is_ok() {
            return self.tick(now);
        }
        let above = floor.time().next().ok_or(ClockError::Exhausted)?;
        Ok(Stamp::new(self.next(now)?.max(above), self.replica))
    }

    /// Takes note of a stamp from elsewhere: later stamps of this clock will be greater.
    ///
    /// # Errors
    ///
    /// [`ClockError::Drift`] if the stamp is too far ahead of `now`; the clock is unchanged.
    pub fn observe(&mut self, stamp: Stamp, now: u64) -> Result<(), ClockError> {
        let ahead = stamp.millis().saturating_sub(now);
        if ahead > self.max_drift && stamp.time() > self.last {
            return Err(ClockError::Drift { ahead });
        }
        self.last = self.last.max(stamp.time());
        Ok(())
    }

    fn next(&self, now: u64) -> Result<Ticks, ClockError> {
        let after = self.last.next().ok_or(ClockError::Exhausted)?;
        Ok(Ticks::at_millis(now).max(after))
    }
}

/// Why a [`HybridClock`] did not do as asked. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockError {
    /// The stamp is further in the future than the clock's drift bound.
    #[non_exhaustive]
    Drift {
        /// How many milliseconds ahead of the wall clock it is.
        ahead: u64,
    },
    /// There is no stamp greater than what came before.
    Exhausted,
}

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClockError::Drift { ahead } => {
                write!(f, "the stamp is {ahead} ms ahead of this clock, which does not follow it")
            }
            ClockError::Exhausted => f.write_str("there is no greater stamp; nothing was written"),
        }
    }
}

impl core::error::Error for ClockError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> HybridClock {
        HybridClock::new(ReplicaId::from_u128(1))
    }

    #[test]
    fn a_millisecond_never_runs_out() {
        let mut clock = clock();
        let mut last = clock.tick(5).unwrap();
        for _ in 0..200_000 {
            let next = clock.tick(5).unwrap();
            assert!(next > last);
            last = next;
        }
        assert_eq!(last.millis(), 5 + 200_000 / 65_536);
    }

    #[test]
    fn a_wall_clock_that_goes_back_is_ignored() {
        let mut clock = clock();
        let late = clock.tick(1_000).unwrap();
        assert!(clock.tick(10).unwrap() > late);
    }

    #[test]
    fn the_far_future_is_not_followed_but_can_be_replaced() {
        let mut clock = clock();
        let far = Stamp::new(Ticks::at_millis(1 << 44), ReplicaId::from_u128(9));
        assert!(matches!(clock.observe(far, 1_000), Err(ClockError::Drift { .. })));
        assert!(clock.tick_above(far, 1_000).unwrap() > far);
        assert_eq!(clock.tick(1_001).unwrap().millis(), 1_001);
    }

    #[test]
    fn a_clock_that_is_far_ahead_itself_follows_its_own_last_stamp() {
        let mut clock = HybridClock::resume(ReplicaId::from_u128(1), Ticks::at_millis(1 << 44));
        let own = clock.tick(1_000).unwrap();
        clock.observe(own, 1_000).unwrap();
        let above = clock.tick_above(own, 1_000).unwrap();
        assert!(above > own && clock.tick(1_000).unwrap() > above, "no stamp is told twice");
    }

    #[test]
    fn a_near_future_is_followed() {
        let mut clock = clock().with_max_drift(10);
        let near = Stamp::new(Ticks::at_millis(1_010), ReplicaId::from_u128(9));
        clock.observe(near, 1_000).unwrap();
        assert!(clock.tick(1_000).unwrap() > near);
    }

    #[test]
    fn the_end_of_time_is_an_error_and_changes_nothing() {
        let mut clock = HybridClock::resume(ReplicaId::from_u128(1), Ticks::new(u64::MAX - 2).unwrap());
        assert_eq!(clock.tick(u64::MAX).unwrap().time(), Ticks::MAX);
        assert_eq!(clock.tick(0), Err(ClockError::Exhausted));
        let greatest = Stamp::new(Ticks::MAX, ReplicaId::from_u128(9));
        assert_eq!(clock.tick_above(greatest, 0), Err(ClockError::Exhausted));
        assert_eq!(Ticks::new(u64::MAX), None);
    }

    #[test]
    fn a_resumed_clock_is_ahead_of_the_one_before() {
        let mut before = clock();
        let last = before.tick(77).unwrap();
        let mut after = HybridClock::resume(ReplicaId::from_u128(1), before.last());
        assert!(after.tick(3).unwrap() > last);
    }
}
