//! Numbers that look random, and can be had again.

use std::ffi::OsStr;
use std::time::SystemTime;

/// Numbers that look random (xorshift).
pub(crate) struct Random(u64);

impl Random {
    /// From the variable `SEED`, else from the clock; says which.
    #[expect(clippy::print_stdout, reason = "a run that fails can be done again")]
    pub(crate) fn new() -> Self {
        let given = xtask::environment::read().get(OsStr::new("SEED")).and_then(|seed| seed.to_str()?.parse().ok());
        let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").subsec_nanos();
        let seed = given.unwrap_or_else(|| u64::from(clock()));
        println!("SEED={seed}");
        Self(seed.wrapping_mul(2_685_821_657_736_338_717) | 1)
    }

    /// The next number, below this one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
