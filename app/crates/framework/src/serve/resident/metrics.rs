//! What all serving processes counted, for Prometheus, at an address of its own.

use std::convert::Infallible;
use std::net::TcpListener;
use std::time::Duration;

use anyhow::Context as _;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::master::Event;
use super::workers::Figures;
use crate::context::Context;
use crate::http::metrics::{Snapshot, render};
use crate::management::CommandError;

/// How long a process may take to say what it counted; what it said before counts then.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is asked for.
pub(super) struct Scrape {
    /// What processes that have ended counted.
    pub(super) ended: Snapshot,
    /// Those that go on.
    pub(super) going: Vec<Figures>,
    pub(super) generation: u32,
    pub(super) crashes: u64,
}

impl Scrape {
    async fn text(self) -> String {
        let mut sum = self.ended;
        let workers = self.going.len();
        for mut figures in self.going {
            figures.ask();
            // One that hangs has said something before, or nothing.
            let _ = timeout(PATIENCE, figures.latest.changed()).await;
            sum.add(&figures.latest.borrow());
        }
        let mut text = render(&sum);
        for (name, kind, help, value) in [
            ("app_server_workers", "gauge", "Serving processes.", workers as u64),
            (
                "app_server_generation",
                "gauge",
                "How many versions have served, this one included.",
                self.generation.into(),
            ),
            ("app_server_crashes_total", "counter", "Serving processes that ended unexpectedly.", self.crashes),
        ] {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"));
        }
        text
    }
}

/// Listens where the settings say.
pub(super) fn open(ctx: &Context) -> anyhow::Result<Option<TcpListener>> {
    let settings = &ctx.settings().server;
    let Some(address) = &settings.metrics else { return Ok(None) };
    let wanted = cli::Listen { asked: Some(address), default: &settings.address, command: "server.metrics =" };
    let failed = |error: cli::ListenError| {
        let message = format!("{} (setting `server.metrics`)", error.message);
        CommandError::new(message).source(error.source)
    };
    Ok(Some(wanted.bind().map_err(failed)?))
}

/// Answers there.
pub(super) fn serve(listener: &TcpListener, sender: UnboundedSender<Event>) -> anyhow::Result<()> {
    let failed = "failed to watch the socket of `server.metrics`";
    let listener = listener.try_clone().context(failed)?;
    listener.set_nonblocking(true).context(failed)?;
    let listener = tokio::net::TcpListener::from_std(listener).context(failed)?;
    tokio::spawn(async move {
        while !sender.is_closed() {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            let sender = sender.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| answer(request, sender.clone()));
                let mut builder = http1::Builder::new();
                let connection = builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
                if let Err(error) = connection.await {
                    tracing::debug!(target: "serve", "a connection to the metrics broke off: {error}");
                }
            });
        }
    });
    Ok(())
}

async fn answer(
    request: Request<Incoming>,
    sender: UnboundedSender<Event>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (reply, scrape) = oneshot::channel();
    let text = match request.uri().path() {
        "/metrics" => {
            // Without a receiver there is no reply either.
            let _ = sender.send(Event::Scrape(reply));
            match scrape.await {
                Ok(scrape) => Ok(scrape.text().await),
                Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
            }
        }
        _ => Err(StatusCode::NOT_FOUND),
    };
    let mut response = Response::new(Full::default());
    match text {
        Ok(text) => {
            *response.body_mut() = Full::from(text);
            let kind = header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        Err(status) => *response.status_mut() = status,
    }
    Ok(response)
}
