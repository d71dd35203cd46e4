//! What code can call beside the methods of models and rows.

use std::any::TypeId;
use std::rc::Rc;

use rhai::{Dynamic, Engine, EvalAltResult, Position};

use super::failure::Leave;
use super::models::Models;
use super::query::{Model, Query};
use super::results;
use super::row::Row;
use super::session::{Answer, Session};

/// How many arguments a command may be called with.
const MOST_ARGUMENTS: usize = 12;

/// The functions, each with what it is for: for help, and for completion.
pub(super) const FUNCTIONS: &[(&str, &str)] = &[
    ("print(value)", "show a value; rows as a table"),
    ("call_command(name, …)", "run a command of the project: call_command(\"migrate\", \"--plan\")"),
    ("begin()", "open a transaction; everything is part of it until"),
    ("commit()", "makes it lasting, or"),
    ("rollback()", "undoes it"),
    ("model(name)", "a model by its full name: model(\"auth.Group\")"),
    ("now()", "the present moment; + days(1), - hours(2), minutes, seconds, weeks"),
    ("moment(text)", "a moment: moment(\"2026-01-31 18:00\")"),
    ("help()", "this list"),
    ("exit()", "leave (Ctrl-D does too)"),
];

/// Makes the functions known to the engine.
pub(super) fn register(engine: &mut Engine, session: &Rc<Session>) {
    let shared = || Rc::clone(session);
    let this = shared();
    engine.on_print(move |text| say(&this, text));
    let this = shared();
    engine.on_debug(move |text, _, _| say(&this, text));
    print_as_result::<Model>(engine, session);
    print_as_result::<Query>(engine, session);
    let this = shared();
    engine.register_fn("begin", move || this.begin());
    let this = shared();
    engine.register_fn("commit", move || this.commit());
    let this = shared();
    engine.register_fn("rollback", move || this.rollback());
    let this = shared();
    engine.register_fn("model", move |name: &str| model(&this, name));
    let this = shared();
    engine.register_fn("help", move || say(&this, &help(&this.models)));
    engine.register_fn("exit", || leave(0));
    engine.register_fn("exit", |code: i64| leave(u8::try_from(code).unwrap_or(1)));
    for count in 1..=MOST_ARGUMENTS {
        let this = shared();
        engine.register_raw_fn("call_command", vec![TypeId::of::<Dynamic>(); count], move |_, given| {
            let mut words = Vec::new();
            given.iter().for_each(|argument| add_words(&mut words, argument));
            let (name, arguments) = words.split_first().ok_or("`call_command` takes the name of a command")?;
            this.call(name, arguments)
        });
    }
}

/// Has `print` show a value as a result is shown.
fn print_as_result<T: Clone + 'static>(engine: &mut Engine, session: &Rc<Session>) {
    let session = Rc::clone(session);
    engine.register_fn("print", move |value: T| -> Answer<String> {
        Ok(results::text(&session, &Dynamic::from(value))?.unwrap_or_default())
    });
}

fn say(session: &Session, text: &str) {
    // It is in use only while a command runs, and then nothing else does.
    if let Ok(mut console) = session.console.try_borrow_mut() {
        console.stdout.write(text);
    }
}

/// An argument as it would be typed; an array is several.
fn add_words(words: &mut Vec<String>, argument: &Dynamic) {
    match argument.as_array_ref() {
        Ok(array) => array.iter().for_each(|argument| add_words(words, argument)),
        Err(_) => words.push(argument.read_lock::<Row>().map_or_else(|| argument.to_string(), |row| row.name())),
    }
}

fn model(session: &Rc<Session>, name: &str) -> Answer<Model> {
    let names = session.models.names();
    let found = names.iter().find(|(known, key)| known == name || key.to_string().eq_ignore_ascii_case(name));
    let (_, key) = found.ok_or_else(|| format!("there is no model `{name}`"))?;
    Ok(Model { session: Rc::clone(session), key: key.clone() })
}

fn leave(code: u8) -> Answer<()> {
    Err(EvalAltResult::ErrorTerminated(Dynamic::from(Leave(code)), Position::NONE).into())
}

/// What there is, for people.
fn help(models: &Models) -> String {
    let names: Vec<&str> = models.names().iter().map(|(name, _)| name.as_str()).collect();
    let mut lines = vec![
        format!("Models: {}", names.join(", ")),
        String::new(),
        "  User.all()  .filter(#{name__lookup: value})  .exclude(#{…})  .order(\"-id\")  .limit(5)  .offset(5)"
            .to_owned(),
        "  .get(1)  .first()  .last()  .count()  .exists()  .list()  .values(\"email\")".to_owned(),
        "  .create(#{…})  .update(#{…})  .delete()".to_owned(),
        "  row.field  row.field = value  row.save()  row.delete()  row.refresh()  row.relation".to_owned(),
        String::new(),
    ];
    let width = FUNCTIONS.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    lines.extend(FUNCTIONS.iter().map(|(name, what)| format!("  {name:width$}  {what}")));
    lines.join("\n")
}
