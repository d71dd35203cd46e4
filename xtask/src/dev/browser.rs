//! Opening the site in a browser. It must not disturb the session, whatever becomes of it.

use std::ffi::{OsStr, OsString};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::project::Project;
use crate::system;

/// Opens the URL: with one of the programs that `$BROWSER` names, else with that of the system. Returns at once; what
/// does not work is told to `say`, perhaps later.
pub fn open(project: &Project, url: &str, say: impl FnOnce(&str) + Send + 'static) {
    let url = visitable(url);
    let variable = |name: &str| project.variables.get(OsStr::new(name)).filter(|value| !value.is_empty());
    let needs_display = cfg!(not(any(target_os = "macos", windows)));
    let browsers = match variable("BROWSER") {
        Some(names) => named(names, &url),
        None if needs_display && variable("DISPLAY").or(variable("WAYLAND_DISPLAY")).is_none() => {
            return say(&format!("there is no display for a browser; open {url}"));
        }
        None => vec![of_the_system(&url)],
    };
    // The first that there is.
    let Some(mut child) = browsers.iter().find_map(|words| spawn(project, words)) else {
        return say(&format!("there is no program to open a browser; open {url}"));
    };
    let reap = move || match child.wait() {
        Ok(status) if !status.success() => say(&format!("the browser could not be opened; open {url}")),
        _ => {}
    };
    // Without a thread nobody learns how it ends.
    let _ = thread::Builder::new().name("browser".to_owned()).spawn(reap);
}

/// The address of this machine, where all addresses are listened on.
fn visitable(url: &str) -> String {
    url.replacen("://0.0.0.0", "://127.0.0.1", 1).replacen("://[::]", "://[::1]", 1)
}

/// The commands in `$BROWSER`: several with colons between, each with its arguments; the URL stands for `%s`, or last.
fn named(names: &OsStr, url: &str) -> Vec<Vec<OsString>> {
    let names = names.to_string_lossy();
    let command = |name: &str| {
        let place = if name.contains("%s") { "" } else { " %s" };
        let words = format!("{name}{place}");
        words.split_whitespace().map(|word| word.replace("%s", url).into()).collect::<Vec<OsString>>()
    };
    names.split(':').filter(|name| !name.trim().is_empty()).map(command).collect()
}

fn of_the_system(url: &str) -> Vec<OsString> {
    let words: &[&str] = if cfg!(target_os = "macos") {
        &["open"]
    } else if cfg!(windows) {
        // The empty word is the title of a window.
        &["cmd", "/C", "start", ""]
    } else {
        &["xdg-open"]
    };
    words.iter().copied().chain([url]).map(OsString::from).collect()
}

/// Starts it apart from us: silent, without our terminal's signals, and it outlives us.
fn spawn(project: &Project, words: &[OsString]) -> Option<Child> {
    let (program, args) = words.split_first()?;
    let mut command = Command::new(program);
    command.args(args).current_dir(&project.root).envs(&project.scrubbed.set);
    system::own_group(&mut command);
    for name in &project.scrubbed.removed {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_visited_as_this_machine() {
        assert_eq!(visitable("http://0.0.0.0:8000/"), "http://127.0.0.1:8000/");
        assert_eq!(visitable("http://[::]:8000/"), "http://[::1]:8000/");
        assert_eq!(visitable("http://localhost:80/"), "http://localhost:80/");
    }

    #[test]
    fn the_variable_names_commands_with_arguments() {
        let found = named(OsStr::new("firefox: chromium --incognito:open-at %s now:"), "http://a:1/");
        let words: Vec<String> =
            found.iter().map(|words| words.join(OsStr::new(" ")).into_string().expect("text")).collect();
        assert_eq!(words, ["firefox http://a:1/", "chromium --incognito http://a:1/", "open-at http://a:1/ now"]);
    }
}
