//! x
use super::*;
/// x
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct Error;
/// x
pub struct Source {
    /// x
    pub explicit: Option<std::path::PathBuf>,
}
/// x
pub fn load(_: &Source, _: &Env, _: &Layout) -> Result<Settings, Error> {
    Ok(Settings::default())
}
/// x
pub struct Problem {
    /// x
    pub id: &'static str,
    /// x
    pub message: String,
    /// x
    pub hint: String,
}
/// x
pub fn production_problems(_: &Settings) -> Vec<Problem> {
    vec![]
}
