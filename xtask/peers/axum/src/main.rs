//! The list of mailings as somebody would write it with axum, sqlx and minijinja alone: the queries and the page of the app,
//! and nothing else. `axum-peer <database file> <address>` serves it.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

const PAGE_SIZE: i64 = 50;

struct Site {
    db: SqlitePool,
    templates: Environment<'static>,
}

#[derive(Deserialize)]
struct ListQuery {
    page: Option<i64>,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    subject: String,
    status: &'static str,
    is_active: bool,
    start: String,
    start_shown: String,
    end: String,
    end_shown: String,
    recipients: i64,
    sent: i64,
    failed: i64,
}

#[derive(sqlx::FromRow)]
struct Mailing {
    id: i64,
    subject: String,
    status: String,
    is_active: bool,
    current_run: i64,
    start_datetime: DateTime<Utc>,
    end_datetime: DateTime<Utc>,
}

#[derive(Debug)]
struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl axum::response::IntoResponse for Failed {
    fn into_response(self) -> axum::response::Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}", self.0)).into_response()
    }
}

async fn list(State(site): State<Arc<Site>>, Query(query): Query<ListQuery>) -> Result<Html<String>, Failed> {
    let number = query.page.unwrap_or(1).max(1);
    let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM mailings_mailing").fetch_one(&site.db).await?;
    let pages = ((total + PAGE_SIZE - 1) / PAGE_SIZE).max(1);
    let mailings: Vec<Mailing> = sqlx::query_as(
        "SELECT m.id, t.subject, m.status, m.is_active, m.current_run, m.start_datetime, m.end_datetime \
         FROM mailings_mailing m LEFT JOIN mailings_message t ON t.id = m.message_id ORDER BY m.id LIMIT ? OFFSET ?",
    )
    .bind(PAGE_SIZE)
    .bind((number - 1) * PAGE_SIZE)
    .fetch_all(&site.db)
    .await?;
    let ids: Vec<i64> = mailings.iter().map(|mailing| mailing.id).collect();
    let marks = vec!["?"; ids.len()].join(", ");
    let sql = format!(
        "SELECT mailing_id, COUNT(id) FROM mailings_mailing_recipients WHERE mailing_id IN ({marks}) GROUP BY mailing_id"
    );
    let counts = ids.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, id| query.bind(*id));
    let recipients: HashMap<i64, i64> = counts.fetch_all(&site.db).await?.into_iter().collect();
    let sql = format!(
        "SELECT mailing_id, run_number, status, COUNT(id) FROM mailings_attempt WHERE mailing_id IN ({marks}) \
         GROUP BY mailing_id, run_number, status"
    );
    let counts = ids.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, id| query.bind(*id));
    let attempts: Vec<(i64, i64, String, i64)> = counts.fetch_all(&site.db).await?;
    let attempts: HashMap<(i64, i64, bool), i64> =
        attempts.into_iter().map(|(id, run, status, count)| ((id, run, status == "success"), count)).collect();
    let rows: Vec<Row> = mailings
        .into_iter()
        .map(|mailing| Row {
            id: mailing.id,
            subject: mailing.subject,
            status: match mailing.status.as_str() {
                "created" => "Created",
                "running" => "Running",
                _ => "Completed",
            },
            is_active: mailing.is_active,
            start: mailing.start_datetime.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            start_shown: mailing.start_datetime.format("%Y-%m-%d %H:%M").to_string(),
            end: mailing.end_datetime.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            end_shown: mailing.end_datetime.format("%Y-%m-%d %H:%M").to_string(),
            recipients: recipients.get(&mailing.id).copied().unwrap_or_default(),
            sent: attempts.get(&(mailing.id, mailing.current_run, true)).copied().unwrap_or_default(),
            failed: attempts.get(&(mailing.id, mailing.current_run, false)).copied().unwrap_or_default(),
        })
        .collect();
    let page =
        site.templates.get_template("mailings.html")?.render(context! { rows => Serde(rows), number, pages, total })?;
    Ok(Html(page))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: axum-peer <database file> <address>";
    let (file, address) = (args.next().context(usage)?, args.next().context(usage)?);
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true);
    let db = SqlitePoolOptions::new().max_connections(8).connect_with(options).await?;
    let mut templates = Environment::new();
    templates.add_template("base.html", include_str!("../templates/base.html"))?;
    templates.add_template("mailings.html", include_str!("../templates/mailings.html"))?;
    let router = Router::new().route("/mailings/", get(list)).with_state(Arc::new(Site { db, templates }));
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?;
    Ok(())
}
