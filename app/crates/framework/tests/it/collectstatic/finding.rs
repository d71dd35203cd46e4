//! `findstatic`.

use super::{filled, site};

#[test]
fn every_file_of_a_name_is_found_the_used_one_first() {
    let sandbox = filled().file("src/modules/shop/static/test.txt", "shop");
    let here = sandbox.dir.path().display();
    let (own, shop) = (format!("{here}/static/test.txt"), format!("{here}/src/modules/shop/static/test.txt"));
    let found = format!("Found 'test.txt' here:\n  {own}\n  {shop}");
    sandbox.line("findstatic test.txt").is(0, &format!("{found}\n"), "");
    sandbox.line("findstatic test.txt -v 0").is(0, &format!("{own}\n{shop}\n"), "");
    sandbox.line("findstatic --first test.txt -v 0").is(0, &format!("{own}\n"), "");
    let searched = format!(
        "Looking in the following locations:\n  {here}/static\n  {here}/src/modules/shop/static\n  \
         {here}/src/modules/annex/static\n"
    );
    sandbox.line("findstatic test.txt -v 2").is(0, &format!("{found}\n{searched}"), "");
    sandbox.line("findstatic no.txt test.txt -v 0").is(1, &format!("{own}\n{shop}\n"), "");
    sandbox.line("findstatic no.txt").is(1, "", "No matching file found for 'no.txt'.\n");
    let missing = format!("No matching file found for 'no.txt'.\n{searched}");
    sandbox.line("findstatic no.txt -v 2").is(1, "", &missing);
}

#[test]
fn a_name_is_needed() {
    site().line("findstatic").is(2, "", "CommandError: Enter at least one staticfile.\n");
}

#[test]
fn names_with_a_prefix_are_found() {
    let sandbox = site()
        .file("config/default.toml", "[static]\ndirs = [{ prefix = \"docs\", path = \"manual\" }]\n")
        .file("manual/index.html", "");
    let found = format!("{}/manual/index.html\n", sandbox.dir.path().display());
    sandbox.line("findstatic docs/index.html -v 0").is(0, &found, "");
    assert_eq!(sandbox.line("findstatic index.html ../config/default.toml").code, 1);
}
