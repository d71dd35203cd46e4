//! The arguments of the commands around a production site: the server, static files, the cache.

use std::path::PathBuf;

use clap::Args;

use crate::Bind;

/// Start the production server
#[derive(Args, Clone, Debug, Default)]
pub struct Serve {
    /// Where to listen: `port`, `address:port` or `unix:/path` (repeatable; by default what the settings say)
    #[arg(long, value_name = "ADDR")]
    pub bind: Vec<Bind>,
    /// How many processes serve (by default what the settings say)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub workers: Option<u32>,
    /// Start again after a crash of the whole server, a little later each time
    #[arg(long, visible_alias = "restart_on_failure")]
    pub restart_on_failure: bool,
    /// Write the first bound `host:port` to this file once the server is ready
    #[arg(long, value_name = "PATH", hide = true)]
    pub port_file: Option<PathBuf>,
    /// Leave the terminal and the session that it was started from
    #[arg(long, hide = true)]
    pub detached: bool,
}

/// Collect the static files in a single location, hashed and compressed
#[derive(Args, Clone, Debug, Default)]
pub struct Collectstatic {
    /// Ask nothing
    #[arg(long, visible_alias = "no-input", alias = "no_input")]
    pub noinput: bool,
    /// Do everything except changing files
    #[arg(short = 'n', long, visible_alias = "dry_run")]
    pub dry_run: bool,
    /// Remove everything that is there before
    #[arg(short, long)]
    pub clear: bool,
    /// Link to the files instead of copying them
    #[arg(short, long)]
    pub link: bool,
    /// Leave out files and directories that match this pattern (repeatable)
    #[arg(short, long = "ignore", value_name = "PATTERN")]
    pub ignore: Vec<String>,
    /// Collect what is left out by default too: `CVS`, `.*` and `*~`
    #[arg(long, visible_alias = "no_default_ignore")]
    pub no_default_ignore: bool,
    /// Neither hash nor compress
    #[arg(long, visible_alias = "no_post_process")]
    pub no_post_process: bool,
    /// How many earlier generations of hashed files are kept (by default what the settings say)
    #[arg(long, value_name = "N")]
    pub keep: Option<u32>,
}

/// Find the absolute paths of static files
#[derive(Args, Clone, Debug, Default)]
pub struct Findstatic {
    /// The static files, as templates name them (`css/site.css`)
    #[arg(value_name = "STATICFILE")]
    pub files: Vec<String>,
    /// Show only the file that is used, not those that it hides
    #[arg(long)]
    pub first: bool,
}

/// Empty the cache
#[derive(Args, Clone, Debug, Default)]
pub struct ClearCache {
    /// The cache to empty
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub alias: Option<String>,
    /// Only the entries whose key begins with this
    #[arg(long, value_name = "P")]
    pub prefix: Option<String>,
}
