//! Applying a batch, in one transaction.

use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use mateo_imports::columns::ColumnKind;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{PostgresStore, failed, jsonb};
use crate::columns::Column;
use crate::row::{Row, Value};
use crate::store::{Batch, StoreError, StoreErrorKind};

/// Rows as the parameters of a statement: an array for each column, and one of their `extra`.
pub(super) struct Parameters(Vec<Array>);

enum Array {
    Uuid(Vec<Option<Uuid>>),
    Timestamp(Vec<Option<DateTime<Utc>>>),
    Text(Vec<Option<String>>),
    Integer(Vec<Option<i32>>),
}

impl Parameters {
    /// Takes the values out of the rows.
    pub(super) fn of(rows: &mut [Row], columns: &[Column]) -> Self {
        let mut arrays = Vec::with_capacity(columns.len() + 2);
        for (index, column) in columns.iter().enumerate() {
            let values = rows.iter_mut().map(|row| match row.values.get_mut(index) {
                Some(value) => std::mem::replace(value, Value::Null),
                None => Value::Null,
            });
            arrays.push(match column.kind {
                ColumnKind::Uuid => Array::Uuid(
                    values
                        .map(|value| {
                            if let Value::Uuid(id) = value {
                                Some(id)
                            } else {
                                None
                            }
                        })
                        .collect(),
                ),
                ColumnKind::Timestamp => Array::Timestamp(
                    values
                        .map(|value| {
                            if let Value::Timestamp(time) = value {
                                Some(time)
                            } else {
                                None
                            }
                        })
                        .collect(),
                ),
                ColumnKind::Integer => Array::Integer(
                    values
                        .map(|value| {
                            if let Value::Integer(number) = value {
                                Some(number)
                            } else {
                                None
                            }
                        })
                        .collect(),
                ),
                ColumnKind::Json | ColumnKind::Text | ColumnKind::ImportType => Array::Text(
                    values
                        .map(|value| match value {
                            Value::Json(text) | Value::Text(text) => Some(text),
                            _ => None,
                        })
                        .collect(),
                ),
            });
        }
        arrays.push(Array::Text(rows.iter_mut().map(|row| row.extra.take()).collect()));
        Self(arrays)
    }

    pub(super) fn push_ids(&mut self, ids: Vec<Uuid>) {
        self.0.push(Array::Uuid(ids.into_iter().map(Some).collect()));
    }

    pub(super) fn as_refs(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0
            .iter()
            .map(|array| match array {
                Array::Uuid(values) => values as &(dyn ToSql + Sync),
                Array::Timestamp(values) => values,
                Array::Text(values) => values,
                Array::Integer(values) => values,
            })
            .collect()
    }
}

impl PostgresStore {
    pub(super) async fn write(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        if batch
            .rows
            .iter()
            .any(|row| row.values.len() != self.columns.len())
        {
            let text = "a row has not as many values as the copy has columns";
            return Err(StoreError::new(StoreErrorKind::Usage, text));
        }
        let state = batch.state.as_ref().map(serde_json::to_string).transpose();
        let state = state.map_err(|error| super::unreadable(&error.to_string()))?;
        let columns: Vec<Column> = self.columns.iter().copied().collect();
        for row in &mut batch.rows {
            for index in 0..columns.len() {
                if matches!(row.values.get(index), Some(Value::Json(json)) if !jsonb::fits(json)) {
                    row.set_aside(&self.columns, index);
                }
            }
        }
        let (names, at, place) = (&self.names, batch.at, &self.place);
        let waits = batch.rows.is_empty();
        let parameters = Parameters::of(&mut batch.rows, &columns);
        let mut rows = parameters.as_refs();
        rows.push(&at);
        let reported = (!batch.failed_is_news).then_some(at);

        let mut statements: Vec<(String, Vec<&(dyn ToSql + Sync)>)> = Vec::new();
        if !batch.deleted.is_empty() {
            let sql = format!(
                "UPDATE {} SET deleted_at = $1 WHERE id = ANY($2) AND deleted_at IS NULL",
                names.imports
            );
            statements.push((sql, vec![&at, &batch.deleted]));
        }
        if !batch.failed.is_empty() {
            let sql = format!(
                "INSERT INTO {} (id, noted_at, reported_at) SELECT id, $2, $3 FROM unnest($1::uuid[])
                     WITH ORDINALITY AS v(id, place) ORDER BY place ON CONFLICT (id) DO NOTHING",
                names.failed
            );
            statements.push((sql, vec![&batch.failed, &at, &reported]));
        }
        if !batch.reported.is_empty() {
            let sql = format!("UPDATE {} SET reported_at = $1 WHERE id = ANY($2)", names.failed);
            statements.push((sql, vec![&at, &batch.reported]));
        }
        if let Some(state) = &state {
            let sql = format!("UPDATE {} SET state = $1::text::json", names.state);
            statements.push((sql, vec![state]));
        }

        // Dropped before its end, it is rolled back.
        let of_postgres = |error| failed(error, place);
        let transaction = self.client.transaction().await.map_err(of_postgres)?;
        if waits {
            transaction
                .batch_execute("SET LOCAL synchronous_commit = on")
                .await
                .map_err(of_postgres)?;
        } else {
            transaction
                .execute(&self.upsert, &rows)
                .await
                .map_err(of_postgres)?;
        }
        // Sent together.
        let statements = statements
            .iter()
            .map(|(sql, parameters)| transaction.execute(sql.as_str(), parameters));
        try_join_all(statements).await.map_err(of_postgres)?;
        transaction.commit().await.map_err(of_postgres)
    }
}
