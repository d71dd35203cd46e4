//! Recipients, messages, mailings and the attempts to send them.

use framework::db::{Model, model};

/// The models, referenced ones first.
pub const MODELS: &[Model] = &[
    model::<recipient::Entity>("Recipient")
        .with_verbose_name("recipient", "recipients")
        .with_permissions(&[("can_view_all_recipients", "Can view all recipients")]),
    model::<message::Entity>("Message")
        .with_verbose_name("message", "messages")
        .with_permissions(&[("can_view_all_messages", "Can view all messages")]),
    model::<mailing::Entity>("Mailing").with_verbose_name("mailing", "mailings").with_permissions(&[
        ("can_view_all_mailings", "Can view all mailings"),
        ("can_disable_mailing", "Can disable mailings"),
    ]),
    model::<mailing_recipient::Entity>("MailingRecipient").with_default_permissions(&[]),
    model::<attempt::Entity>("Attempt").with_verbose_name("attempt", "attempts"),
];

/// Somebody who gets mail.
pub mod recipient {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A recipient; an owner has each address once.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailings_recipient")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique_key = "email_owner", column_type = "String(StringLen::N(254))")]
        pub email: String,
        #[sea_orm(column_type = "String(StringLen::N(255))")]
        pub full_name: String,
        #[sea_orm(column_type = "Text", default_value = "")]
        pub comment: String,
        #[sea_orm(unique_key = "email_owner", indexed)]
        pub owner_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::modules::users::models::user::Entity",
            from = "Column::OwnerId",
            to = "crate::modules::users::models::user::Column::Id",
            on_delete = "Cascade"
        )]
        Owner,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is sent.
pub mod message {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A message.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailings_message")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_type = "String(StringLen::N(255))")]
        pub subject: String,
        #[sea_orm(column_type = "Text")]
        pub body: String,
        #[sea_orm(indexed)]
        pub owner_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::modules::users::models::user::Entity",
            from = "Column::OwnerId",
            to = "crate::modules::users::models::user::Column::Id",
            on_delete = "Cascade"
        )]
        Owner,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A message to recipients, in a window of time.
pub mod mailing {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// Where a mailing is in its life.
    #[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
    pub enum Status {
        /// Not sent yet.
        Created,
        /// Being sent.
        Running,
        /// Sent; the attempts tell to whom.
        Completed,
    }

    /// A mailing.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailings_mailing")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub start_datetime: DateTimeUtc,
        pub end_datetime: DateTimeUtc,
        #[sea_orm(indexed)]
        pub status: Status,
        #[sea_orm(indexed)]
        pub message_id: i64,
        #[sea_orm(default_value = true)]
        pub is_active: bool,
        /// The number of the run that is going on or was the last; 0 before the first.
        #[sea_orm(default_value = 0)]
        pub current_run: i32,
        #[sea_orm(indexed)]
        pub owner_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::message::Entity",
            from = "Column::MessageId",
            to = "super::message::Column::Id",
            on_delete = "Restrict"
        )]
        Message,
        #[sea_orm(
            belongs_to = "crate::modules::users::models::user::Entity",
            from = "Column::OwnerId",
            to = "crate::modules::users::models::user::Column::Id",
            on_delete = "Cascade"
        )]
        Owner,
    }

    impl Related<super::message::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Message.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who gets a mailing.
pub mod mailing_recipient {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A recipient of a mailing.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailings_mailing_recipients")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique_key = "pair")]
        pub mailing_id: i64,
        #[sea_orm(unique_key = "pair", indexed)]
        pub recipient_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::mailing::Entity",
            from = "Column::MailingId",
            to = "super::mailing::Column::Id",
            on_delete = "Cascade"
        )]
        Mailing,
        #[sea_orm(
            belongs_to = "super::recipient::Entity",
            from = "Column::RecipientId",
            to = "super::recipient::Column::Id",
            on_delete = "Cascade"
        )]
        Recipient,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// One try to hand a mailing's message over for a recipient.
pub mod attempt {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// What made the mailing start.
    #[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
    pub enum Trigger {
        /// A person, on a page.
        Manual,
        /// The schedule.
        Scheduled,
        /// The command.
        Command,
    }

    /// How the try ended.
    #[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
    pub enum Status {
        /// The server took the mail.
        Success,
        /// It did not.
        Failure,
    }

    /// An attempt.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailings_attempt")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(indexed)]
        pub mailing_id: i64,
        #[sea_orm(indexed)]
        pub recipient_id: i64,
        pub run_number: i32,
        pub trigger_type: Trigger,
        pub status: Status,
        #[sea_orm(column_type = "Text", default_value = "")]
        pub server_response: String,
        pub attempted_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::mailing::Entity",
            from = "Column::MailingId",
            to = "super::mailing::Column::Id",
            on_delete = "Cascade"
        )]
        Mailing,
        #[sea_orm(
            belongs_to = "super::recipient::Entity",
            from = "Column::RecipientId",
            to = "super::recipient::Column::Id",
            on_delete = "Cascade"
        )]
        Recipient,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
