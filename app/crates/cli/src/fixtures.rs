//! Commands about rows of any models: as JSON, and by their keys.

use std::path::PathBuf;

use clap::Args;

/// Write the rows of models as JSON
#[derive(Args, Clone, Debug, Default)]
pub struct Dumpdata {
    /// Write only these modules or models (all by default)
    #[arg(value_name = "MODULE[.MODEL]")]
    pub labels: Vec<String>,
    /// Leave out this module or model (repeatable)
    #[arg(short, long, value_name = "MODULE[.MODEL]")]
    pub exclude: Vec<String>,
    /// Write references by the natural key of what they point at, where it has one
    #[arg(long, alias = "natural_foreign")]
    pub natural_foreign: bool,
    /// Leave out the primary keys of models that have a natural key
    #[arg(long, alias = "natural_primary")]
    pub natural_primary: bool,
    /// Indent by this many spaces (one line by default)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=16))]
    pub indent: Option<u8>,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The database to read
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
    /// Every row is written anyway
    #[arg(short, long, hide = true)]
    pub all: bool,
}

/// Load rows that `dumpdata` wrote, all or none
#[derive(Args, Clone, Debug, Default)]
pub struct Loaddata {
    /// Files, or names of files in a module's `fixtures` folder; `-` reads stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The database to write to
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
}

/// Print the keys of a model's newest rows, with what tells the rows apart: what completion in shells offers
#[derive(Args, Clone, Debug, Default)]
#[command(hide = true)]
pub struct Listkeys {
    /// The model; one of another module will do when that alone is called so
    #[arg(value_name = "MODULE.MODEL")]
    pub model: String,
    /// The database to read
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
}
