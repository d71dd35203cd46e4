//! What a production server must not start with.

use secrecy::ExposeSecret as _;

use super::Settings;
use super::settings::DEVELOPMENT_SECRET_KEY;

/// The fewest characters of a secret key, and how many of them must differ.
const SECRET_KEY_LENGTH: usize = 32;
const SECRET_KEY_VARIETY: usize = 5;

/// An unsafe setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The id of the check's message, by which it can be silenced.
    pub id: &'static str,
    /// What is unsafe.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// Everything that is unsafe about these settings for a server that others can reach.
pub fn production_problems(settings: &Settings) -> Vec<Problem> {
    let key = settings.secret_key.expose_secret();
    let distinct = key.chars().collect::<std::collections::BTreeSet<_>>().len();
    let mut problems = Vec::new();
    let mut add = |id, message: &str, hint: &str| {
        problems.push(Problem { id, message: message.to_owned(), hint: hint.to_owned() });
    };
    if settings.debug {
        let message = "`debug` is on: pages show details of errors to everyone";
        add("security.E001", message, "take `debug` out of the settings, or set `APP__DEBUG=false`");
    }
    if key == DEVELOPMENT_SECRET_KEY {
        let message = "`secret_key` is the one of development, which everyone knows";
        add(
            "security.E002",
            message,
            "set `APP__SECRET_KEY` to a text of your own, such as `openssl rand -hex 32` gives",
        );
    } else if key.chars().count() < SECRET_KEY_LENGTH || distinct < SECRET_KEY_VARIETY {
        let message = format!("`secret_key` is easily guessed: it needs {SECRET_KEY_LENGTH} characters, not all alike");
        add("security.E003", &message, "set `APP__SECRET_KEY` to a text such as `openssl rand -hex 32` gives");
    }
    if settings.allowed_hosts.is_empty() {
        let message = "`allowed_hosts` is empty: no request would be answered";
        add(
            "security.E004",
            message,
            "set `APP__ALLOWED_HOSTS` to the server's names, such as `example.com,www.example.com`",
        );
    }
    if settings.allowed_hosts.iter().any(|host| host.trim() == "*") {
        let message = "`allowed_hosts` is open: visitors can be led to pages that name any other host";
        add("security.E005", message, "set `APP__ALLOWED_HOSTS` to the server's own names");
    }
    if settings.security.ssl_redirect && settings.security.trusted_proxies.is_empty() {
        let message = "`security.ssl_redirect` is on, but no proxy is trusted to say that a request came over HTTPS: \
                       every page would be redirected for ever";
        add(
            "security.E006",
            message,
            "set `APP__SECURITY__TRUSTED_PROXIES` to the address of the proxy before the server",
        );
    }
    problems
}
