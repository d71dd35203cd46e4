//! What the database's own client program needs to open the same database.

use std::path::PathBuf;

use super::{
    Access, ConnectOptions,
    url::{Mode, Target, percent_decode, redact},
};
use crate::Error;

/// How a client program is told which database it is to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Client {
    /// `sqlite3`, by the file.
    Sqlite {
        /// The file.
        file: PathBuf,
        /// Whether it may write.
        access: Access,
    },
    /// `psql`, by the variables that PostgreSQL's library reads; nothing for its command line, which anybody can see.
    Postgres {
        /// Names and values, the password's among them.
        environment: Vec<(&'static str, String)>,
    },
}

impl ConnectOptions {
    /// What `sqlite3` or `psql` needs.
    ///
    /// # Errors
    /// [`Error::UnknownScheme`], [`Error::BadUrl`]; the latter also for a database in memory.
    pub fn client(&self) -> Result<Client, Error> {
        let bad = |reason: &str| Error::BadUrl { url: redact(&self.url), reason: reason.to_owned() };
        match self.target()? {
            Target::Memory => Err(bad("no other program can open a database in memory")),
            Target::File { path, mode, .. } => {
                let access = if mode == Mode::ReadOnly { Access::ReadOnly } else { Access::ReadWrite };
                Ok(Client::Sqlite { file: path, access })
            }
            Target::Server { url } => {
                let environment =
                    environment(&url, self.access).ok_or_else(|| bad("it is not valid percent-encoded UTF-8"))?;
                Ok(Client::Postgres { environment })
            }
        }
    }
}

/// The variables that say the same as a URL of PostgreSQL; `None` when an escape in it is broken.
fn environment(url: &str, access: Access) -> Option<Vec<(&'static str, String)>> {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (main, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = main.split_once('/').unwrap_or((main, ""));
    let (who, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = who.split_once(':').unwrap_or((who, ""));
    // Behind the brackets of an IPv6 address, if there are any.
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (server, ""),
    };
    let mut found: Vec<(&'static str, String)> = Vec::new();
    let mut set = |name: &'static str, value: String| {
        if !value.is_empty() {
            found.retain(|(known, _)| *known != name);
            found.push((name, value));
        }
    };
    set("PGHOST", percent_decode(host.trim_matches(['[', ']']))?);
    set("PGPORT", port.to_owned());
    set("PGUSER", percent_decode(user)?);
    set("PGPASSWORD", percent_decode(password)?);
    set("PGDATABASE", percent_decode(database)?);
    let mut options = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let (name, value) = (percent_decode(name)?, percent_decode(&value.replace('+', " "))?);
        match variable(&name) {
            Some(variable) => set(variable, value),
            None if name == "options" => options.push(value),
            // What the driver alone knows is left out; `options[x]` sets a parameter of the session.
            None => {
                let session = name.strip_prefix("options[").and_then(|name| name.strip_suffix(']'));
                options.extend(session.map(|name| format!("-c {name}={value}")));
            }
        }
    }
    if access == Access::ReadOnly {
        // Behind what the URL says: the last one counts.
        options.push("-c default_transaction_read_only=on".to_owned());
    }
    set("PGOPTIONS", options.join(" "));
    Some(found)
}

/// The variable for a parameter of a URL, by any of the spellings that the driver takes.
fn variable(parameter: &str) -> Option<&'static str> {
    Some(match parameter {
        "host" => "PGHOST",
        "hostaddr" => "PGHOSTADDR",
        "port" => "PGPORT",
        "dbname" => "PGDATABASE",
        "user" => "PGUSER",
        "password" => "PGPASSWORD",
        "application_name" => "PGAPPNAME",
        "sslmode" | "ssl-mode" => "PGSSLMODE",
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
        "sslcert" | "ssl-cert" => "PGSSLCERT",
        "sslkey" | "ssl-key" => "PGSSLKEY",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_variables() {
        for (url, expected) in [
            (
                "postgres://joe:p%40ss%2Fw@db:5433/app?sslmode=require&statement-cache-capacity=5",
                "PGHOST=db PGPORT=5433 PGUSER=joe PGPASSWORD=p@ss/w PGDATABASE=app PGSSLMODE=require",
            ),
            ("postgresql://[::1]/a%20b", "PGHOST=::1 PGDATABASE=a b"),
            (
                "postgres:///app?host=/run/postgresql&user=joe&password=s%20t&options[statement_timeout]=5s",
                "PGDATABASE=app PGHOST=/run/postgresql PGUSER=joe PGPASSWORD=s t PGOPTIONS=-c statement_timeout=5s",
            ),
            (
                "postgres://joe@db?ssl-root-cert=/ca.pem&dbname=x",
                "PGHOST=db PGUSER=joe PGSSLROOTCERT=/ca.pem PGDATABASE=x",
            ),
        ] {
            let Ok(Client::Postgres { environment }) = ConnectOptions::new(url, "/srv").client() else {
                panic!("{url}")
            };
            let shown: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(shown.join(" "), expected);
        }
    }

    #[test]
    fn a_server_that_is_only_read_is_opened_so() {
        let url = "postgres:///app?options[default_transaction_read_only]=off";
        let options = ConnectOptions { access: Access::ReadOnly, ..ConnectOptions::new(url, "/srv") };
        let Ok(Client::Postgres { environment }) = options.client() else { panic!("{url}") };
        let expected = "-c default_transaction_read_only=off -c default_transaction_read_only=on";
        assert!(environment.contains(&("PGOPTIONS", expected.to_owned())), "{environment:?}");
    }

    #[test]
    fn a_file_is_named_and_memory_is_refused() {
        let client = |url: &str| ConnectOptions::new(url, "/srv").client();
        let file = |access| Client::Sqlite { file: "/srv/var/a b".into(), access };
        assert_eq!(client("sqlite://var/a%20b").expect("it"), file(Access::ReadWrite));
        assert_eq!(client("sqlite://var/a%20b?mode=ro").expect("it"), file(Access::ReadOnly));
        let read = ConnectOptions { access: Access::ReadOnly, ..ConnectOptions::new("sqlite://var/a%20b", "/srv") };
        assert_eq!(read.client().expect("it"), file(Access::ReadOnly));
        assert!(client("sqlite::memory:").is_err_and(|error| error.to_string().contains("in memory")));
    }
}
