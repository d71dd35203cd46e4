//! `showmigrations`: which migrations there are, and which of them are applied.

use std::collections::BTreeMap;

use db::migrations::{Applied, Loader, NodeKey};

use super::{applied, check_label, load};
use crate::context::Context;
use crate::management::{Checks, Command, Console, Output, Role};

impl Command for cli::Showmigrations {
    const NAME: &'static str = "showmigrations";
    // Without the modules' folders it would say that there are no migrations.
    const CHECKS: Checks = Checks::Tags(&["models"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        for label in &self.modules {
            check_label(ctx, label, 2)?;
        }
        let (_, applied) = applied(ctx, self.database.as_deref()).await?;
        let loader = load(ctx)?;
        if self.plan {
            show_plan(&loader, &applied, &self.modules, console)?;
        } else {
            show_list(&loader, &applied, &self.modules, console);
        }
        Ok(Output::None)
    }
}

/// By module, in alphabetical order, or in the order in which modules were named.
fn show_list(loader: &Loader, applied: &BTreeMap<NodeKey, Applied>, asked: &[String], console: &mut Console) {
    let mut labels: Vec<&str> = loader.labels().iter().map(String::as_str).collect();
    labels.sort_unstable();
    if !asked.is_empty() {
        labels = asked.iter().map(String::as_str).collect();
    }
    for label in labels {
        console.stdout.styled(Role::MigrateLabel, label);
        let mut migrations = loader.of_module(label).peekable();
        if migrations.peek().is_none() {
            console.stdout.styled(Role::Error, " (no migrations)");
        }
        for (key, _) in migrations {
            let line = match applied.get(key) {
                None => format!(" [ ] {}", key.name),
                Some(record) if console.verbosity() >= 2 => {
                    format!(" [X] {} (applied at {})", key.name, record.at.format("%Y-%m-%d %H:%M:%S"))
                }
                Some(_) => format!(" [X] {}", key.name),
            };
            console.stdout.write(line);
        }
    }
}

/// In the order in which they are applied; with modules named, those and what they need.
fn show_plan(
    loader: &Loader,
    applied: &BTreeMap<NodeKey, Applied>,
    asked: &[String],
    console: &mut Console,
) -> anyhow::Result<()> {
    let graph = loader.graph();
    let mut plan: Vec<NodeKey> = Vec::new();
    let wanted = graph.nodes().filter(|key| asked.is_empty() || asked.contains(&key.module));
    for key in wanted {
        for step in graph.forwards_plan(key)? {
            if !plan.contains(&step) {
                plan.push(step);
            }
        }
    }
    if plan.is_empty() {
        console.stdout.styled(Role::Error, "(no migrations)");
    }
    for key in &plan {
        let mark = if applied.contains_key(key) { 'X' } else { ' ' };
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
