//! One query on the table: found in order once, then run.

use chrono::{DateTime, Utc};
use mateo_model::ImportQuery;

use super::error::SqlError;
use super::filter::{Compiler, Predicate};
use super::instant::Instant;
use super::select::{self, Projection};
use super::sort::{self, Key, Sorter};
use super::table::Table;

/// A query, checked against a table.
#[derive(Debug)]
pub(crate) struct Query {
    filters: Vec<Predicate>,
    keys: Vec<Key>,
    projection: Projection,
}

/// What a query gives.
#[derive(Debug)]
pub(crate) struct Found {
    /// The rows as a JSON array of objects.
    pub(crate) array: Vec<u8>,
    /// How many rows are in it.
    pub(crate) rows: u64,
    /// How many rows meet the filters, where that was asked for.
    pub(crate) total: Option<u64>,
}

/// What PostgreSQL writes between two rows of an array.
const BETWEEN_ROWS: &[u8] = b", \n ";

/// What is reserved for a response: the size of a common row, and no more of them than a common page has.
const BYTES_A_ROW: usize = 640;
const MOST_ROWS_FORESEEN: usize = 64;

/// Which of the rows that meet the filters are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) offset: u64,
    pub(crate) limit: Option<u64>,
    pub(crate) count: bool,
}

impl Query {
    /// Finds the fields of `query` in `table` and reads its values; `now` is the time of the transaction.
    pub(crate) fn compile(table: &Table, query: &ImportQuery, now: DateTime<Utc>) -> Result<Self, SqlError> {
        let mut compiler = Compiler {
            table,
            now: Instant::from_chrono(now),
            deferred: None,
        };
        let items = query.selection().items();
        if items.iter().any(select::is_count) && table.index_of("count").is_none() {
            return Err(SqlError::new(
                "42803",
                "column must appear in the GROUP BY clause or be used in an aggregate function",
            ));
        }
        let projection = Projection::compile(&mut compiler, query.selection())?;
        let filters: Result<Vec<_>, _> = query
            .filters()
            .iter()
            .map(|filter| compiler.filter(filter))
            .collect();
        let filters = filters?;
        let keys = sort::compile(&mut compiler, query.ordering())?;
        match compiler.deferred {
            Some(error) => Err(error),
            None => Ok(Self {
                filters,
                keys,
                projection,
            }),
        }
    }

    /// Runs the query.
    pub(crate) fn run(&self, table: &Table, wanted: Wanted) -> Result<Found, Box<SqlError>> {
        let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        let offset = size(wanted.offset);
        let end = wanted
            .limit
            .map_or(usize::MAX, |limit| offset.saturating_add(size(limit)));
        let end = end.min(table.len());
        let (rows, total) = match self.filters.iter().find_map(|filter| filter.ids(table)) {
            // As PostgreSQL's index on the primary key does.
            Some(ids) => self.choose(table, table.positions_of(&ids).into_iter(), end, wanted)?,
            None => self.choose(table, table.positions(), end, wanted)?,
        };
        let foreseen = rows.len().saturating_sub(offset).min(MOST_ROWS_FORESEEN);
        let mut found = Found {
            array: Vec::with_capacity(foreseen * BYTES_A_ROW + 2),
            rows: 0,
            total: wanted.count.then_some(total),
        };
        found.array.push(b'[');
        for (index, at) in rows.into_iter().enumerate() {
            if index < offset {
                // Rows that are passed over are computed all the same.
                self.projection.check(table, at)?;
                continue;
            }
            if found.rows > 0 {
                found.array.extend_from_slice(BETWEEN_ROWS);
            }
            self.projection.write(table, at, &mut found.array)?;
            found.rows += 1;
        }
        found.array.push(b']');
        Ok(found)
    }

    /// The first `end` of the rows at `positions` that meet the filters, in order, and how many meet them if that is to
    /// be counted.
    fn choose(
        &self,
        table: &Table,
        positions: impl Iterator<Item = usize>,
        end: usize,
        wanted: Wanted,
    ) -> Result<(Vec<usize>, u64), Box<SqlError>> {
        let mut total = 0;
        let Some(first_key) = self.keys.first() else {
            let mut rows = Vec::new();
            for at in positions {
                if rows.len() >= end && !wanted.count {
                    break;
                }
                if self.meets(table, at)? {
                    total += 1;
                    if rows.len() < end {
                        rows.push(at);
                    }
                }
            }
            return Ok((rows, total));
        };
        // PostgreSQL computes what is selected before it sorts, unless an index gives it the order.
        let check = wanted.limit != Some(0) && !first_key.is_indexed(table);
        let mut sorter = Sorter::new(table, &self.keys, end);
        for at in positions {
            if self.meets(table, at)? {
                total += 1;
                if check {
                    self.projection.check(table, at)?;
                }
                sorter.push(at);
            }
        }
        Ok((sorter.finish(), total))
    }

    fn meets(&self, table: &Table, at: usize) -> Result<bool, Box<SqlError>> {
        for filter in &self.filters {
            if filter.evaluate(table, at)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
