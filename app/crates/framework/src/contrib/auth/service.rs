//! What can be done with groups and permissions. Only this file writes their rows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use db::{Database, bulk};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    TransactionTrait as _,
};

use super::models::{group, group_permission, permission};
use crate::accounts::{Account, Accounts};
use crate::module::Module;

/// A permission that models say there is: module, model in lower case, codename, text for people.
type Wanted = (String, String, String, String);

/// What [`set_group_permissions`] changed, as `module.codename`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Granted now.
    pub added: Vec<String>,
    /// Taken away.
    pub removed: Vec<String>,
}

/// Makes the permissions that the modules' models say there are: add, change, delete and view for each model, and its
/// own. Those that nobody wants any more are left alone, for somebody may have been granted them.
///
/// # Errors
/// When the database fails.
pub async fn create_permissions(db: &Database, modules: &[Module]) -> anyhow::Result<u64> {
    let rows: Vec<(String, String, String)> = permission::Entity::find()
        .select_only()
        .columns([permission::Column::Module, permission::Column::Model, permission::Column::Codename])
        .into_tuple()
        .all(db)
        .await?;
    let known: BTreeSet<(String, String, String)> = rows.into_iter().collect();
    let key = |(module, model, codename, _): &Wanted| (module.clone(), model.clone(), codename.clone());
    let missing: Vec<Wanted> = wanted(modules).into_iter().filter(|wanted| !known.contains(&key(wanted))).collect();
    let rows = missing.into_iter().map(|(module, model, codename, name)| permission::ActiveModel {
        id: NotSet,
        module: Set(module),
        model: Set(model),
        codename: Set(codename),
        name: Set(name),
    });
    // Another process may be migrating too, and have made them in between.
    Ok(bulk::create(rows.collect()).on_conflict(bulk::OnConflict::Ignore).exec(db).await?)
}

/// The permissions that the models of these modules say there are.
fn wanted(modules: &[Module]) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for module in modules {
        for model in module.models {
            let (label, name, verbose) = (module.label(), model.name().to_lowercase(), model.verbose_name());
            let defaults = model.default_permissions().iter();
            let defaults = defaults.map(|action| (format!("{action}_{name}"), format!("Can {action} {verbose}")));
            let own = model.permissions().iter().map(|(codename, text)| ((*codename).to_owned(), (*text).to_owned()));
            wanted.extend(defaults.chain(own).map(|(codename, text)| (label.to_owned(), name.clone(), codename, text)));
        }
    }
    wanted
}

/// What an account may do, as `module.codename` (`mailings.view_mailing`): its own permissions and those of its groups;
/// all there are for a superuser, none for who is not active.
///
/// # Errors
/// When the database fails.
pub async fn permissions_of(
    db: &Database,
    accounts: &dyn Accounts,
    account: &Account,
) -> Result<BTreeSet<String>, DbErr> {
    if !account.is_active {
        return Ok(BTreeSet::new());
    }
    let mut query = permission::Entity::find();
    if !account.is_superuser {
        let mut ids: BTreeSet<i64> = accounts.permission_ids(db, account.id).await?.into_iter().collect();
        let groups = accounts.group_ids(db, account.id).await?;
        let of_groups: Vec<i64> = group_permission::Entity::find()
            .select_only()
            .column(group_permission::Column::PermissionId)
            .filter(group_permission::Column::GroupId.is_in(groups))
            .into_tuple()
            .all(db)
            .await?;
        ids.extend(of_groups);
        query = query.filter(permission::Column::Id.is_in(ids));
    }
    Ok(query.all(db).await?.iter().map(label).collect())
}

/// The permissions there are, in order of module, model and codename.
///
/// # Errors
/// When the database fails.
pub async fn permissions(db: &impl ConnectionTrait) -> Result<Vec<permission::Model>, DbErr> {
    permission::Entity::find()
        .order_by_asc(permission::Column::Module)
        .order_by_asc(permission::Column::Model)
        .order_by_asc(permission::Column::Codename)
        .all(db)
        .await
}

/// How a permission is written: `module.codename`.
pub fn label(permission: &permission::Model) -> String {
    format!("{}.{}", permission.module, permission.codename)
}

/// Whether [`get_or_create_group`] made the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was there already.
    Existing,
    /// It is new.
    Created,
}

/// The group with this name, made if there is none.
///
/// # Errors
/// When the database fails.
pub async fn get_or_create_group(db: &impl ConnectionTrait, name: &str) -> Result<(group::Model, Found), DbErr> {
    let find = group::Entity::find().filter(group::Column::Name.eq(name));
    if let Some(group) = find.clone().one(db).await? {
        return Ok((group, Found::Existing));
    }
    let new = group::ActiveModel { id: NotSet, name: Set(name.to_owned()) };
    let by_name = OnConflict::column(group::Column::Name).do_nothing().to_owned();
    let made = group::Entity::insert(new).on_conflict(by_name).exec_without_returning(db).await?;
    let group = find.one(db).await?.ok_or_else(|| DbErr::RecordNotFound(format!("group {name}")))?;
    Ok((group, if made == 0 { Found::Existing } else { Found::Created }))
}

/// Gives a group exactly these permissions (`module.codename`): others are taken away. All or nothing.
///
/// # Errors
/// When one of them does not exist, or the database fails; nothing is changed then.
pub async fn set_group_permissions(db: &Database, group: i64, labels: &[&str]) -> anyhow::Result<Changes> {
    let transaction = db.begin().await?;
    let all: BTreeMap<String, i64> =
        permissions(&transaction).await?.iter().map(|permission| (label(permission), permission.id)).collect();
    let id = |wanted: &&str| {
        let id = all.get(*wanted).copied();
        id.ok_or_else(|| anyhow!("there is no permission `{wanted}` (`migrate` makes those of the models)"))
    };
    let wanted = labels.iter().map(id).collect::<anyhow::Result<BTreeSet<i64>>>()?;
    let of_group = group_permission::Column::GroupId.eq(group);
    let held: Vec<i64> = group_permission::Entity::find()
        .select_only()
        .column(group_permission::Column::PermissionId)
        .filter(of_group.clone())
        .into_tuple()
        .all(&transaction)
        .await?;
    let held: BTreeSet<i64> = held.into_iter().collect();
    let (added, removed): (Vec<i64>, Vec<i64>) =
        (wanted.difference(&held).copied().collect(), held.difference(&wanted).copied().collect());
    let rows = added.iter().map(|&permission_id| group_permission::ActiveModel {
        id: NotSet,
        group_id: Set(group),
        permission_id: Set(permission_id),
    });
    bulk::create(rows.collect()).exec(&transaction).await?;
    group_permission::Entity::delete_many()
        .filter(of_group)
        .filter(group_permission::Column::PermissionId.is_in(removed.iter().copied()))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    let labels =
        |ids: Vec<i64>| all.iter().filter(|(_, id)| ids.contains(id)).map(|(label, _)| label.clone()).collect();
    Ok(Changes { added: labels(added), removed: labels(removed) })
}
