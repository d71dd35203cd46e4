//! Groups and permissions, the login, commands about accounts. The user itself is the product's own model (see [`crate::accounts`]).

mod changepassword;
mod createsuperuser;
pub mod models;
pub mod service;
mod views;

use crate::migrations::MigrateEvent;
use crate::module::Module;

/// The module.
pub fn module() -> Module {
    let mut module = Module::new("auth");
    module.models(models::MODELS);
    module.embedded_migrations(&[("0001_initial", include_str!("migrations/0001_initial.toml"))]);
    module.routes(views::routes());
    module.post_migrate(make_permissions);
    module
}

/// After every `migrate` and `flush`: the permissions of all models are there.
async fn make_permissions(event: MigrateEvent<'_>) -> anyhow::Result<()> {
    if event.state.by_table("auth_permission").is_some() {
        let made = service::create_permissions(event.database, event.ctx.modules()).await?;
        tracing::debug!(made, alias = event.alias, "permissions made");
    }
    Ok(())
}
