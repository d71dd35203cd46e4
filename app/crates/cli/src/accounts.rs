//! Commands about people who log in, and about their sessions.

use clap::Args;

/// Change the password of a user
#[derive(Args, Clone, Debug, Default)]
pub struct Changepassword {
    /// The user's email or username (by default the name of who is logged in to this machine)
    #[arg(value_name = "EMAIL|USERNAME")]
    pub user: Option<String>,
    /// The database that the user is in
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
}

/// Remove expired sessions from the database
#[derive(Args, Clone, Debug, Default)]
pub struct Clearsessions {}

/// Create a superuser: staff, with all permissions
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "With --noinput, what is not given comes from APP_SUPERUSER_EMAIL, APP_SUPERUSER_USERNAME and \
                        APP_SUPERUSER_PASSWORD; without a password the account cannot log in until it gets one.")]
pub struct Createsuperuser {
    /// The email, which is the login name
    #[arg(long)]
    pub email: Option<String>,
    /// A unique name (by default the email)
    #[arg(long)]
    pub username: Option<String>,
    /// Never ask
    #[arg(long = "noinput", visible_alias = "no-input", aliases = ["no_input", "yes"])]
    pub noinput: bool,
    /// The database to create the user in
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
}
