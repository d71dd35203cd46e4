//! x
/// x
#[derive(Clone)]
pub struct Route;
use crate::context::Context;
use crate::management::*;
impl Command for cli::Runserver {
    const NAME: &'static str = "runserver";
    async fn handle(self, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
        Ok(Output::None)
    }
}
impl Command for cli::Diffsettings {
    const NAME: &'static str = "diffsettings";
    async fn handle(self, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
        Ok(Output::None)
    }
}
