//! What can be done with mailings. Only this file writes their rows; pages and commands call it.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use framework::db::{self, Database, bulk};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, TransactionTrait as _,
};
use serde::Serialize;

use super::demo;
use super::models::{attempt, mailing, mailing_recipient, message, recipient};
use crate::modules::users;

/// How many mailings stand on a page.
pub const PAGE_SIZE: u64 = 50;

/// A mailing as a list shows it.
#[derive(Serialize)]
pub struct Row {
    id: i64,
    subject: String,
    status: &'static str,
    is_active: bool,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    run: i32,
    recipients: i64,
    sent: i64,
    failed: i64,
}

/// One page of mailings.
#[derive(Serialize)]
pub struct Page {
    /// The mailings, in order of their ids.
    pub rows: Vec<Row>,
    /// The number of this page, from 1.
    pub number: u64,
    /// How many pages there are, at least 1.
    pub pages: u64,
    /// How many mailings there are on all pages.
    pub total: u64,
}

/// How many rows there are of everything.
#[derive(Serialize)]
pub struct Summary {
    recipients: u64,
    messages: u64,
    mailings: u64,
    attempts: u64,
    running: u64,
}

/// The numbers for the front page.
///
/// # Errors
/// When the database fails.
pub async fn summary(db: &Database) -> Result<Summary, DbErr> {
    Ok(Summary {
        recipients: recipient::Entity::find().count(db).await?,
        messages: message::Entity::find().count(db).await?,
        mailings: mailing::Entity::find().count(db).await?,
        attempts: attempt::Entity::find().count(db).await?,
        running: mailing::Entity::find().filter(mailing::Column::Status.eq(mailing::Status::Running)).count(db).await?,
    })
}

/// The mailings on page `number` (from 1), or `None` when there is no such page.
///
/// # Errors
/// When the database fails.
pub async fn page(db: &Database, number: u64) -> Result<Option<Page>, DbErr> {
    let total = mailing::Entity::find().count(db).await?;
    let pages = total.div_ceil(PAGE_SIZE).max(1);
    if number == 0 || number > pages {
        return Ok(None);
    }
    let mailings = mailing::Entity::find()
        .find_also_related(message::Entity)
        .order_by_asc(mailing::Column::Id)
        .offset((number - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
        .all(db)
        .await?;
    let ids: Vec<i64> = mailings.iter().map(|(mailing, _)| mailing.id).collect();
    let recipients = recipients_per_mailing(db, &ids).await?;
    let attempts = attempts_per_mailing(db, &ids).await?;
    let tried = |mailing: &mailing::Model, status| {
        attempts.get(&(mailing.id, mailing.current_run, status)).copied().unwrap_or_default()
    };
    let rows = mailings.into_iter().map(|(mailing, message)| Row {
        id: mailing.id,
        subject: message.map(|message| message.subject).unwrap_or_default(),
        status: status_label(mailing.status),
        is_active: mailing.is_active,
        start: mailing.start_datetime,
        end: mailing.end_datetime,
        run: mailing.current_run,
        recipients: recipients.get(&mailing.id).copied().unwrap_or_default(),
        sent: tried(&mailing, "success"),
        failed: tried(&mailing, "failure"),
    });
    Ok(Some(Page { rows: rows.collect(), number, pages, total }))
}

fn status_label(status: mailing::Status) -> &'static str {
    match status {
        mailing::Status::Created => "Created",
        mailing::Status::Running => "Running",
        mailing::Status::Completed => "Completed",
    }
}

async fn recipients_per_mailing(db: &Database, ids: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    let counts: Vec<(i64, i64)> = mailing_recipient::Entity::find()
        .select_only()
        .column(mailing_recipient::Column::MailingId)
        .column_as(mailing_recipient::Column::Id.count(), "count")
        .filter(mailing_recipient::Column::MailingId.is_in(ids.iter().copied()))
        .group_by(mailing_recipient::Column::MailingId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts.into_iter().collect())
}

/// How many attempts there are by mailing, run and outcome (`success`, `failure`).
async fn attempts_per_mailing(db: &Database, ids: &[i64]) -> Result<HashMap<(i64, i32, &'static str), i64>, DbErr> {
    let counts: Vec<(i64, i32, attempt::Status, i64)> = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::MailingId)
        .column(attempt::Column::RunNumber)
        .column(attempt::Column::Status)
        .column_as(attempt::Column::Id.count(), "count")
        .filter(attempt::Column::MailingId.is_in(ids.iter().copied()))
        .group_by(attempt::Column::MailingId)
        .group_by(attempt::Column::RunNumber)
        .group_by(attempt::Column::Status)
        .into_tuple()
        .all(db)
        .await?;
    let outcome = |status| match status {
        attempt::Status::Success => "success",
        attempt::Status::Failure => "failure",
    };
    Ok(counts.into_iter().map(|(mailing, run, status, count)| ((mailing, run, outcome(status)), count)).collect())
}

/// Writes the demo data in one transaction, `batch_size` rows in a step, and says what was loaded. Users and recipients
/// that are there already are used as they are.
///
/// # Errors
/// When the database fails; nothing is written then.
pub async fn load_demo(db: &Database, data: &demo::Data, batch_size: Option<usize>) -> anyhow::Result<String> {
    let transaction = db.begin().await?;
    let loaded = write_demo(&transaction, data, batch_size).await.context("failed to load the demo data")?;
    transaction.commit().await?;
    Ok(loaded)
}

async fn write_demo(db: &impl db::Connection, data: &demo::Data, batch_size: Option<usize>) -> anyhow::Result<String> {
    let mut users = Vec::new();
    for new in &data.users {
        users.push(users::service::get_or_create(db, new.clone()).await?.id);
    }
    let owner = users[1];
    let recipients = write_recipients(db, owner, &data.recipients, batch_size).await?;
    let mut messages = Vec::new();
    for new in &data.messages {
        let row = message::ActiveModel {
            subject: Set(new.subject.to_owned()),
            body: Set(new.body.to_owned()),
            owner_id: Set(owner),
            ..Default::default()
        };
        messages.push(row.insert(db).await?.id);
    }
    let (mut links, mut attempts) = (Vec::new(), Vec::new());
    for new in &data.mailings {
        let row = mailing::ActiveModel {
            start_datetime: Set(new.start),
            end_datetime: Set(new.end),
            status: Set(new.status),
            message_id: Set(messages[new.message]),
            is_active: Set(new.is_active),
            current_run: Set(new.run),
            owner_id: Set(owner),
            ..Default::default()
        };
        let mailing = row.insert(db).await?.id;
        links.extend(new.recipients.iter().map(|position| mailing_recipient::ActiveModel {
            mailing_id: Set(mailing),
            recipient_id: Set(recipients[*position]),
            ..Default::default()
        }));
        attempts.extend(new.attempts.iter().map(|attempt| attempt::ActiveModel {
            mailing_id: Set(mailing),
            recipient_id: Set(recipients[attempt.recipient]),
            run_number: Set(new.run),
            trigger_type: Set(attempt.trigger),
            status: Set(attempt.status),
            server_response: Set(attempt.response.to_owned()),
            attempted_at: Set(attempt.at),
            ..Default::default()
        }));
    }
    bulk::create(links).batch_size(batch_size).exec(db).await?;
    let attempts = bulk::create(attempts).batch_size(batch_size).exec(db).await?;
    Ok(format!(
        "Loaded {} users, {} recipients, {} messages, {} mailings, {attempts} attempts.",
        users.len(),
        recipients.len(),
        messages.len(),
        data.mailings.len(),
    ))
}

/// Writes the recipients that the owner does not have yet. Gives back the ids of all, in order.
async fn write_recipients(
    db: &impl db::Connection,
    owner: i64,
    new: &[demo::Recipient],
    batch_size: Option<usize>,
) -> anyhow::Result<Vec<i64>> {
    let known = recipient_ids(db, owner).await?;
    let missing = new.iter().filter(|recipient| !known.contains_key(&recipient.email));
    let rows = missing.map(|recipient| recipient::ActiveModel {
        email: Set(recipient.email.clone()),
        full_name: Set(recipient.full_name.clone()),
        comment: Set(recipient.comment.to_owned()),
        owner_id: Set(owner),
        ..Default::default()
    });
    bulk::create(rows.collect()).batch_size(batch_size).exec(db).await?;
    let known = recipient_ids(db, owner).await?;
    Ok(new.iter().filter_map(|recipient| known.get(&recipient.email).copied()).collect())
}

async fn recipient_ids(db: &impl ConnectionTrait, owner: i64) -> Result<HashMap<String, i64>, DbErr> {
    let rows: Vec<(String, i64)> = recipient::Entity::find()
        .select_only()
        .column(recipient::Column::Email)
        .column(recipient::Column::Id)
        .filter(recipient::Column::OwnerId.eq(owner))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}
