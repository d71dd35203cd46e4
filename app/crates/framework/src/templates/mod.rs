//! Templates (minijinja): found in the project, then in its modules, then among the framework's own.

mod error;
mod fragments;
mod functions;
mod sources;
mod values;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

pub use crate::__context as context;
pub use error::Error;
pub(crate) use fragments::note_personal;
pub(crate) use sources::texts;
pub use values::Values;

use crate::context::Context;
use crate::http::Urls;
use sources::Sources;

/// Whether templates are read again for each use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Once,
    EachTime,
}

/// Renders templates. Made from a context's parts; a server keeps one, a command makes its own.
pub struct Engine {
    environment: Environment<'static>,
    sources: Sources,
    urls: Urls,
    reading: Reading,
}

impl Engine {
    /// The templates of a context's project and modules. Reads nothing yet.
    pub fn new(ctx: &Context) -> Self {
        let sources = Sources::new(ctx);
        let urls = Urls::new(ctx.modules());
        let mut environment = Environment::new();
        let loader = sources.clone();
        environment.set_loader(move |name| loader.read(name));
        environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
            Some((_, "html" | "htm" | "xml")) => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        // A misspelt name is an error, but `{% if name %}` may ask.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_debug(true);
        environment.set_syntax(syntax());
        functions::add(&mut environment, ctx, &urls);
        fragments::add(&mut environment, ctx);
        let reading = if ctx.settings().debug { Reading::EachTime } else { Reading::Once };
        Self { environment, sources, urls, reading }
    }

    /// Renders a template with these values (see [`context!`](context)).
    ///
    /// # Errors
    /// When it is missing or wrong, with file and line.
    pub fn render(&self, name: &str, values: Values) -> Result<String, Error> {
        let values = Value::from(values);
        let rendered = match self.reading {
            Reading::Once => render(&self.environment, name, values),
            Reading::EachTime => {
                let mut fresh = self.environment.clone();
                fresh.clear_templates();
                render(&fresh, name, values)
            }
        };
        rendered.map_err(|error| Error::new(name, &error, &self.sources))
    }

    /// Whether there is a template of this name.
    pub fn has(&self, name: &str) -> bool {
        self.sources.find(name).is_some()
    }

    /// The named routes, for `url(…)`.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }
}

/// A tag on a line of its own leaves no empty line.
fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the usual delimiters")
}

fn render(environment: &Environment<'_>, name: &str, values: Value) -> Result<String, minijinja::Error> {
    environment.get_template(name)?.render(values)
}
