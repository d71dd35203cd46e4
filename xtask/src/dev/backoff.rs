//! When a companion that ended by itself is started again. Pure: it knows no clock and no process.

use std::time::Duration;

use crate::process::Ended;

/// The wait before the first restart; it doubles each time.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest wait. Whoever lived as long has earned a fresh start.
const LONGEST: Duration = Duration::from_secs(30);

/// A death sooner after the start than this is a quick one.
pub(super) const QUICK: Duration = Duration::from_secs(2);

/// So many quick deaths in a row end the restarts.
pub(super) const ENOUGH: u32 = 3;

/// What is done about an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is started again after this time.
    Again(Duration),
    /// It has done its work, and rests until there is a new binary.
    Done,
    /// It dies each time soon after its start, and rests until there is a new binary.
    GivenUp,
}

/// What is remembered of the ends of one companion since it got its binary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    deaths: u32,
    quick: u32,
}

impl Backoff {
    /// Judges an end that nobody asked for.
    pub fn ended(&mut self, ended: Ended, lived: Duration) -> Verdict {
        if ended == Ended::Exited(0) {
            *self = Self::default();
            return Verdict::Done;
        }
        if lived >= LONGEST {
            *self = Self::default();
        }
        self.quick = if lived < QUICK { self.quick + 1 } else { 0 };
        if self.quick == ENOUGH {
            return Verdict::GivenUp;
        }
        let wait = SHORTEST.saturating_mul(1_u32.checked_shl(self.deaths).unwrap_or(u32::MAX)).min(LONGEST);
        self.deaths = self.deaths.saturating_add(1);
        Verdict::Again(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIED: Ended = Ended::Exited(1);

    fn again(seconds: u64) -> Verdict {
        Verdict::Again(Duration::from_secs(seconds))
    }

    #[test]
    fn each_end_has_its_verdict() {
        // Ends in a row, each with the seconds that it lived.
        let cases: &[&[(Ended, f64, Verdict)]] = &[
            &[(Ended::Exited(0), 0.0, Verdict::Done)],
            &[(DIED, 0.0, again(1)), (DIED, 1.9, again(2)), (DIED, 0.1, Verdict::GivenUp)],
            &[(Ended::Killed(11), 0.0, again(1)), (Ended::Interrupted, 0.0, again(2)), (DIED, 0.0, Verdict::GivenUp)],
            // Not quick: 1, 2, 4 … 30 s, for ever.
            &[
                (DIED, 2.0, again(1)),
                (DIED, 3.0, again(2)),
                (DIED, 29.9, again(4)),
                (DIED, 5.0, again(8)),
                (DIED, 5.0, again(16)),
                (DIED, 5.0, again(30)),
                (DIED, 5.0, again(30)),
            ],
            // One that lived for a while between quick ones: they are not in a row.
            &[
                (DIED, 0.0, again(1)),
                (DIED, 0.0, again(2)),
                (DIED, 2.0, again(4)),
                (DIED, 0.0, again(8)),
                (DIED, 0.0, again(16)),
                (DIED, 0.0, Verdict::GivenUp),
            ],
            // One that lived long starts afresh.
            &[(DIED, 3.0, again(1)), (DIED, 3.0, again(2)), (DIED, 30.0, again(1)), (DIED, 3.0, again(2))],
            // So does one that had done its work.
            &[
                (DIED, 0.0, again(1)),
                (DIED, 0.0, again(2)),
                (Ended::Exited(0), 0.0, Verdict::Done),
                (DIED, 0.0, again(1)),
            ],
        ];
        for case in cases {
            let mut backoff = Backoff::default();
            for (number, (ended, lived, expected)) in case.iter().enumerate() {
                assert_eq!(backoff.ended(*ended, Duration::from_secs_f64(*lived)), *expected, "{number} of {case:?}");
            }
        }
    }

    #[test]
    fn the_wait_never_overflows() {
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            backoff.ended(DIED, Duration::from_secs(5));
        }
        assert_eq!(backoff.ended(DIED, Duration::from_secs(5)), Verdict::Again(LONGEST));
    }
}
