//! `showmigrations`: which migrations there are, and which of them are applied.

use std::collections::{BTreeMap, BTreeSet};

use db::migrations::{Applied, Loader, NodeKey, Unfinished};

use super::{check_label, load};
use crate::context::Context;
use crate::management::{Checks, Command, Console, Output, Role};

impl Command for cli::Showmigrations {
    const NAME: &'static str = "showmigrations";
    // Without the modules' folders it would say that there are no migrations.
    const CHECKS: Checks = Checks::Tags(&["models"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let alias = self.database.as_deref().unwrap_or("default");
        ctx.check_alias(alias)?;
        for label in &self.modules {
            check_label(ctx, label, 2)?;
        }
        // Nobody who only looks makes a database.
        let (recorded, unfinished) = if ctx.may_hold_tables(alias)? {
            let database = ctx.database(alias).await?;
            (database.applied_migrations().await?, database.unfinished_migrations().await?)
        } else {
            Default::default()
        };
        let loader = load(ctx)?.for_applied(&recorded)?;
        let history = History { loader: &loader, recorded, unfinished, program: ctx.program() };
        if self.plan {
            history.show_plan(&self.modules, console)?;
        } else {
            history.show_list(&self.modules, console);
        }
        Ok(Output::None)
    }
}

/// The migrations as this database sees them.
struct History<'a> {
    loader: &'a Loader,
    recorded: BTreeMap<NodeKey, Applied>,
    unfinished: BTreeMap<NodeKey, Unfinished>,
    program: &'a str,
}

impl History<'_> {
    /// By module, in alphabetical order, or in the order in which modules were named.
    fn show_list(&self, asked: &[String], console: &mut Console) {
        let mut labels: Vec<&str> = self.loader.labels().iter().map(String::as_str).collect();
        labels.sort_unstable();
        if !asked.is_empty() {
            labels = asked.iter().map(String::as_str).collect();
        }
        let all = self.loader.graph().full_plan();
        for label in labels {
            console.stdout.styled(Role::MigrateLabel, label);
            let own: Vec<&NodeKey> = all.iter().filter(|key| key.module == label).collect();
            if own.is_empty() {
                console.stdout.styled(Role::Error, " (no migrations)");
            }
            for key in own {
                console.stdout.write(self.line(key, console.verbosity()));
            }
        }
    }

    /// In the order in which they are applied; with modules named, those and what they need.
    fn show_plan(&self, asked: &[String], console: &mut Console) -> Result<(), db::Error> {
        let graph = self.loader.graph();
        let mut plan = graph.full_plan();
        if !asked.is_empty() {
            let mut needed = BTreeSet::new();
            for leaf in asked.iter().flat_map(|label| graph.leaves(label)) {
                needed.extend(graph.forwards_plan(&leaf)?);
            }
            plan.retain(|key| needed.contains(key));
        }
        if plan.is_empty() {
            console.stdout.styled(Role::Error, "(no migrations)");
        }
        for key in &plan {
            // One that stopped half-way back is still recorded, but `migrate` has work to do.
            let applied = self.loader.is_applied(key) && !self.unfinished.contains_key(key);
            let mark = if applied { 'X' } else { ' ' };
            let parents: Vec<String> = graph.parents(key).map(ToString::to_string).collect();
            let needs = if console.verbosity() >= 2 && !parents.is_empty() {
                format!(" ... ({})", parents.join(", "))
            } else {
                String::new()
            };
            console.stdout.write(format!("[{mark}]  {key}{needs}"));
        }
        Ok(())
    }

    fn line(&self, key: &NodeKey, verbosity: u8) -> String {
        let replaced = self.loader.migration(key).map_or(0, |migration| migration.replaces.len());
        let title = match replaced {
            0 => key.name.clone(),
            count => format!("{} ({count} squashed migrations)", key.name),
        };
        if let Some(unfinished) = self.unfinished.get(key) {
            let (done, total) = (unfinished.done, unfinished.total);
            return format!(" [-] {title} (stopped after operation {done} of {total})");
        }
        match (self.recorded.get(key), self.loader.is_applied(key)) {
            (Some(record), _) if verbosity >= 2 => {
                format!(" [X] {title} (applied at {})", record.at.format("%Y-%m-%d %H:%M:%S"))
            }
            (Some(_), _) => format!(" [X] {title}"),
            (None, true) => format!(" [-] {title} Run '{} migrate' to finish recording.", self.program),
            (None, false) => format!(" [ ] {title}"),
        }
    }
}
