//! The language: Rhai with our types, names and limits, and the state that one piece of code leaves to the next.

use std::rc::Rc;

use rhai::{AST, Dynamic, Engine, EvalAltResult, Scope, Token};

use super::failure::{Failure, Leave};
use super::functions::{self, FUNCTIONS};
use super::query::{self, METHODS, Model};
use super::session::Session;
use super::{moment, row};

/// How deep functions may call each other: the stack holds this many even where code is not optimised.
const MOST_CALLS: usize = 48;

/// How deep expressions may be nested: in code, and in functions.
const MOST_NESTING: (usize, usize) = (64, 48);

/// How often code is asked whether Ctrl-C was typed: every so many operations.
const PATIENCE: u64 = 64;

/// Words that Rhai keeps for itself without using them; here they name fields.
const USABLE: &[&str] = &[
    "async",
    "await",
    "case",
    "default",
    "go",
    "goto",
    "is",
    "match",
    "module",
    "new",
    "package",
    "protected",
    "public",
    "shared",
    "spawn",
    "static",
    "super",
    "sync",
    "thread",
    "use",
    "var",
    "void",
    "with",
    "yield",
];

/// Runs code, and keeps its variables and functions for what comes next.
pub(super) struct Interpreter {
    engine: Engine,
    scope: Scope<'static>,
    functions: AST,
    session: Rc<Session>,
}

impl Interpreter {
    pub(super) fn new(session: &Rc<Session>) -> Self {
        let mut engine = Engine::new();
        engine.set_max_call_levels(MOST_CALLS).set_max_expr_depths(MOST_NESTING.0, MOST_NESTING.1);
        engine.set_max_string_size(1 << 26).set_max_array_size(1 << 22).set_max_map_size(1 << 16);
        engine.register_type_with_name::<Leave>("Leave");
        let ctx = session.ctx();
        moment::register(&mut engine, move || ctx.now(), session.zone());
        row::register(&mut engine);
        query::register(&mut engine);
        functions::register(&mut engine, session);
        resolve_names(&mut engine, session);
        let interrupt = session.interrupt.clone();
        engine.on_progress(move |count| (count % PATIENCE == 0 && interrupt.is_asked()).then_some(Dynamic::UNIT));
        Self { engine, scope: Scope::new(), functions: AST::empty(), session: Rc::clone(session) }
    }

    /// Runs code, and gives back the value of its last expression; none when a semicolon ends it.
    pub(super) fn run(&mut self, code: &str) -> Result<Dynamic, Failure> {
        self.session.interrupt.begin();
        let result = self.evaluate(code);
        self.session.interrupt.end();
        let value = result.map_err(|error| Failure::new(*error, &|name| self.guess(name)))?;
        Ok(if code.trim_end().ends_with(';') { Dynamic::UNIT } else { value })
    }

    fn evaluate(&mut self, code: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        let code = self.functions.merge(&self.engine.compile(code)?);
        self.functions = code.clone_functions_only();
        self.engine.eval_ast_with_scope(&mut self.scope, &code)
    }

    /// The variables of the code so far, each once, with its value.
    pub(super) fn variables(&self) -> Vec<(String, Dynamic)> {
        let mut found: Vec<(String, Dynamic)> = Vec::new();
        for (name, _, value) in self.scope.iter() {
            found.retain(|(known, _)| known != name);
            found.push((name.to_owned(), value));
        }
        found
    }

    /// The known name that is nearest to an unknown one, if any is near enough.
    fn guess(&self, name: &str) -> Option<String> {
        let models = self.session.models.names().iter().map(|(name, _)| name.clone());
        let functions = FUNCTIONS.iter().filter_map(|(function, _)| Some(function.split('(').next()?.to_owned()));
        let methods = METHODS.iter().chain(&["delete", "refresh", "save"]).map(|name| (*name).to_owned());
        let variables = self.scope.iter().map(|(name, _, _)| name.to_owned());
        let known = models.chain(functions).chain(methods).chain(variables);
        let known: Vec<String> = known.collect();
        cli::nearest(name, known.iter().map(String::as_str)).first().map(|near| (*near).to_owned())
    }
}

/// Makes models known by their names, everywhere; `null` and what Python calls it; and lets fields be called like words
/// that Rhai keeps for itself.
#[expect(deprecated, reason = "said to be volatile, not deprecated")]
fn resolve_names(engine: &mut Engine, session: &Rc<Session>) {
    let session = Rc::clone(session);
    engine.on_var(move |name, _, context| {
        let Some(key) = session.models.find(name).filter(|_| !context.scope().contains(name)) else { return Ok(None) };
        Ok(Some(Dynamic::from(Model { session: Rc::clone(&session), key: key.clone() })))
    });
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(name) if matches!(name.as_str(), "null" | "nil") => Token::Unit,
        Token::Reserved(name) if USABLE.contains(&name.as_str()) => Token::Identifier(name),
        Token::Identifier(name) => match name.as_str() {
            "None" => Token::Unit,
            "True" => Token::True,
            "False" => Token::False,
            _ => Token::Identifier(name),
        },
        other => other,
    });
}
