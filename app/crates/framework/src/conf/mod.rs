//! Settings: one typed struct, layered from defaults, files and the environment.

mod env;
mod layout;
mod load;
mod settings;

pub use env::Env;
pub use layout::Layout;
pub use load::{Error, Problem, Source, load, production_problems};
pub use settings::{Auth, Database, Environment, Log, Server, Settings, Static};
