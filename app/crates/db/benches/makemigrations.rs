//! What `makemigrations --check` does: reading the migrations, working out their state, reflecting the entities and
//! comparing. The project promises 50 ms for 100 entities. `cargo bench -p db --bench makemigrations`; exit code 1 when
//! the promise is broken.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a bench")]

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use db::{
    Model, ModuleModels, ProjectState,
    migrations::{DetectOptions, Loader, ModuleMigrations, NonInteractive, Source, autodetect},
    model,
    state::ModelState,
};

const PROMISED: Duration = Duration::from_millis(50);
const RUNS: usize = 21;

/// Entities of ten columns each, in modules; every one references another.
macro_rules! entities {
    ($($module:ident: $(($entity:ident $table:literal $parent:ident))*;)*) => {
        $($(
            pub mod $entity {
                use sea_orm::entity::prelude::*;

                use super::$parent as parent;

                #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
                #[sea_orm(table_name = $table)]
                pub struct Model {
                    #[sea_orm(primary_key)]
                    pub id: i64,
                    #[sea_orm(unique)]
                    pub code: String,
                    #[sea_orm(column_type = "String(StringLen::N(150))", default_value = "")]
                    pub name: String,
                    #[sea_orm(indexed)]
                    pub country: Option<String>,
                    #[sea_orm(default_value = true)]
                    pub is_active: bool,
                    pub created_at: DateTimeUtc,
                    #[sea_orm(default_expr = "Expr::current_timestamp()")]
                    pub updated_at: DateTimeUtc,
                    pub parent_id: Option<i64>,
                    #[sea_orm(default_value = 0)]
                    pub added_later: i32,
                    pub added_last: Option<f64>,
                }

                #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
                pub enum Relation {
                    #[sea_orm(
                        belongs_to = "parent::Entity",
                        from = "Column::ParentId",
                        to = "parent::Column::Id",
                        on_delete = "SetNull"
                    )]
                    Parent,
                }

                impl ActiveModelBehavior for ActiveModel {}
            }
        )*)*

        fn modules() -> Vec<ModuleModels> {
            vec![$(
                {
                    const MODELS: &[Model] = &[$(model::<$entity::Entity>(stringify!($entity))),*];
                    ModuleModels { label: stringify!($module).to_owned(), models: MODELS.to_vec() }
                }
            ),*]
        }
    };
}

entities! {
    m0: (e00 "m0_e00" e00) (e01 "m0_e01" e00) (e02 "m0_e02" e00) (e03 "m0_e03" e00) (e04 "m0_e04" e00)
        (e05 "m0_e05" e00) (e06 "m0_e06" e00) (e07 "m0_e07" e00) (e08 "m0_e08" e00) (e09 "m0_e09" e00);
    m1: (e10 "m1_e10" e00) (e11 "m1_e11" e10) (e12 "m1_e12" e10) (e13 "m1_e13" e10) (e14 "m1_e14" e10)
        (e15 "m1_e15" e10) (e16 "m1_e16" e10) (e17 "m1_e17" e10) (e18 "m1_e18" e10) (e19 "m1_e19" e10);
    m2: (e20 "m2_e20" e10) (e21 "m2_e21" e20) (e22 "m2_e22" e20) (e23 "m2_e23" e20) (e24 "m2_e24" e20)
        (e25 "m2_e25" e20) (e26 "m2_e26" e20) (e27 "m2_e27" e20) (e28 "m2_e28" e20) (e29 "m2_e29" e20);
    m3: (e30 "m3_e30" e20) (e31 "m3_e31" e30) (e32 "m3_e32" e30) (e33 "m3_e33" e30) (e34 "m3_e34" e30)
        (e35 "m3_e35" e30) (e36 "m3_e36" e30) (e37 "m3_e37" e30) (e38 "m3_e38" e30) (e39 "m3_e39" e30);
    m4: (e40 "m4_e40" e30) (e41 "m4_e41" e40) (e42 "m4_e42" e40) (e43 "m4_e43" e40) (e44 "m4_e44" e40)
        (e45 "m4_e45" e40) (e46 "m4_e46" e40) (e47 "m4_e47" e40) (e48 "m4_e48" e40) (e49 "m4_e49" e40);
    m5: (e50 "m5_e50" e40) (e51 "m5_e51" e50) (e52 "m5_e52" e50) (e53 "m5_e53" e50) (e54 "m5_e54" e50)
        (e55 "m5_e55" e50) (e56 "m5_e56" e50) (e57 "m5_e57" e50) (e58 "m5_e58" e50) (e59 "m5_e59" e50);
    m6: (e60 "m6_e60" e50) (e61 "m6_e61" e60) (e62 "m6_e62" e60) (e63 "m6_e63" e60) (e64 "m6_e64" e60)
        (e65 "m6_e65" e60) (e66 "m6_e66" e60) (e67 "m6_e67" e60) (e68 "m6_e68" e60) (e69 "m6_e69" e60);
    m7: (e70 "m7_e70" e60) (e71 "m7_e71" e70) (e72 "m7_e72" e70) (e73 "m7_e73" e70) (e74 "m7_e74" e70)
        (e75 "m7_e75" e70) (e76 "m7_e76" e70) (e77 "m7_e77" e70) (e78 "m7_e78" e70) (e79 "m7_e79" e70);
    m8: (e80 "m8_e80" e70) (e81 "m8_e81" e80) (e82 "m8_e82" e80) (e83 "m8_e83" e80) (e84 "m8_e84" e80)
        (e85 "m8_e85" e80) (e86 "m8_e86" e80) (e87 "m8_e87" e80) (e88 "m8_e88" e80) (e89 "m8_e89" e80);
    m9: (e90 "m9_e90" e80) (e91 "m9_e91" e90) (e92 "m9_e92" e90) (e93 "m9_e93" e90) (e94 "m9_e94" e90)
        (e95 "m9_e95" e90) (e96 "m9_e96" e90) (e97 "m9_e97" e90) (e98 "m9_e98" e90) (e99 "m9_e99" e90);
}

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    load: Duration,
    state: Duration,
    reflect: Duration,
    autodetect: Duration,
}

impl Times {
    fn sum(&self) -> Duration {
        self.load + self.state + self.reflect + self.autodetect
    }
}

/// The state as it was before the columns after the first `kept` were added.
fn earlier(state: &ProjectState, kept: usize) -> ProjectState {
    let mut earlier = ProjectState::default();
    for (key, model) in state.models() {
        let fields = model.fields[..kept].to_vec();
        earlier.insert(key.clone(), ModelState { fields, ..model.clone() });
    }
    earlier
}

fn main() -> ExitCode {
    let root = tempfile::tempdir().unwrap();
    let options = DetectOptions::new("2024-05-06T07:08:09Z".parse().unwrap());
    let models = modules();
    let sources: Vec<ModuleMigrations> = models
        .iter()
        .map(|module| {
            let directory = root.path().join(&module.label).join("migrations");
            ModuleMigrations { label: module.label.clone(), source: Source::Dir(directory) }
        })
        .collect();
    let now = ProjectState::reflect(&models).unwrap();
    for kept in 8..=10 {
        let loader = Loader::load(&sources).unwrap();
        let (from, to) = (loader.state().unwrap(), earlier(&now, kept));
        for new in autodetect(&from, &to, &loader, &mut NonInteractive::default(), &options).unwrap() {
            new.write(&root.path().join(&new.key.module).join("migrations")).unwrap();
        }
    }

    let mut runs: Vec<Times> = Vec::new();
    for _ in 0..RUNS {
        let mut started = Instant::now();
        let mut lap = || {
            let took = started.elapsed();
            started = Instant::now();
            took
        };
        let loader = Loader::load(&sources).unwrap();
        let load = lap();
        let from = loader.state().unwrap();
        let state = lap();
        let to = ProjectState::reflect(&models).unwrap();
        let reflect = lap();
        let new = autodetect(&from, &to, &loader, &mut NonInteractive::default(), &options).unwrap();
        runs.push(Times { load, state, reflect, autodetect: lap() });
        assert!(new.is_empty(), "{new:?}");
    }
    runs.sort_by_key(Times::sum);
    let median = runs[RUNS / 2];
    let entities = now.models().count();
    let migrations = Loader::load(&sources).unwrap().migrations().count();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "makemigrations --check: {entities} entities, {migrations} migrations: {:.1} ms (load {:.1}, state {:.1}, \
         reflect {:.1}, autodetect {:.1}), median of {RUNS}; promised {} ms",
        milliseconds(median.sum()),
        milliseconds(median.load),
        milliseconds(median.state),
        milliseconds(median.reflect),
        milliseconds(median.autodetect),
        PROMISED.as_millis()
    );
    if median.sum() > PROMISED { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
