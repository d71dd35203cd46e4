//! What can go wrong with a request. Each error has a status and a page; only the last one is the server's fault.

use http::{Method, StatusCode};
use sea_orm::DbErr;

use super::UrlError;
use crate::forms::Errors;
use crate::templates;

/// An error that ends a request. The texts are shown to the visitor, except that of [`Error::Internal`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404.
    #[error("there is nothing at this address")]
    NotFound,
    /// 400, with what is wrong.
    #[error("{0}")]
    BadRequest(String),
    /// 422, with what is wrong in which field.
    #[error("what was sent is not valid")]
    Invalid(Errors),
    /// 403, with what is missing.
    #[error("{0}")]
    Forbidden(String),
    /// 403: the request may be forged, for this reason, which is shown with `debug` on.
    #[error("CSRF verification failed. Request aborted.")]
    Csrf(String),
    /// No error page: the browser is sent to this address, where one logs in.
    #[error("this page needs a login")]
    LoginNeeded(String),
    /// 405; these methods are allowed.
    #[error("this address does not take this method (it takes {})", join(.0))]
    MethodNotAllowed(Vec<Method>),
    /// 409, with what is in the way.
    #[error("{0}")]
    Conflict(String),
    /// 413.
    #[error("the request is too large: its body may have {limit} bytes")]
    TooLarge {
        /// How many bytes the body may have.
        limit: usize,
    },
    /// 408.
    #[error("the request did not come in time")]
    TooSlow,
    /// 503: see the setting `server.request_seconds`.
    #[error("the page took too long; try it again later")]
    TimedOut,
    /// 500. The visitor sees what went wrong only with `debug` on.
    #[error(transparent)]
    Internal(anyhow::Error),
}

impl Error {
    /// A 400 with this text.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::BadRequest(message.into())
    }

    /// A 403 with this text.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Forbidden(message.into())
    }

    /// A 409 with this text.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict(message.into())
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::LoginNeeded(_) => StatusCode::SEE_OTHER,
            Self::Forbidden(_) | Self::Csrf(_) => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The value of an `Allow` header.
pub(super) fn join(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

impl From<anyhow::Error> for Error {
    /// An error of this kind that travelled through `anyhow` becomes itself again.
    fn from(error: anyhow::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(Self::Internal)
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Internal(error.into())
    }
}

impl From<templates::Error> for Error {
    fn from(error: templates::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<UrlError> for Error {
    fn from(error: UrlError) -> Self {
        Self::Internal(error.into())
    }
}
