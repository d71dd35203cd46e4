//! Commands that are dropped into a module, and deleted, while it serves.

use super::site::Site;

const LIST: &str = "app/src/modules/mailings/commands/mod.rs";
const FILE: &str = "app/src/modules/mailings/commands/hello.rs";

#[test]
fn a_dropped_command_is_listed_and_built_at_once_and_a_deleted_one_is_taken_out() {
    let site = Site::new();
    let before = site.read(LIST);
    let dev = site.start();
    assert_eq!(dev.until_newest(), 1);
    site.write(FILE, "//! Hello.\n\n/// Say hello\n#[derive(clap::Args)]\npub struct Command {}\n");
    dev.until_said(&format!("note: listed `hello` in `{LIST}`"));
    assert_eq!(dev.until_newest(), 2);
    let listed = site.read(LIST);
    let hello: Vec<&str> = listed.lines().filter(|line| line.contains("hello")).collect();
    assert_eq!(hello, ["mod hello;", "        management::command::<hello::Command>(),"]);
    site.remove(FILE);
    dev.until_said(&format!("note: took `hello` out of `{LIST}`: its file is gone"));
    assert_eq!(dev.until_newest(), 3);
    assert_eq!(site.read(LIST), before);
    // What was dropped and what was listed went into one build.
    assert_eq!(site.begun(), 3);
}

#[test]
fn a_file_that_is_no_command_is_warned_of_and_the_site_goes_on() {
    let site = Site::new();
    site.write(FILE, "//! Hello.\n");
    let dev = site.start();
    let warning = format!("`{FILE}` is no command: it does not define `pub struct Command`");
    dev.until_said(&format!("warning: {warning}"));
    assert_eq!(dev.until_newest(), 1);
    // A listed one stops the build, not the site.
    let listed = site.read(LIST);
    site.write("app/src/modules/mailings/commands/load_demo.rs", "//! Nothing.\n");
    let failed = dev.until_state("failed");
    let said = failed["errors"].to_string();
    assert!(said.contains("load_demo.rs` is no command: it does not define `pub struct Command`"), "{said}");
    assert_eq!((site.read(LIST), dev.generation()), (listed, 1));
    site.write("app/src/modules/mailings/commands/load_demo.rs", "//! Nothing.\n\npub struct Command;\n");
    dev.until_newest();
    // Half a command is one, and rustc says what is wrong with it.
    site.write(FILE, "//! Hello.\n\npub struct Command { broken\n");
    dev.until_state("failed");
    site.write(FILE, "//! Hello.\n\npub struct Command;\n");
    dev.until_newest();
    assert!(site.read(LIST).contains("mod hello;"));
}
