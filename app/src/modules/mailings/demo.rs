//! The demo data: made up, always the same but for the times, which lie around the present.

use chrono::{DateTime, TimeDelta, Utc};

use super::models::attempt::{self, Trigger};
use super::models::mailing::Status;
use crate::modules::users::models::user;
use crate::modules::users::service::UNUSABLE_PASSWORD;

/// How many recipients there are.
pub const RECIPIENTS: usize = 500;

/// The whole data set. Indexes refer to positions in its own lists.
pub struct Data {
    /// The users; the second one owns everything.
    pub users: Vec<user::Model>,
    /// The recipients.
    pub recipients: Vec<Recipient>,
    /// The messages.
    pub messages: Vec<Message>,
    /// The mailings; the first one is Created and goes to all recipients.
    pub mailings: Vec<Mailing>,
}

/// A recipient to be.
pub struct Recipient {
    /// The address.
    pub email: String,
    /// The name.
    pub full_name: String,
    /// A note.
    pub comment: &'static str,
}

/// A message to be.
pub struct Message {
    /// The subject.
    pub subject: &'static str,
    /// The text.
    pub body: &'static str,
}

/// A mailing to be.
pub struct Mailing {
    /// The position of its message.
    pub message: usize,
    /// When it may start.
    pub start: DateTime<Utc>,
    /// When it must have ended.
    pub end: DateTime<Utc>,
    /// Its status.
    pub status: Status,
    /// Whether it is switched on.
    pub is_active: bool,
    /// The number of its last run.
    pub run: i32,
    /// The positions of its recipients.
    pub recipients: Vec<usize>,
    /// What has been tried so far.
    pub attempts: Vec<Attempt>,
}

/// An attempt that was made.
pub struct Attempt {
    /// The position of the recipient.
    pub recipient: usize,
    /// What started the run.
    pub trigger: Trigger,
    /// How it ended.
    pub status: attempt::Status,
    /// What the server said.
    pub response: &'static str,
    /// When.
    pub at: DateTime<Utc>,
}

const FIRST_NAMES: [&str; 25] = [
    "Anna", "Boris", "Clara", "Dmitri", "Elena", "Felix", "Galina", "Hugo", "Irina", "Jonas", "Katya", "Leo", "Maria",
    "Nikolai", "Olga", "Pavel", "Renata", "Sergei", "Tanya", "Uwe", "Vera", "Walter", "Xenia", "Yuri", "Zoya",
];

const LAST_NAMES: [&str; 20] = [
    "Almeida", "Berg", "Castro", "Dahl", "Engel", "Fischer", "Gruber", "Hansen", "Ivanov", "Jensen", "Keller", "Lang",
    "Moreau", "Novak", "Orlov", "Petrov", "Rossi", "Sokolov", "Tamm", "Weber",
];

const COMMENTS: [&str; 5] = ["", "met at the autumn fair", "", "prefers short mails", "asked for the price list"];

const MESSAGES: [Message; 6] = [
    Message {
        subject: "What is new this month",
        body: "Hello!\n\nThree things changed since the last letter: faster search, a dark theme, and exports.\n\nYours, the team",
    },
    Message {
        subject: "Autumn sale: 20 % off everything",
        body: "Hello!\n\nUntil Sunday every plan costs a fifth less. The code is AUTUMN20.\n\nYours, the team",
    },
    Message {
        subject: "Your invitation to the user meeting",
        body: "Hello!\n\nWe meet on the last Thursday of the month, at seven. There will be talks, and soup.\n\nYours, the team",
    },
    Message {
        subject: "Planned maintenance on Saturday",
        body: "Hello!\n\nOn Saturday between 02:00 and 03:00 UTC the service may be away for a few minutes.\n\nYours, the team",
    },
    Message {
        subject: "Ten questions about your year with us",
        body: "Hello!\n\nTen questions, four minutes. What you answer decides what we build next.\n\nYours, the team",
    },
    Message {
        subject: "Welcome aboard",
        body: "Hello!\n\nGood to have you. Here are the three pages that people find most useful in their first week.\n\nYours, the team",
    },
];

/// The data set around `now`.
pub fn data(now: DateTime<Utc>) -> Data {
    Data {
        users: users(now),
        recipients: (0..RECIPIENTS).map(recipient).collect(),
        messages: MESSAGES.into(),
        mailings: mailings(now),
    }
}

fn users(now: DateTime<Utc>) -> Vec<user::Model> {
    let user = |email: &str, first_name: &str, last_name: &str, country: &str| user::Model {
        id: 0,
        email: email.to_owned(),
        username: email.to_owned(),
        password: UNUSABLE_PASSWORD.to_owned(),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        phone: String::new(),
        country: country.to_owned(),
        is_active: true,
        is_staff: false,
        is_superuser: false,
        is_email_verified: true,
        last_login: None,
        date_joined: now - TimeDelta::days(400),
    };
    let admin = user("admin@example.com", "Ada", "Min", "Estonia");
    vec![
        user::Model { is_staff: true, is_superuser: true, ..admin },
        user("anna.petrova@example.com", "Anna", "Petrova", "Latvia"),
        user("mark.weber@example.com", "Mark", "Weber", "Germany"),
    ]
}

/// 25 × 20 names: every one of the 500 stands for one pair.
fn recipient(position: usize) -> Recipient {
    let first = FIRST_NAMES[position % FIRST_NAMES.len()];
    let last = LAST_NAMES[position / FIRST_NAMES.len() % LAST_NAMES.len()];
    Recipient {
        email: format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase()),
        full_name: format!("{first} {last}"),
        comment: COMMENTS[position % COMMENTS.len()],
    }
}

fn mailings(now: DateTime<Utc>) -> Vec<Mailing> {
    let created = (0..9).map(|index| created(now, index));
    let running = (0..8).map(|index| started(now, index, Status::Running));
    let completed = (0..10).map(|index| started(now, index, Status::Completed));
    created.chain(running).chain(completed).collect()
}

fn created(now: DateTime<Utc>, index: usize) -> Mailing {
    let start = now + TimeDelta::days(index as i64) + TimeDelta::hours(1);
    // The first one goes to everybody.
    let recipients = if index == 0 { (0..RECIPIENTS).collect() } else { every(index, 7) };
    Mailing {
        message: index % MESSAGES.len(),
        start,
        end: start + TimeDelta::days(7),
        status: Status::Created,
        is_active: index % 4 != 3,
        run: 0,
        recipients,
        attempts: Vec::new(),
    }
}

fn started(now: DateTime<Utc>, index: usize, status: Status) -> Mailing {
    let (age, tried) = match status {
        Status::Completed => (TimeDelta::days(20 + 9 * index as i64), usize::MAX),
        Status::Created | Status::Running => (TimeDelta::hours(2), 12 + 3 * index),
    };
    let start = now - age;
    let trigger = if index.is_multiple_of(2) { Trigger::Scheduled } else { Trigger::Command };
    let recipients = every(index, 5 + index % 3);
    let attempts = recipients
        .iter()
        .take(tried)
        .enumerate()
        .map(|(nth, recipient)| attempt(start, trigger, nth, *recipient))
        .collect();
    Mailing {
        message: (index + 2) % MESSAGES.len(),
        start,
        end: start + TimeDelta::days(7),
        status,
        is_active: true,
        run: 1,
        recipients,
        attempts,
    }
}

/// One in forty fails.
fn attempt(start: DateTime<Utc>, trigger: Trigger, nth: usize, recipient: usize) -> Attempt {
    let (status, response) = match nth % 40 {
        17 => (attempt::Status::Failure, "550 5.1.1 no such user here"),
        _ => (attempt::Status::Success, "250 2.0.0 queued"),
    };
    Attempt { recipient, trigger, status, response, at: start + TimeDelta::seconds(nth as i64 * 2) }
}

/// The positions of every `step`-th recipient, beginning with `first`.
fn every(first: usize, step: usize) -> Vec<usize> {
    (first..RECIPIENTS).step_by(step).collect()
}
