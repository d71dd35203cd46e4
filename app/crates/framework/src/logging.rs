//! x
use serde::Deserialize;
/// x
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub enum Level {
    /// x
    #[default]
    Info,
}
/// x
pub fn init(_: &crate::conf::Settings, _: &crate::conf::Layout, _: u8) {}
