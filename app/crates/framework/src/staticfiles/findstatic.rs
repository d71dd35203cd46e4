//! `findstatic`: which files a name of a static file stands for.

use super::places::{Found, Place, find_all, places};
use crate::context::Context;
use crate::management::{Command, CommandError, Console, Output};

impl Command for cli::Findstatic {
    const NAME: &'static str = "findstatic";

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if self.files.is_empty() {
            return Err(CommandError::new("Enter at least one staticfile.").code(2).into());
        }
        let places = places(ctx);
        let verbosity = console.verbosity();
        let searched = if verbosity >= 2 { searched(&places) } else { String::new() };
        let mut is_missing = false;
        for name in &self.files {
            let mut files: Vec<String> = find_all(&places, name).into_iter().map(|found| shown(found, name)).collect();
            if self.first {
                files.truncate(1);
            }
            if files.is_empty() {
                is_missing = true;
                if verbosity > 0 {
                    console.stderr.write(format!("No matching file found for '{name}'.{searched}"));
                }
            } else if verbosity > 0 {
                console.stdout.write(format!("Found '{name}' here:\n  {}{searched}", files.join("\n  ")));
            } else {
                console.stdout.write(files.join("\n"));
            }
        }
        if is_missing { Err(CommandError::silent().into()) } else { Ok(Output::None) }
    }
}

/// A file, or where in the program it is.
fn shown((place, found): (&Place, Found), name: &str) -> String {
    match found {
        Found::File(file) => file.display().to_string(),
        Found::Carried(_) => format!("{name} in {}", place.folder),
    }
}

fn searched(places: &[Place]) -> String {
    let folders = places.iter().map(|place| format!("\n  {}", place.folder));
    format!("\nLooking in the following locations:{}", folders.collect::<String>())
}
