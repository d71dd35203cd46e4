//! Parts of a page from the cache: `{% call cached("menu", 300, user.id) %} … {% endcall %}`.

use std::time::Duration;

use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::cache::Blocking;
use crate::context::Context;
use crate::i18n::Locale;

/// What a template notes of itself when it shows something that is for one visitor alone.
const PERSONAL: &str = "is_personal";

const USAGE: &str = "`cached` encloses what is kept: {% call cached(\"name\", seconds, …) %} … {% endcall %}";

pub(super) fn add(environment: &mut Environment<'static>, ctx: &Context) {
    let fragments = Fragments {
        cache: Blocking::new(ctx.cache().link().clone()),
        language: ctx.locale().unwrap_or_default(),
        // Who edits a template wants to see it.
        is_on: !ctx.settings().debug,
    };
    let answer = move |state: &mut State, name: &str, seconds: u64, parts: Rest<Value>, given: Kwargs| {
        let content = given.get("caller").map_err(|_| Error::new(ErrorKind::MissingArgument, USAGE))?;
        given.assert_all_used()?;
        fragments.answer(state, &content, name, seconds, &parts)
    };
    environment.add_function("cached", answer);
}

/// Notes that what is being made must be kept from the cache.
pub(crate) fn note_personal(state: &mut State) {
    let count = state.get_temp(PERSONAL).and_then(|count| count.as_i64()).unwrap_or_default();
    state.set_temp(PERSONAL, Value::from(count + 1));
}

fn personal(state: &State) -> Option<Value> {
    state.get_temp(PERSONAL)
}

struct Fragments {
    cache: Blocking,
    language: Locale,
    is_on: bool,
}

impl Fragments {
    fn answer(
        &self,
        state: &mut State,
        content: &Value,
        name: &str,
        seconds: u64,
        parts: &[Value],
    ) -> Result<Value, Error> {
        if !self.is_on {
            return content.call(state, &[]);
        }
        let key = self.key(state, name, parts);
        match self.cache.get(&key) {
            Ok(Some(kept)) => {
                if let Ok(kept) = String::from_utf8(kept) {
                    return Ok(Value::from_safe_string(kept));
                }
            }
            Ok(None) => {}
            Err(error) => self.cache.note(&error),
        }
        let before = personal(state);
        let made = content.call(state, &[])?;
        if personal(state) == before
            && let Err(error) = self.cache.set(&key, made.to_string().into_bytes(), Duration::from_secs(seconds))
        {
            self.cache.note(&error);
        }
        Ok(made)
    }

    /// Name, language, and what else it depends on; `:` inside of a part separates nothing.
    fn key(&self, state: &State, name: &str, parts: &[Value]) -> String {
        let language = state.lookup("language").and_then(|language| language.as_str().map(str::to_owned));
        let mut key = format!("fragment:{name}:{}", language.as_deref().unwrap_or(self.language.tag()));
        for part in parts {
            key.push(':');
            key.push_str(&part.to_string().replace('%', "%25").replace(':', "%3A").escape_debug().to_string());
        }
        key
    }
}
