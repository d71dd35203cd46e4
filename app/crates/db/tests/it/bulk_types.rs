//! Every type through every way of writing many rows.

use db::{Backend, bulk};
use sea_orm::{
    ActiveValue::Set, EntityTrait, PaginatorTrait, QueryOrder, TransactionTrait, TryIntoModel, prelude::DateTimeUtc,
};

use crate::{
    bulk::users,
    entities::{create, user},
    random::Random,
    support::{detect, each, postgres, run, says},
};

pub mod types {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "odd types")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub small: Option<i16>,
        pub whole: Option<i32>,
        #[sea_orm(column_name = "select")]
        pub word: Option<String>,
        #[sea_orm(column_type = "String(StringLen::N(5))", nullable)]
        pub short: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub text: Option<String>,
        pub flag: Option<bool>,
        pub moment: Option<DateTimeUtc>,
        pub local: Option<DateTime>,
        pub day: Option<Date>,
        pub hour: Option<Time>,
        #[sea_orm(column_type = "Float", nullable)]
        pub float: Option<f32>,
        #[sea_orm(column_type = "Double", nullable)]
        pub double: Option<f64>,
        pub json: Option<Json>,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub binary_json: Option<Json>,
        pub bytes: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn odd(random: &mut Random, id: i64) -> types::ActiveModel {
    const TEXTS: [&str; 12] = [
        "",
        "NULL",
        "\\N",
        "\\.",
        "tab\tline\nreturn\rback\\slash",
        "\"quoted\", {braces}",
        "ünï ★ 𝄞",
        "null",
        " ",
        "'",
        "{}",
        "\\\\x",
    ];
    macro_rules! maybe {
        ($value:expr) => {
            Set(random.chance(75).then(|| $value))
        };
    }
    let seconds = random.below(4_000_000_000) as i64 - 2_000_000_000;
    let moment = DateTimeUtc::from_timestamp(seconds, random.below(1_000_000) as u32 * 1000).unwrap();
    let (local, day, hour) = (moment.naive_utc(), moment.date_naive(), moment.time());
    let number = random.below(1_000_000) as f64 - 500_000.0;
    let texts: Vec<String> = (0..3).map(|_| (*random.pick(&TEXTS)).to_owned()).collect();
    let bytes: Vec<u8> = (0..random.below(6)).map(|_| random.below(256) as u8).collect();
    types::ActiveModel {
        id: Set(id),
        small: maybe!(number as i16),
        whole: maybe!(number as i32),
        word: maybe!(texts[0].clone()),
        short: maybe!(texts[1].chars().take(5).collect::<String>()),
        text: maybe!(texts[2].clone()),
        flag: maybe!(seconds % 2 == 0),
        moment: maybe!(moment),
        local: maybe!(local),
        day: maybe!(day),
        hour: maybe!(hour),
        float: maybe!(number as f32 / 3.0),
        double: maybe!(number / 7.0 * 1e200),
        json: maybe!(json_list(&texts)),
        binary_json: maybe!(json_list(&texts[..1])),
        bytes: maybe!(bytes),
    }
}

fn json_list(texts: &[String]) -> sea_orm::JsonValue {
    sea_orm::JsonValue::Array(texts.iter().cloned().map(sea_orm::JsonValue::String).collect())
}

/// Every way to write gives the values that SeaORM reads back: statements of one row, of many, and `COPY`.
#[tokio::test]
async fn every_type_survives_every_way() {
    each(async |fresh| {
        let models = vec![db::model::<types::Entity>("Types")];
        let state = db::ProjectState::reflect(&[db::ModuleModels { label: "odd".to_owned(), models }]).unwrap();
        let new = detect(&db::ProjectState::default(), &state).unwrap();
        let files: Vec<_> =
            new.iter().map(|new| (new.key.module.as_str(), new.key.name.as_str(), new.migration.to_toml())).collect();
        let files: Vec<_> = files.iter().map(|(module, name, text)| (*module, *name, text.as_str())).collect();
        let loader = crate::support::files(&files).load();
        crate::support::migrate(&fresh.db, &loader, &[db::migrations::Target::Latest]).await.unwrap();

        let mut random = Random::from_environment();
        // Enough for `COPY` where there is one.
        let many = if fresh.db.backend() == Backend::Postgres { 10_100 } else { 300 };
        let rows: Vec<_> = (0..many).map(|id| odd(&mut random, id)).collect();
        let expected: Vec<types::Model> = rows.iter().cloned().map(|row| row.try_into_model().unwrap()).collect();
        let stored = async |rows: usize, way: &str| {
            let found = types::Entity::find().order_by_asc(types::Column::Id).all(&fresh.db).await.unwrap();
            assert_eq!(found.len(), rows, "{way}");
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found, expected, "{way}");
            }
        };
        bulk::create(rows.clone()).exec(&fresh.db).await.unwrap();
        stored(many as usize, "created in one go").await;
        let fields = [
            types::Column::Word,
            types::Column::Moment,
            types::Column::Json,
            types::Column::Bytes,
            types::Column::Float,
        ];
        let moved = rows.iter().map(|row| types::ActiveModel {
            word: Set(Some("x".to_owned())),
            moment: Set(None),
            ..row.clone()
        });
        bulk::update(moved.take(300).collect(), fields).exec(&fresh.db).await.unwrap();
        bulk::update(rows[..300].to_vec(), fields).exec(&fresh.db).await.unwrap();
        stored(many as usize, "updated").await;
        run(&fresh.db, "DELETE FROM \"odd types\"").await;
        let transaction = fresh.db.begin().await.unwrap();
        bulk::create(rows[..300].to_vec()).exec(&transaction).await.unwrap();
        transaction.commit().await.unwrap();
        stored(300, "created in a transaction").await;

        // What is too long is refused, not cut.
        if fresh.db.backend() == Backend::Postgres {
            for more in [1, 10_000] {
                let rows = (20_000..20_000 + more).map(|id| types::ActiveModel {
                    id: Set(id),
                    short: Set(Some("too long".to_owned())),
                    ..odd(&mut random, id)
                });
                let refused = bulk::create(rows.collect()).exec(&fresh.db).await.expect_err("too long");
                says(&refused, &["value too long for type character varying(5)"]);
            }
        }
        assert_eq!(types::Entity::find().count(&fresh.db).await.unwrap(), 300);
    })
    .await;
}

#[tokio::test]
async fn years_before_the_first_and_after_the_last_with_four_digits_are_kept() {
    let Some(fresh) = postgres().await else { return };
    create(&fresh.db).await;
    let moments = ["-0043-03-15T12:00:00Z", "0000-01-01T00:00:00Z", "+12024-01-01T00:00:00.123456Z"];
    let moments = moments.map(|text| text.parse::<DateTimeUtc>().unwrap());
    let rows = users(0..3).into_iter().zip(moments);
    let rows: Vec<_> = rows.map(|(row, moment)| user::ActiveModel { date_joined: Set(moment), ..row }).collect();
    let made = bulk::create(rows).exec_with_models(&fresh.db).await.unwrap();
    assert_eq!(made.iter().map(|user| user.date_joined).collect::<Vec<_>>(), moments);
    fresh.db.close().await.unwrap();
}
