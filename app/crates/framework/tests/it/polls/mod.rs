//! The worked example: polls, and a command that closes them.

mod closepoll;
pub(crate) mod models;

use framework::db::Database;
use framework::management::command;
use framework::module::Module;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait as _, EntityTrait as _, Schema};

pub(crate) fn module() -> Module {
    // The tests make its tables themselves.
    Module::new("polls")
        .models(models::MODELS)
        .embedded_migrations(&[])
        .commands(vec![command::<closepoll::Command>()])
        .clone()
}

/// Makes the tables, and polls with these ids, all open.
pub(crate) async fn fill(db: &Database, ids: &[i64]) {
    let schema = Schema::new(db.get_database_backend());
    for table in [
        schema.create_table_from_entity(models::question::Entity),
        schema.create_table_from_entity(models::choice::Entity),
    ] {
        db.execute(&table).await.expect("a table");
    }
    for id in ids {
        let question = models::question::ActiveModel {
            id: Set(*id),
            question_text: Set(format!("Question {id}?")),
            opened: Set(true),
        };
        question.insert(db).await.expect("a question");
        let choice = models::choice::ActiveModel {
            id: NotSet,
            question_id: Set(*id),
            choice_text: Set("Yes".to_owned()),
            votes: Set(0),
        };
        choice.insert(db).await.expect("a choice");
    }
}

/// Every poll with whether it is open.
pub(crate) async fn polls(db: &Database) -> Vec<(i64, bool)> {
    let questions = models::question::Entity::find().all(db).await.expect("questions");
    questions.into_iter().map(|question| (question.id, question.opened)).collect()
}

mod tests {
    use framework::management::{Call, CommandError};

    use super::{closepoll, fill, module, polls};
    use crate::sandbox::{Sandbox, wait};

    #[test]
    fn polls_are_closed() {
        wait(async {
            let sandbox = Sandbox::new(&[module]);
            let ctx = sandbox.ctx();
            let db = ctx.db().await.expect("a database");
            fill(&db, &[1, 2, 3]).await;
            let call = Call::typed(closepoll::Command { poll_ids: vec![1, 3], delete: false });
            let called = call.run(&ctx).await.expect("two polls");
            assert_eq!(called.stdout, "Successfully closed poll \"1\"\nSuccessfully closed poll \"3\"\n");
            assert_eq!(polls(&db).await, [(1, false), (2, true), (3, false)]);
        });
    }

    #[test]
    fn polls_are_deleted_with_their_choices() {
        wait(async {
            let sandbox = Sandbox::new(&[module]);
            let ctx = sandbox.ctx();
            let db = ctx.db().await.expect("a database");
            fill(&db, &[1, 2]).await;
            let called = Call::named("closepoll", ["2", "--delete"]).run(&ctx).await.expect("a poll");
            assert_eq!(called.stdout, "Successfully closed poll \"2\"\n");
            assert_eq!(polls(&db).await, [(1, true)]);
        });
    }

    #[test]
    fn a_poll_that_does_not_exist_is_an_error() {
        wait(async {
            let sandbox = Sandbox::new(&[module]);
            let ctx = sandbox.ctx();
            fill(&ctx.db().await.expect("a database"), &[1]).await;
            let error = Call::named("closepoll", ["7"]).run(&ctx).await.expect_err("no such poll");
            let error = error.downcast_ref::<CommandError>().expect("a CommandError");
            assert_eq!((error.to_string().as_str(), error.returncode()), ("Poll \"7\" does not exist", 1));
        });
    }

    #[test]
    fn from_argv_the_success_is_green_and_the_error_one_line() {
        let sandbox = Sandbox::new(&[module]);
        wait(async {
            let ctx = sandbox.ctx();
            fill(&ctx.db().await.expect("a database"), &[1]).await;
            ctx.close().await;
        });
        let green = "\x1b[32;1mSuccessfully closed poll \"1\"\n\x1b[0m";
        sandbox.line("closepoll 1 --force-color").is(0, green, "");
        sandbox.line("closepoll 7").is(1, "", "CommandError: Poll \"7\" does not exist\n");
        sandbox.line("closepoll").says_on_err(2, "<POLL_IDS>");
        sandbox.line("closepoll one").says_on_err(2, "invalid value 'one'");
    }
}
