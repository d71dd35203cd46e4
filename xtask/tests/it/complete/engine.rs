//! What the engine answers: words, and what the last of them can become.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use super::project;
use crate::sandbox::Sandbox;

/// The first line of the answer, and the words in it.
fn ask(sandbox: &Sandbox, shell: &str, words: &[&str]) -> (String, Vec<String>) {
    let args = [&["__complete", shell, "--"], words].concat();
    // Not through cargo, as a shell asks.
    let call = sandbox.xtask(args).env_remove("CARGO_PKG_NAME").env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO");
    let answer = call.env("PATH", "").any_output().run();
    assert_eq!(answer.stderr, "");
    let mut lines = answer.stdout.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
    (lines.next().unwrap_or_default(), lines.collect())
}

/// The words that bash gets, which are those that begin with what is typed.
fn candidates(sandbox: &Sandbox, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let (kind, candidates) = ask(sandbox, "bash", &words);
    assert_eq!(kind, "words", "{line}");
    candidates
}

const BASE: &[&str] = &[
    "--version",
    "--verbosity",
    "--settings",
    "--traceback",
    "--no-color",
    "--force-color",
    "--skip-checks",
    "--help",
];

/// What is left where no name is known.
const ADD_MODULE: &[&str] = &[
    "--model",
    "--pages",
    "--api",
    "--command",
    "--dry-run",
    "--diff",
    "--force",
    "--skip",
    "--noinput",
    "--version",
    "--verbosity",
    "--settings",
    "--traceback",
    "--no-color",
    "--force-color",
    "--skip-checks",
    "--help",
];

#[test]
fn words_lead_to_what_can_follow_them() {
    let sandbox = project();
    let cases: &[(&str, &[&str])] = &[
        // Names: tasks, commands of the app, scripts; in the spelling that is typed.
        ("mig", &["migrate"]),
        ("migrate", &["migrate"]),
        ("lo", &["logs", "load_demo", "loaddata"]),
        ("load-", &["load-demo"]),
        ("load_", &["load_demo"]),
        ("send", &["send_mailing"]),
        ("publ", &["publish"]),
        ("sec", &[]),
        ("cele", &[]),
        ("stop", &["stop-prod"]),
        ("line", &["lines"]),
        ("two", &["'two words'"]),
        ("zzz", &[]),
        // xtask's own options, before the name.
        ("--", &["--explain", "--timings", "--version", "--help"]),
        ("--explain --", &["--json", "--timings", "--version", "--help"]),
        ("--explain --js", &["--json"]),
        ("--explain mig", &["migrate"]),
        ("--explain --json migrate us", &["users"]),
        ("-- mig", &[]),
        // Options of a command.
        ("migrate --pl", &["--plan"]),
        ("migrate --plan --fake --pl", &[]),
        ("migrate --plan --dr", &[]),
        ("migrate users --dr", &[]),
        ("migrate --fake_", &["--fake_initial"]),
        ("migrate --no", &["--noinput", "--no-color"]),
        ("migrate --noinput --no_", &["--no_color"]),
        ("migrate -v", &["-v"]),
        ("migrate -v 1 --verb", &[]),
        ("migrate -v1 --verb", &[]),
        ("migrate --verbosity ", &["0", "1", "2", "3"]),
        ("migrate --verbosity=", &["--verbosity=0", "--verbosity=1", "--verbosity=2", "--verbosity=3"]),
        ("migrate --if", &[]),
        ("check --fail-level W", &["WARNING"]),
        ("check --fail_level=W", &["--fail_level=WARNING"]),
        ("check --tag a --tag=b --tag", &["--tag"]),
        ("load_demo --f", &["--force", "--force-color"]),
        ("load_demo -f --f", &["--force-color"]),
        ("load_demo --i", &[]),
        ("send-mailing --format ", &["html", "text"]),
        ("send-mailing --format html --format ", &["text"]),
        // Modules, their migrations and commands.
        ("migrate ", &["cms", "cms_adp", "users", "auth"]),
        ("migrate cms_", &["cms_adp"]),
        ("migrate users ", &["0002_names", "0001_initial", "zero"]),
        ("migrate --plan users 0001", &["0001_initial"]),
        ("migrate nobody 0", &[]),
        ("migrate users zero x", &[]),
        ("migrate -- us", &["users"]),
        ("migrate -- --pl", &[]),
        ("sqlmigrate users ", &["0002_names", "0001_initial"]),
        ("squashmigrations users 0001_initial ", &["0002_names", "0001_initial"]),
        ("showmigrations users ", &["cms", "cms_adp", "auth"]),
        ("makemigrations cms_adp users a", &["auth"]),
        // Modules and commands that are made or taken away: paths of what there is, types of fields.
        ("add-module ", &["cms", "users"]),
        ("add-module cms ", &["adp"]),
        ("add-module nothing ", ADD_MODULE),
        ("add-module x --model Post ti", &[]),
        ("add-module x --model Post title:te", &["title:text"]),
        (
            "add-module x --model Post a:text b:string:",
            &["b:string:null", "b:string:unique", "b:string:index", "b:string:references="],
        ),
        ("add-module x --model Post b:string:unique:un", &[]),
        ("add-module x --model Post b:string:unique:nu", &["b:string:unique:null"]),
        ("add-module x --model Post b:date", &["b:date", "b:datetime"]),
        ("add-module x --model Post b:text --pa", &["--pages"]),
        ("add-module --undo --pa", &[]),
        ("remove_module cms ad", &["adp"]),
        ("add-command us", &["users"]),
        ("remove-command cms ", &["publish"]),
        ("add-module x --model Post a:references=us", &["a:references=users.User"]),
        ("dumpdata users.", &["users.User"]),
        ("dumpdata --exclude us", &["users"]),
        // Databases of the settings.
        ("migrate --database ", &["default", "local", "reports"]),
        ("migrate --settings app/config/default.toml --database=", &["--database=default", "--database=reports"]),
        // Tasks of xtask itself.
        ("dev --with ch", &["changepassword", "check"]),
        ("dev --with check,mig", &["check,migrate"]),
        ("dev --with check,che", &[]),
        ("dev --with=load-", &["--with=load-demo"]),
        ("dev --no-reload --no", &["--no-color"]),
        ("bench task", &["task-overhead"]),
        ("bench migrate ", &["--help"]),
        ("bench task-overhead --r", &["--runs"]),
        ("completions ", &["bash", "zsh", "fish", "powershell"]),
        ("help migr", &["migrate"]),
        ("help --format j", &["json"]),
        ("test --pack", &["--package"]),
        ("test --package ", &["app"]),
        ("test -- --noc", &[]),
        ("tidy --", &["--help"]),
        ("zzz ", &[]),
    ];
    for (line, expected) in cases {
        assert_eq!(candidates(&sandbox, line), *expected, "{line}");
    }
    assert_eq!(candidates(&sandbox, "publish --"), BASE);
    assert_eq!(candidates(&sandbox, "clearsessions "), BASE);
}

#[test]
fn paths_are_left_to_the_shell() {
    let sandbox = project();
    for line in [
        "dumpdata --output ",
        "dumpdata --output=x",
        "dumpdata -o ",
        "migrate --settings a",
        "loaddata x",
        "send_mailing --report=",
        "lines -",
        "lines a b",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(ask(&sandbox, "bash", &words), ("files".to_owned(), Vec::new()), "{line}");
    }
}

#[test]
fn each_shell_gets_its_own_form() {
    let sandbox = project();
    let text = |shell: &str, words: &[&str]| {
        sandbox.xtask([&["__complete", shell, "--"], words].concat()).any_output().run().stdout
    };
    assert_eq!(text("bash", &["migrate", "cms"]), "words\ncms\ncms_adp\n");
    assert_eq!(text("bash", &["\"two"]), "words\ntwo words\n");
    assert_eq!(text("bash", &["'migrate'", "u\"s"]), "words\nusers\n");
    assert_eq!(text("zsh", &["migrate", "us"]), "words\nusers:People\n");
    assert_eq!(text("zsh", &["add-module", "x", "--model", "P", "a:te"]), "words\na\\:text\n");
    assert_eq!(text("fish", &["migrate", "us"]), "words\nusers\tPeople\n");
    assert_eq!(text("powershell", &["migrate", "us"]), "words\nusers\tPeople\n");
    // They look for themselves where nothing begins as typed.
    assert_eq!(text("fish", &["migrate", "adp"]), text("fish", &["migrate", ""]));
    assert_eq!(text("bash", &["migrate", "adp"]), "words\n");
}

#[test]
fn a_question_that_makes_no_sense_gets_no_answer() {
    let sandbox = project();
    for args in [&["__complete"][..], &["__complete", "bash"], &["__complete", "tcsh", "--", ""]] {
        sandbox.xtask(args).status(2).run();
    }
    sandbox.xtask(["__complete", "bash", "--"]).any_output().run();
    let word = OsString::from_vec(b"mig\xff".to_vec());
    sandbox.xtask(["__complete".into(), "bash".into(), "--".into(), word]).stdout("words\n").run();
}

#[test]
fn nothing_is_built_and_no_catalogue_is_needed() {
    let sandbox = Sandbox::new();
    assert_eq!(candidates(&sandbox, "showm"), ["showmigrations"]);
    assert_eq!(candidates(&sandbox, "migrate --pl"), ["--plan"]);
    assert_eq!(candidates(&sandbox, "send"), [""; 0]);
    assert!(!sandbox.root().join("target/debug/app").exists());
    assert!(!sandbox.root().join("target/xtask").exists());
}

#[test]
fn rows_come_from_the_app_when_it_answers_in_time() {
    let sandbox = project();
    sandbox.write("rows", "12\tCreated, 500 recipients\n7\tSent\nodd line\n");
    assert_eq!(candidates(&sandbox, "send_mailing "), ["12", "7"]);
    assert_eq!(candidates(&sandbox, "send-mailing --database reports 1"), ["12"]);
    let asked = std::fs::read_to_string(sandbox.root().join("asked")).expect("a question");
    assert_eq!(asked, "listkeys mailings.mailing\nlistkeys mailings.mailing --database=reports\n");
    sandbox.write("rows", "$(touch x)\tOdd\n\"; touch x #\tOdd\na'b`c`\\!d\tOdd\n");
    let odd = ["'$(touch x)'", "'\"; touch x #'", r"'a'\''b`c`\!d'"];
    assert_eq!(candidates(&sandbox, "send_mailing "), odd);
    let quoted = [r"\$(touch x)", r#"\"; touch x #"#, r#"a'b\`c\`\\"'!'"d"#];
    assert_eq!(candidates(&sandbox, "send_mailing \""), quoted);
    assert_eq!(candidates(&sandbox, "send_mailing '"), ["$(touch x)", "\"; touch x #", r"a'\''b`c`\!d"]);
    sandbox.write("fake/listkeys", "wait");
    let started = std::time::Instant::now();
    assert_eq!(candidates(&sandbox, "send_mailing 1"), [""; 0]);
    assert!(started.elapsed() < Duration::from_secs(30));
    sandbox.write("fake/listkeys", "fail no database");
    assert_eq!(candidates(&sandbox, "send_mailing 1"), [""; 0]);
}

#[test]
fn an_app_that_does_not_answer_holds_nobody_up() {
    let sandbox = project();
    assert_eq!(candidates(&sandbox, "send"), ["send_mailing"]);
    // The binary is another one now, so that it has to be asked.
    let app = sandbox.root().join("target/debug/app");
    std::fs::File::options()
        .write(true)
        .open(app)
        .and_then(|file| file.set_modified(std::time::SystemTime::now()))
        .expect("a time");
    sandbox.write("fake/help", "wait");
    let started = std::time::Instant::now();
    assert_eq!(candidates(&sandbox, "send"), ["send_mailing"]);
    assert!(started.elapsed() < Duration::from_secs(30));
}
