//! The system checks, as findings.

use super::{DoctorCheck, Finding};
use crate::checks::{Deploy, Level, Message, Selection, collect};
use crate::context::Context;

pub(super) const CHECKS: &[DoctorCheck] = &[DoctorCheck::new("checks", |ctx| Box::pin(system_checks(ctx)))];

/// What `check` finds, in production with those for a deployment: a server would not start.
async fn system_checks(ctx: &Context) -> Vec<Finding> {
    let deploy = Deploy::in_environment(ctx.settings().environment);
    let (messages, silenced) = collect(&Selection { deploy, ..Selection::default() }, ctx).await;
    let command = format!("{} check{}", ctx.program(), if deploy == Deploy::Warnings { " --deploy" } else { "" });
    let finding = |message: Message| {
        let object = message.object.iter().map(|object| format!("{object}: "));
        let hint = message.hint.iter().map(|hint| format!("; {hint}"));
        let text: String = object.chain([message.text.clone()]).chain(hint).collect();
        match message.level {
            Level::Error | Level::Critical => Some(Finding::error(message.id, text, &command)),
            Level::Warning => Some(Finding::warning(message.id, text, &command)),
            Level::Info | Level::Debug => None,
        }
    };
    let findings: Vec<Finding> = messages.into_iter().filter_map(finding).collect();
    if findings.is_empty() {
        return vec![Finding::ok("checks", format!("the system checks find nothing ({silenced} silenced)"))];
    }
    findings
}
