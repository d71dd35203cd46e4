//! What a form is filled with, before anybody knows what the fields are.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::http::{Error, Request, Result};

/// How browsers encode a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// What programs send.
const JSON: &str = "application/json";

/// Where the values come from.
pub(super) enum Sent {
    /// Nothing was sent: these are to be shown.
    Nothing(Map<String, Value>),
    Form(HashMap<String, String>),
    Json(Map<String, Value>),
}

/// One field of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Raw<'a> {
    /// There is no such field.
    Absent,
    Text(&'a str),
    Json(&'a Value),
}

impl Sent {
    /// Reads the body of a request. Of several fields of one name the last one counts.
    pub(super) async fn read(request: &Request) -> Result<Self> {
        let given = request.header("content-type").unwrap_or_default();
        let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            FORM => Ok(Self::Form(request.form::<Vec<(String, String)>>().await?.into_iter().collect())),
            JSON => match request.json().await? {
                Value::Object(object) => Ok(Self::Json(object)),
                _ => Err(Error::bad_request("the JSON is wrong: it must be an object")),
            },
            _ => Err(Error::BadRequest(format!("the body must be `{FORM}` or `{JSON}`"))),
        }
    }

    pub(super) fn get(&self, name: &str) -> Raw<'_> {
        match self {
            Self::Form(fields) => fields.get(name).map_or(Raw::Absent, |text| Raw::Text(text)),
            Self::Nothing(object) | Self::Json(object) => object.get(name).map_or(Raw::Absent, Raw::Json),
        }
    }
}
