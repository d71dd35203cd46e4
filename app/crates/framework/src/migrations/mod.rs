//! x
use crate::context::Context;
use crate::management::*;
/// x
pub async fn warn_unapplied(_: &Context, _: &mut Console) {}
/// x
pub fn reflected(_: &[crate::module::Module]) -> Result<(), CommandError> {
    Ok(())
}
impl Command for cli::Migrate {
    const NAME: &'static str = "migrate";
    async fn handle(self, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
        Ok(Output::None)
    }
}
impl Command for cli::Showmigrations {
    const NAME: &'static str = "showmigrations";
    async fn handle(self, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
        Ok(Output::None)
    }
}
