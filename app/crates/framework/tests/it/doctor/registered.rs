//! What modules register, the report, the JSON document.

use framework::checks::{Check, Level, Message};
use framework::context::Context;
use framework::doctor::{DoctorCheck, Finding};
use framework::module::Module;
use serde_json::Value;

use super::{fresh, healthy, polls, wrong};
use crate::sandbox::Sandbox;

const FLAG: &str = "static/flag";

async fn flag(ctx: &Context) -> Vec<Finding> {
    vec![match ctx.layout().root.join(FLAG).exists() {
        true => Finding::ok("mills.flag", "the flag is up"),
        false => Finding::warning("mills.flag", "the flag is down", "touch static/flag"),
    }]
}

async fn raise(ctx: &Context) -> anyhow::Result<Vec<String>> {
    std::fs::write(ctx.layout().root.join(FLAG), "")?;
    Ok(vec!["raised the flag".to_owned()])
}

async fn always(_: &Context) -> Vec<Finding> {
    vec![Finding::warning("torn", "it is torn", "mend it")]
}

fn torn() -> Module {
    let mut module = Module::new("torn");
    module.doctor(vec![
        DoctorCheck::new("torn", |ctx| Box::pin(always(ctx))).repaired_by(|_| Box::pin(async { panic!("no thread") })),
        DoctorCheck::new("torn.needle", |_| panic!("no needle")),
    ]);
    module
}

#[test]
fn a_repair_that_panics_is_a_finding_like_a_check_that_does() {
    let sandbox = healthy(&[polls]).modules(&[polls, torn]);
    let expected = "error    the repair of `torn` panicked (torn)\n  hint: `app doctor`\n\
        warning  it is torn (torn)\n  hint: `mend it`\n\
        error    the check `torn.needle` panicked (torn.needle)\n  hint: `app doctor`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0 --fix", 1), expected);
}

fn mills() -> Module {
    let mut module = Module::new("mills");
    module.doctor(vec![
        DoctorCheck::new("mills.flag", |ctx| Box::pin(flag(ctx))).repaired_by(|ctx| Box::pin(raise(ctx))),
        DoctorCheck::new("mills.wind", |_| Box::pin(async { panic!("no wind") })),
    ]);
    module
}

fn failing() -> Module {
    let mut module = Module::new("failing");
    module.checks(vec![Check::new(&["failing"], |_, _| {
        vec![
            Message::new(Level::Error, "failing.E001", "it fails").hint("mend it").object("failing.It"),
            Message::new(Level::Warning, "failing.W001", "it creaks"),
            Message::new(Level::Info, "failing.I001", "it stands"),
        ]
    })]);
    module
}

#[test]
fn all_is_well_in_one_line_each() {
    let ran = healthy(&[polls]).line("doctor");
    let mib = ran.out.split(" MiB").next().and_then(|text| text.rsplit(' ').next()).unwrap_or_default();
    let expected = "ok       the settings of development\n\
        ok       the secret key is the one of development, which production refuses\n\
        ok       there is no `.env`\n\
        ok       no git repository that `.env` could be in\n\
        ok       port 0 on 127.0.0.1 is free\n\
        ok       `var/` can be written\n\
        ok       {mib} MiB are free where `var/` is\n\
        ok       `var/log/app.log` is made with its first line\n\
        ok       no drafts of processes that are gone\n\
        ok       no change of the sources was interrupted\n\
        ok       the migrations can be read (2)\n\
        ok       every model has its migrations\n\
        ok       sqlite://var/test.sqlite3 answers\n\
        ok       every migration is applied to `default`\n\
        ok       the tables of `default` are as the migrations say\n\
        ok       the cache `default` is made at its first use\n\
        ok       the system checks find nothing (0 silenced)\n\n\
        0 errors, 0 warnings, 17 ok\n";
    ran.is(0, &expected.replace("{mib}", mib), "");
    healthy(&[polls]).line("doctor -v 0").is(0, "", "");
}

#[test]
fn a_module_registers_its_own_checks() {
    let sandbox = healthy(&[polls]).modules(&[polls, mills]);
    let panicked = "error    the check `mills.wind` panicked (mills.wind)\n  hint: `app doctor`\n";
    let down = "warning  the flag is down (mills.flag)\n  hint: `touch static/flag`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 1), format!("{down}{panicked}"));
    let raised = "fixed    raised the flag (mills.flag)\n";
    let counts = "\n1 error, 0 warnings, 1 fixed, 18 ok\n";
    assert_eq!(wrong(&sandbox, "doctor --fix", 1), format!("{raised}{panicked}{counts}"));
    assert_eq!(wrong(&sandbox, "doctor --fix", 1), format!("{panicked}\n1 error, 0 warnings, 18 ok\n"));
}

#[test]
fn system_checks_are_among_the_findings() {
    let expected = "warning  it creaks (failing.W001)\n  hint: `app check`\n\
        error    failing.It: it fails; mend it (failing.E001)\n  hint: `app check`\n";
    assert_eq!(wrong(&healthy(&[polls, failing]), "doctor -v 0", 1), expected);
    let silenced = healthy(&[polls, failing]).var("APP__SILENCED_CHECKS", "failing.E001,failing.W001");
    assert!(silenced.line("doctor").out.contains("ok       the system checks find nothing (2 silenced)\n"));
}

#[test]
fn the_document_has_every_finding_and_nothing_else_is_on_stdout() {
    let sandbox = Sandbox::new(&[failing]).var("APP__SERVER__ADDRESS", "127.0.0.1:0");
    let ran = sandbox.line("doctor --json -v 3");
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let document: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(document["version"], 1);
    let findings = document["findings"].as_array().expect("a list");
    let named = |id: &str| findings.iter().find(|finding| finding["id"] == id).cloned().unwrap_or_default();
    let expected = serde_json::json!({
        "id": "failing.E001", "level": "error", "message": "failing.It: it fails; mend it", "command": "app check"
    });
    assert_eq!(named("failing.E001"), expected);
    assert_eq!((&named("settings")["level"], &named("settings")["command"]), (&"ok".into(), &Value::Null));
}

#[test]
fn it_works_from_any_directory_and_names_the_program() {
    let sandbox = fresh(&[polls]).var("APP_PROG", "cargo xtask").at("static");
    let expected = "warning  `var`, `var/log` are not there yet (var)\n  hint: `mkdir -p {root}/var/log`\n\
        warning  the database `default` is not there yet (database.default)\n  hint: `cargo xtask migrate`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 0), expected);
}
