//! The statements in `module()`: `module.routes(views::routes());`.

use std::ops::Range;

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Expr, Stmt};

use crate::syntax::{Source, Splice, indentation, line_ending, line_starts, owners, range, whole_lines, words};

/// The order in which methods of `Module` are called; others come before all of these.
const ORDER: &[&str] = &["models", "accounts", "checks", "doctor", "commands", "routes", "submodule"];

/// The body of `module()`.
pub(super) struct Body<'a> {
    /// What the module is called there: `module` as a rule.
    receiver: String,
    statements: Vec<Statement>,
    /// Where the tail begins.
    tail: usize,
    block: &'a syn::Block,
}

struct Statement {
    range: Range<usize>,
    call: Option<Call>,
}

/// A statement that is a call of a method of the module, and nothing else.
struct Call {
    method: String,
    /// The argument's words.
    argument: Vec<String>,
    /// The module that it names as a submodule.
    owner: Option<String>,
}

impl<'a> Body<'a> {
    /// Finds it.
    ///
    /// # Errors
    /// When it is not there, or does not end with a variable that holds the module.
    pub(super) fn find(source: &'a Source<'_>) -> Result<Self, String> {
        let mut functions = source.functions("module");
        let function = functions.next().ok_or("it has no function `module`")?;
        if functions.next().is_some() {
            return Err("it has more than one function `module`".to_owned());
        }
        let unknown = "`module()` does not end with a variable that it made with `let mut`";
        let Some((Stmt::Expr(Expr::Path(tail), None), statements)) = function.block.stmts.split_last() else {
            return Err(unknown.to_owned());
        };
        let receiver = tail.path.get_ident().map(ToString::to_string).unwrap_or_default();
        if !statements.iter().any(|statement| binds(statement, &receiver)) {
            return Err(unknown.to_owned());
        }
        let statements =
            statements.iter().map(|statement| Statement { range: range(statement), call: call(statement, &receiver) });
        let statements = statements.collect();
        Ok(Self { receiver, statements, tail: range(tail).start, block: &function.block })
    }

    /// Puts a call in; nothing when it is there, however it is written.
    ///
    /// # Errors
    /// When the method is called with something else, and takes only one.
    pub(super) fn add(&self, source: &Source<'_>, method: &str, argument: &str) -> Result<Vec<Splice>, String> {
        let wanted = call_words(method, argument)?;
        let all = words(self.block.to_token_stream());
        if all.windows(wanted.len()).any(|words| words == wanted) {
            return Ok(Vec::new());
        }
        let called = [".", method, "("];
        if method != "submodule" && all.windows(called.len()).any(|words| words == called) {
            return Err(format!("`module()` calls `{method}` with something else"));
        }
        let line = format!("{}.{method}({argument});", self.receiver);
        Ok(vec![self.insert(source, self.place(method, argument), &line)])
    }

    /// Takes a call out; nothing when there is none.
    ///
    /// # Errors
    /// When it is not a statement of its own.
    pub(super) fn remove(&self, source: &Source<'_>, method: &str, argument: &str) -> Result<Vec<Splice>, String> {
        let wanted = call_words(method, argument)?;
        let found: Vec<&Statement> = self
            .statements
            .iter()
            .filter(|statement| {
                statement
                    .call
                    .as_ref()
                    .is_some_and(|call| call.method == method && wanted[3..wanted.len() - 1] == call.argument)
            })
            .collect();
        let calls = words(self.block.to_token_stream()).windows(wanted.len()).filter(|words| *words == wanted).count();
        if calls != found.len() {
            return Err(format!("the call of `{method}` is not a statement of its own"));
        }
        let removals = found.into_iter().map(|statement| match whole_lines(source.text, &statement.range) {
            Some(lines) => Splice::remove(lines),
            None => {
                let before = source.text[..statement.range.start].trim_end_matches([' ', '\t']).len();
                Splice::remove(before..statement.range.end)
            }
        });
        Ok(removals.collect())
    }

    /// The statement behind which a call belongs.
    fn place(&self, method: &str, argument: &str) -> usize {
        let rank = |method: &str| ORDER.iter().position(|other| *other == method);
        let calls =
            || self.statements.iter().enumerate().filter_map(|(at, it)| it.call.as_ref().map(|call| (at, call)));
        let alike: Vec<(usize, &str)> = calls()
            .filter(|(_, call)| call.method == method)
            .filter_map(|(at, call)| call.owner.as_deref().map(|owner| (at, owner)))
            .collect();
        let owner = argument.strip_suffix("::module").unwrap_or(argument);
        match (alike.first(), alike.last()) {
            (Some((first, _)), Some((last, _))) => {
                if !alike.is_sorted_by_key(|(_, owner)| *owner) {
                    return *last;
                }
                let smaller = alike.iter().rfind(|(_, other)| *other < owner);
                smaller.map_or(first.saturating_sub(1), |(at, _)| *at)
            }
            _ => {
                let later = calls().find(|(_, call)| rank(&call.method) > rank(method));
                later.map_or(self.statements.len(), |(at, _)| at).saturating_sub(1)
            }
        }
    }

    /// Behind the statement, on a line of its own if the next one is not on the same line.
    fn insert(&self, source: &Source<'_>, behind: usize, line: &str) -> Splice {
        let text = source.text;
        let end = self.statements[behind].range.end;
        let next = self.statements.get(behind + 1).map_or(self.tail, |next| next.range.start);
        let indented =
            indentation(text, self.statements[behind].range.start).or(indentation(text, next)).unwrap_or("    ");
        match line_starts(text, end..next).first() {
            Some(&start) => Splice::insert(start, format!("{indented}{line}{}", line_ending(text, start))),
            None => Splice::insert(end, format!(" {line}")),
        }
    }
}

/// True for `let mut <name> = …;`
fn binds(statement: &Stmt, name: &str) -> bool {
    let Stmt::Local(local) = statement else { return false };
    let pattern = match &local.pat {
        syn::Pat::Type(typed) => &*typed.pat,
        pattern => pattern,
    };
    matches!(pattern, syn::Pat::Ident(pattern) if pattern.mutability.is_some() && pattern.ident == name)
}

fn call(statement: &Stmt, receiver: &str) -> Option<Call> {
    let Stmt::Expr(Expr::MethodCall(call), Some(_)) = statement else { return None };
    let Expr::Path(path) = &*call.receiver else { return None };
    let owner = owners(call.args.to_token_stream(), "module").into_iter().next();
    path.path.is_ident(receiver).then(|| Call {
        method: call.method.to_string(),
        argument: words(call.args.to_token_stream()),
        owner,
    })
}

/// The words of `.method(argument)`.
fn call_words(method: &str, argument: &str) -> Result<Vec<String>, String> {
    let tokens: TokenStream =
        format!(".{method}({argument})").parse().map_err(|_| format!("`{argument}` is not Rust"))?;
    Ok(words(tokens))
}
