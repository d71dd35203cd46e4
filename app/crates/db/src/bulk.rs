//! Many rows at once.

use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable};

use crate::{Backend, Error};

/// Inserts `rows` in as few statements as the backend's bind limit (and `batch_size`, if given) allows.
///
/// Returns how many rows were inserted. Not atomic by itself: give it a transaction if it should be.
///
/// # Errors
/// [`Error::Database`]; the batches before the failing one stay unless `db` is a transaction that is rolled back.
pub async fn insert_many<A, C>(db: &C, rows: Vec<A>, batch_size: Option<usize>) -> Result<u64, Error>
where
    A: ActiveModelTrait + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    C: ConnectionTrait,
{
    let backend = Backend::of(db);
    let columns = <A::Entity as EntityTrait>::Column::iter().count().max(1);
    let most = (backend.bind_limit() / columns).max(1);
    let size = batch_size.map_or(most, |size| size.clamp(1, most));
    let mut inserted = 0;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<A> = rows.by_ref().take(size).collect();
        inserted += A::Entity::insert_many(batch).exec_without_returning(db).await?;
    }
    Ok(inserted)
}
