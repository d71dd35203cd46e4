//! Settings: one typed struct, layered from defaults, files and the environment.

mod de;
mod diffsettings;
mod entries;
mod env;
mod error;
mod fields;
mod layout;
mod load;
mod network;
mod production;
mod settings;
mod statics;
mod tree;
mod variables;

pub use env::Env;
pub use error::{Error, Fault};
pub use layout::Layout;
pub use load::{Origins, Source, load};
pub use network::Network;
pub use production::{Problem, production_problems};
pub use settings::{Auth, Cache, Database, Environment, Log, Security, Server, Settings};
pub use statics::{Mode, Static, StaticDir};
