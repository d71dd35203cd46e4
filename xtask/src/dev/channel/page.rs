//! What is served in the app's place while there is none.

use super::ansi::escaped;
use super::http::{Answer, Head};
use super::view::View;
use crate::dev::model::State;

/// The page that stands in for the app. The client in it shows what it knows, and loads the site when there is one.
pub(super) fn holding(view: &View, head: &Head) -> Answer {
    let title = match (&view.title, view.state) {
        (Some(title), _) => title.clone(),
        (None, State::Failed) => "the app does not run".to_owned(),
        (None, _) => "the app is being built".to_owned(),
    };
    let text = view.errors.iter().fold(String::new(), |text, message| text + &message.text + "\n");
    let headers = vec!["Retry-After: 1".to_owned()];
    let status = "503 Service Unavailable";
    let is_browser = head.header("accept").is_some_and(|accept| accept.contains("text/html"));
    if !is_browser {
        return Answer { headers, ..Answer::text(status, format!("{title}\n\n{text}").trim_end().to_owned() + "\n") };
    }
    let content_type = "text/html; charset=utf-8";
    let body = match head.method.as_str() {
        "GET" | "HEAD" => format!(
            "<!doctype html><html lang=\"en\" data-dev-holding><head>{HEAD}<title>{title}</title>\
             <script src=\"/__dev/client.js\" defer></script><noscript><meta http-equiv=\"refresh\" content=\"1\"></noscript>\
             </head><body><noscript><h1>{title}</h1><pre>{text}</pre></noscript></body></html>\n",
            title = escaped(&title),
            text = escaped(&text)
        ),
        // To load itself again, it would have to send the form again, which only the person may decide.
        _ => format!(
            "<!doctype html><html lang=\"en\"><head>{HEAD}<title>{title}</title></head><body><h1>{title}</h1>\
             <p>What you sent has not reached the app. Load this page again in a moment, to send it once more.</p>\
             <pre>{text}</pre></body></html>\n",
            title = escaped(&title),
            text = escaped(&text)
        ),
    };
    Answer { status, content_type, headers, body }
}

/// What the pages look like before, and without, the client.
const HEAD: &str = "<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
    <meta name=\"color-scheme\" content=\"dark\"><link rel=\"icon\" href=\"data:,\"><style>\
    html{background:#14171c;color:#d7dce2;font:15px/1.6 ui-sans-serif,system-ui,sans-serif}\
    body{max-width:60rem;margin:0 auto;padding:3rem 1.5rem}h1{font-size:1.3rem}\
    pre{overflow:auto;font:13px/1.5 ui-monospace,monospace}</style>";
