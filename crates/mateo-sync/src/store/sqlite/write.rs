//! Applying a batch, in one transaction.

use rusqlite::types::Null;
use rusqlite::{ToSql, TransactionBehavior, params};

use super::{Db, failed, time_text};
use crate::store::{Batch, StoreError, StoreErrorKind};

impl Db {
    pub(super) fn apply(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if !self.path.exists() {
            // SQLite would go on writing to a file that has no name any more.
            let text = format!("{} is gone", self.path.display());
            return Err(StoreError::new(StoreErrorKind::Unavailable, text));
        }
        self.write(batch).map_err(|error| failed(error, &self.path))
    }

    fn write(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let names = &self.names;
        let at = time_text(batch.at);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut upsert = transaction.prepare_cached(&names.upsert)?;
            let mut parameters: Vec<&dyn ToSql> = Vec::with_capacity(self.columns.len() + 3);
            for row in &batch.rows {
                parameters.clear();
                parameters.extend(row.values.iter().map(|value| value as &dyn ToSql));
                parameters.extend([&row.extra as &dyn ToSql, &at, &Null]);
                upsert.execute(parameters.as_slice())?;
            }
        }
        if !batch.deleted.is_empty() {
            let imports = &names.imports;
            let sql = format!("UPDATE {imports} SET deleted_at = ?1 WHERE id = ?2 AND deleted_at IS NULL");
            let mut delete = transaction.prepare_cached(&sql)?;
            for id in &batch.deleted {
                delete.execute(params![at, id.to_string()])?;
            }
        }
        if !batch.failed.is_empty() {
            let sql = format!(
                "INSERT INTO {} (id, noted_at, reported_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
                names.failed
            );
            let mut note = transaction.prepare_cached(&sql)?;
            let reported = (!batch.failed_is_news).then_some(&at);
            for id in &batch.failed {
                note.execute(params![id.to_string(), at, reported])?;
            }
        }
        if !batch.reported.is_empty() {
            let sql = format!("UPDATE {} SET reported_at = ?1 WHERE id = ?2", names.failed);
            let mut report = transaction.prepare_cached(&sql)?;
            for id in &batch.reported {
                report.execute(params![at, id.to_string()])?;
            }
        }
        if let Some(state) = &batch.state {
            let text = serde_json::to_string(state)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            transaction.execute(&format!("UPDATE {} SET state = ?1", names.state), [text])?;
        }
        transaction.commit()
    }
}
