//! The project's own rules hold for the project.

use std::path::Path;

use xtask::tidy;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace")
}

fn assert_none(problems: &[tidy::Problem]) {
    let list: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
    assert!(problems.is_empty(), "\n{list}");
}

#[test]
fn files_keep_the_rules() {
    assert_none(&tidy::check_files(root()).expect("readable sources"));
}

#[test]
fn dependencies_keep_the_rules() {
    let project = xtask::project::Project::discover().expect("a workspace");
    assert_none(&tidy::check_dependencies(&project).expect("cargo's answer"));
}
