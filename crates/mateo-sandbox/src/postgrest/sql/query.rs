//! One query on the table: found in order once, then run.

use chrono::{DateTime, Utc};
use mateo_model::ImportQuery;

use super::expression::Compiler;
use super::filter::Predicate;
use super::instant::Instant;
use super::select::Projection;
use super::sort::{Candidate, First, Key};
use super::table::{Table, Tuple};
use crate::postgrest::error::Error;

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

/// Which of the rows that meet the filters are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) offset: u64,
    pub(crate) limit: u64,
    pub(crate) count: bool,
}

impl Query {
    /// Finds the fields of `query` in `table` and reads its values; `now` is the time of the transaction.
    pub(crate) fn compile(table: &Table, query: &ImportQuery, now: DateTime<Utc>) -> Result<Self, Error> {
        let mut compiler = Compiler {
            table,
            now: Instant::from_chrono(now),
            deferred: None,
        };
        let projection = Projection::compile(&mut compiler, query.selection())?;
        let filters = compiler.filters(query.filters())?;
        let keys = query
            .ordering()
            .iter()
            .map(|order| Key::compile(&mut compiler, order));
        let keys = keys.collect::<Result<_, _>>()?;
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
    pub(crate) fn run(&self, table: &Table, wanted: Wanted) -> Result<Found, Error> {
        let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        let (offset, end) = (
            size(wanted.offset),
            size(wanted.offset.saturating_add(wanted.limit)),
        );
        let (rows, total) = match self.filters.iter().find_map(|filter| filter.ids(table)) {
            // As PostgreSQL's index on the primary key does.
            Some(ids) => self.choose(table, table.rows_of(&ids).into_iter(), end, wanted)?,
            None => self.choose(table, table.rows(), end, wanted)?,
        };
        let mut found = Found {
            array: vec![b'['],
            rows: 0,
            total: wanted.count.then_some(total),
        };
        for (index, row) in rows.into_iter().enumerate() {
            if index < offset {
                // Rows that are passed over are computed all the same.
                self.projection.check(row)?;
                continue;
            }
            if found.rows > 0 {
                found.array.extend_from_slice(BETWEEN_ROWS);
            }
            self.projection.write(row, &mut found.array)?;
            found.rows += 1;
        }
        found.array.push(b']');
        Ok(found)
    }

    /// The first `end` of the rows that meet the filters, in order, and how many meet them if that is to be counted.
    fn choose<'t>(
        &self,
        table: &Table,
        rows: impl Iterator<Item = Tuple<'t>>,
        end: usize,
        wanted: Wanted,
    ) -> Result<(Vec<Tuple<'t>>, u64), Error> {
        let mut total = 0;
        let mut chosen = Vec::new();
        let mut first = First::new(end, |a: &Candidate<'_>, b: &Candidate<'_>| {
            a.compare(b, &self.keys)
        });
        // PostgreSQL computes what is selected before it sorts, unless an index gives it the order.
        let first_key = self.keys.first();
        let check = wanted.limit > 0 && first_key.is_some_and(|key| !key.is_indexed(table));
        for row in rows {
            if first_key.is_none() && chosen.len() >= end && !wanted.count {
                break;
            }
            if !self.meets(row)? {
                continue;
            }
            total += 1;
            if check {
                self.projection.check(row)?;
            }
            if first_key.is_some() {
                first.push(Candidate::new(row, &self.keys));
            } else if chosen.len() < end {
                chosen.push(row);
            }
        }
        chosen.extend(first.finish().into_iter().map(|candidate| candidate.row));
        Ok((chosen, total))
    }

    fn meets(&self, row: Tuple<'_>) -> Result<bool, Error> {
        for filter in &self.filters {
            if filter.evaluate(row)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
