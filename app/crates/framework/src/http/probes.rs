//! What supervisors and load balancers ask: does the server live, and can it serve? They name no host that they could be
//! checked by, and speak no HTTPS.

use std::time::Duration;

use http::{Method, StatusCode, header};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::{Error, Response, Result};
use crate::context::Context;
use crate::migrations;

/// Whether the process lives. Whatever it needs is left out: a restart would not bring it back.
pub(super) const HEALTH: &str = "/health";

/// Whether pages can be served.
pub(super) const READY: &str = "/ready";

/// How long what was found holds: anybody can ask.
const FRESH: Duration = Duration::from_secs(1);

/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found out last.
#[derive(Default)]
pub(super) struct Probes(Mutex<Option<(Instant, Findings)>>);

/// What pages need, each with what is wrong with it, as far as anybody may know.
type Findings = Vec<(&'static str, std::result::Result<(), String>)>;

/// Whether this is a question of a supervisor.
pub(super) fn is_probe(path: &str) -> bool {
    matches!(path, HEALTH | READY)
}

impl Probes {
    pub(super) async fn answer(&self, method: &Method, path: &str, ctx: &Context) -> Result {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(Error::MethodNotAllowed(vec![Method::GET, Method::HEAD]));
        }
        let response = match path {
            READY => readiness(&self.findings(ctx).await)?,
            _ => Response::json(&json!({ "status": "ok" }))?,
        };
        response.header(header::CACHE_CONTROL, "no-store")
    }

    /// What holds now. Who asks at the same time waits for one answer.
    async fn findings(&self, ctx: &Context) -> Findings {
        let mut last = self.0.lock().await;
        match &*last {
            Some((at, findings)) if at.elapsed() < FRESH => findings.clone(),
            _ => {
                let findings = look(ctx).await;
                *last = Some((Instant::now(), findings.clone()));
                findings
            }
        }
    }
}

fn readiness(findings: &Findings) -> Result {
    let ready = findings.iter().all(|(_, found)| found.is_ok());
    let (word, status) = match ready {
        true => ("ready", StatusCode::OK),
        false => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
    };
    let mut body = Map::from_iter([("status".to_owned(), Value::from(word))]);
    for (name, found) in findings {
        body.insert((*name).to_owned(), Value::from(found.as_ref().map_or_else(String::as_str, |()| "ok")));
    }
    Ok(Response::json(&body)?.status(status))
}

async fn look(ctx: &Context) -> Findings {
    let unknown = || Err("unknown".to_owned());
    let connected = async {
        let database = ctx.db().await?;
        database.ping().await?;
        anyhow::Ok(database)
    };
    let database = match timeout(PATIENCE, connected).await {
        Ok(Ok(database)) => database,
        Ok(Err(error)) => {
            tracing::warn!(target: "http.ready", "the database does not answer: {error:#}");
            return vec![("database", Err("unreachable".to_owned())), ("migrations", unknown())];
        }
        Err(_) => {
            tracing::warn!(target: "http.ready", "the database does not answer in time");
            return vec![("database", Err("slow".to_owned())), ("migrations", unknown())];
        }
    };
    let migrations = match migrations::unapplied(ctx, &database).await {
        Ok((0, _)) => Ok(()),
        Ok((count, _)) => Err(format!("{count} unapplied")),
        Err(error) => {
            tracing::warn!(target: "http.ready", "cannot tell whether migrations are unapplied: {error:#}");
            unknown()
        }
    };
    vec![("database", Ok(())), ("migrations", migrations)]
}
