//! Visitors with a login.

use std::collections::BTreeSet;

use super::TestProject;
use crate::accounts::{Account, NewAccount, Rank, unusable};
use crate::contrib::auth::service;
use crate::http::Client;

impl TestProject {
    /// A visitor who is logged in as a new user with these permissions (`library_books.add_book`) and no others.
    ///
    /// # Panics
    /// When there is no such permission, or no installed module has users.
    pub async fn client_with(&self, permissions: &[&str]) -> Client {
        let account = self.user(permissions).await;
        self.client_of(&account).await
    }

    /// A visitor who is logged in as a new superuser, and may do everything.
    ///
    /// # Panics
    /// When no installed module has users.
    pub async fn superuser(&self) -> Client {
        let account = self.account(Rank::Superuser).await;
        self.client_of(&account).await
    }

    /// A visitor who is logged in as this account.
    ///
    /// # Panics
    /// When the account is not active, or sessions are not installed.
    pub async fn client_of(&self, account: &Account) -> Client {
        let client = self.client();
        client.log_in(account).await;
        client
    }

    /// A new user with these permissions and no others, who cannot log in with a password.
    ///
    /// # Panics
    /// When there is no such permission, or no installed module has users.
    pub async fn user(&self, permissions: &[&str]) -> Account {
        let account = self.account(Rank::User).await;
        let (db, accounts) = (self.db().await, self.ctx().require_accounts().expect("a module with users"));
        let known = service::permissions(&db).await.expect("permissions");
        let asked: BTreeSet<&str> = permissions.iter().copied().collect();
        let missing: Vec<&&str> =
            asked.iter().filter(|label| !known.iter().any(|known| service::label(known) == ***label)).collect();
        assert!(missing.is_empty(), "there are no permissions {missing:?}");
        let held = known.iter().filter(|known| asked.contains(service::label(known).as_str()));
        let ids: Vec<i64> = held.map(|permission| permission.id).collect();
        accounts.set_permissions(&db, account.id, &ids).await.expect("permissions granted");
        account
    }

    async fn account(&self, rank: Rank) -> Account {
        let (db, accounts) = (self.db().await, self.ctx().require_accounts().expect("a module with users"));
        let name = format!("user-{}", crate::clock::random_hex(self.ctx().random(), 6));
        let new = NewAccount {
            email: format!("{name}@example.com"),
            username: name,
            password: unusable(self.ctx().random()),
            rank,
            joined: self.now(),
        };
        accounts.create(&db, new).await.expect("a new account")
    }
}
