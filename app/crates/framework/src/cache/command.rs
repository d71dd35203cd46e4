//! `clear_cache`: empties a cache from outside of the server.

use anyhow::Context as _;

use super::{Target, memory};
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output, Role};

impl Command for cli::ClearCache {
    const NAME: &'static str = "clear_cache";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let cache = ctx.cache_of(self.alias.as_deref().unwrap_or("default"))?;
        if ctx.is_read_only() {
            return Err(CommandError::new("the cache is not emptied where databases are only read").into());
        }
        let prefix = self.prefix.unwrap_or_default();
        let which = if prefix.is_empty() { String::new() } else { format!(" that begin with `{prefix}`") };
        let alias = cache.alias();
        let done = match cache.link().target() {
            Some(Target::Memory) => {
                super::check(&prefix)?;
                let notices = cache.link().notices();
                memory::tell(&notices, &format!("{}{prefix}", cache.link().prefix()))
                    .with_context(|| format!("failed to write `{}`", notices.display()))?;
                format!("Told every process to drop the entries{which} of its own cache `{alias}`.")
            }
            _ => {
                let entries = match cache.clear_prefix(&prefix).await? {
                    1 => "1 entry".to_owned(),
                    count => format!("{count} entries"),
                };
                format!("Removed {entries}{which} from the cache `{alias}`.")
            }
        };
        if console.verbosity() > 0 {
            console.stdout.styled(Role::Success, done);
        }
        Ok(Output::None)
    }
}
