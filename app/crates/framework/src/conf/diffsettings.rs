//! `diffsettings`: how the settings in force differ from the defaults.

use std::collections::BTreeMap;

use super::load::load_alone;
use super::{Environment, Settings};
use crate::context::Context;
use crate::management::{Checks, Command, Console, Output, Role};

impl Command for cli::Diffsettings {
    const NAME: &'static str = "diffsettings";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let settings = ctx.settings();
        let defaults = match &self.default {
            Some(file) => load_alone(file, settings.environment, ctx.env(), ctx.layout())?,
            None => Settings::defaults(settings.environment),
        };
        // That an environment was chosen is a change, although its defaults are none.
        let defaults = Settings { environment: Environment::default(), ..defaults };
        let defaults: BTreeMap<_, _> = defaults.entries().into_iter().collect();
        let unified = self.output.as_deref() == Some("unified");
        let sorted: BTreeMap<_, _> = settings.entries().into_iter().collect();
        for (key, value) in &sorted {
            let line = format!("{key} = {value}{}", origin(settings, key, console));
            match defaults.get(key) {
                None if unified => console.stdout.styled(Role::Success, format!("+ {line}")),
                None => console.stdout.write(format!("{line} ###")),
                Some(default) if default != value => {
                    if unified {
                        console.stdout.styled(Role::Error, format!("- {key} = {default}"));
                        console.stdout.styled(Role::Success, format!("+ {line}"));
                    } else {
                        console.stdout.write(line);
                    }
                }
                Some(_) if self.all && unified => console.stdout.write(format!("  {line}")),
                Some(_) if self.all => console.stdout.write(format!("### {line}")),
                Some(_) => {}
            }
        }
        Ok(Output::None)
    }
}

/// Where the value was set, for those who want to know more.
fn origin(settings: &Settings, key: &str, console: &Console) -> String {
    let origin = settings.origins.of(key).filter(|_| console.verbosity() >= 2);
    origin.map_or_else(String::new, |origin| format!("  # {origin}"))
}
