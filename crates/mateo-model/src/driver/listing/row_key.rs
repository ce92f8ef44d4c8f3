//! The key of a row: what the next page starts after, and what tells whether a page is in order.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::ast::order::Order;
use crate::columns::ColumnKind;
use crate::timestamp;

/// The values of the order's columns in a row.
#[derive(Clone, Debug)]
pub(super) struct RowKey<'r>(pub(super) Vec<KeyValue<'r>>);

/// One of them, as the text that PostgreSQL reads and with what can be compared without PostgreSQL.
#[derive(Clone, Debug)]
pub(super) struct KeyValue<'r> {
    /// `None` for NULL.
    text: Option<Cow<'r, str>>,
    rank: Rank,
}

#[derive(Clone, Copy, Debug)]
enum Rank {
    Uuid(Uuid),
    Time(DateTime<Utc>),
    Integer(i64),
    /// Text, whose order depends on the database's collation; JSON; an enum; a column that this release doesn't know.
    Unknown,
}

impl RowKey<'_> {
    pub(super) fn to_texts(&self) -> Vec<Option<String>> {
        let text = |value: &KeyValue<'_>| value.text.as_deref().map(str::to_owned);
        self.0.iter().map(text).collect()
    }
}

impl<'r> KeyValue<'r> {
    /// The value of a column; `None` where a column of that kind has no such value, so that the server would reject it.
    pub(super) fn of(kind: Option<ColumnKind>, text: Option<Cow<'r, str>>) -> Option<Self> {
        let rank = match (kind, text.as_deref()) {
            (Some(ColumnKind::Uuid), Some(text)) => Rank::Uuid(Uuid::try_parse(text).ok()?),
            (Some(ColumnKind::Integer), Some(text)) => Rank::Integer(text.parse().ok()?),
            (Some(ColumnKind::Timestamp), Some(text)) => match text {
                "infinity" => Rank::Time(DateTime::<Utc>::MAX_UTC),
                "-infinity" => Rank::Time(DateTime::<Utc>::MIN_UTC),
                text if text.ends_with(" BC") => Rank::Unknown,
                text => Rank::Time(timestamp::parse(text).ok()?),
            },
            _ => Rank::Unknown,
        };
        Some(Self { text, rank })
    }

    /// Which comes first in an order; `None` where only the server knows.
    pub(super) fn compare(&self, other: &Self, order: &Order) -> Option<Ordering> {
        let null_order = if order.has_nulls_first() {
            Ordering::Less
        } else {
            Ordering::Greater
        };
        let values = match (&self.text, &other.text) {
            (None, None) => return Some(Ordering::Equal),
            (None, Some(_)) => return Some(null_order),
            (Some(_), None) => return Some(null_order.reverse()),
            (Some(one), Some(other)) if one == other => return Some(Ordering::Equal),
            _ => match (self.rank, other.rank) {
                (Rank::Uuid(one), Rank::Uuid(other)) => one.cmp(&other),
                (Rank::Time(one), Rank::Time(other)) => one.cmp(&other),
                (Rank::Integer(one), Rank::Integer(other)) => one.cmp(&other),
                _ => return None,
            },
        };
        Some(if order.is_descending() {
            values.reverse()
        } else {
            values
        })
    }
}
