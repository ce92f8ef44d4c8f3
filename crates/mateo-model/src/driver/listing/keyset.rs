//! The key of a listing: its order with the tie-breaker, the key values of a row, and "behind that row" as a
//! filter that minds NULLs.

use std::borrow::Cow;

use super::ListingError;
use crate::ast::field::{Arrow, Field};
use crate::ast::filter::Filter;
use crate::ast::order::{Direction, Nulls, Order};
use crate::ast::test::{Operator, Test, Truth};
use crate::columns::{ColumnKind, Known};
use crate::query::ImportQuery;
use crate::raw;
use crate::select::{Select, SelectItem};

#[derive(Clone, Debug)]
pub(super) struct Keyset {
    keys: Vec<Key>,
    select: Select,
    added: Vec<String>,
}

#[derive(Clone, Debug)]
struct Key {
    order: Order,
    /// The member of the answer that holds the value.
    member: String,
}

impl Keyset {
    pub(super) fn of(query: &ImportQuery) -> Self {
        let id = Field::constant("id");
        let mut orders: Vec<Order> = Vec::new();
        for order in query.ordering() {
            let last = *order.field() == id;
            orders.push(order.clone());
            if last {
                break; // `id` is unique: what follows it never decides
            }
        }
        if orders.last().is_none_or(|order| *order.field() != id) {
            orders.push(Order::by(id, Direction::Ascending));
        }

        let mut selection = query.selection().clone();
        let mut added = Vec::new();
        let keys = orders
            .into_iter()
            .map(|order| {
                let member = selected(&selection, order.field()).unwrap_or_else(|| {
                    let (item, member) = key_item(&selection, order.field(), added.len());
                    if selection.items().is_empty() {
                        selection = Select::all().and(SelectItem::star());
                    }
                    selection = std::mem::take(&mut selection).and(item);
                    added.push(member.clone());
                    member
                });
                Key { order, member }
            })
            .collect();
        Self {
            keys,
            select: selection,
            added,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The columns to ask for: the query's, and those that only the key needs.
    pub(super) fn select(&self) -> &Select {
        &self.select
    }

    /// The members of the answer that only the key needs.
    pub(super) fn added(&self) -> &[String] {
        &self.added
    }

    pub(super) fn order(&self) -> impl Iterator<Item = &Order> {
        self.keys.iter().map(|key| &key.order)
    }

    /// The key values of a row, as the text that PostgreSQL reads.
    pub(super) fn values(&self, row: &str) -> Result<Vec<Option<String>>, ListingError> {
        let members: Vec<&str> = self.keys.iter().map(|key| key.member.as_str()).collect();
        let values = raw::fields(row, &members);
        members
            .iter()
            .zip(values)
            .map(|(member, value)| {
                let value = value.ok_or_else(|| ListingError::NoKey {
                    column: (*member).to_owned(),
                })?;
                Ok(literal(value.get()))
            })
            .collect()
    }

    /// The filters that hold for exactly the rows behind the one that has these values.
    pub(super) fn after(&self, values: &[Option<String>]) -> Vec<Filter> {
        let mut same: Vec<Filter> = Vec::new();
        let mut beyond: Vec<Filter> = Vec::new();
        for (key, value) in self.keys.iter().zip(values) {
            for alternative in key.beyond(value.as_deref()) {
                beyond.push(all(same.iter().cloned().chain([alternative]).collect()));
            }
            same.push(key.same(value.as_deref()));
        }
        let mut filters = Vec::new();
        if beyond.len() > 1
            && let (Some(first), Some(Some(value))) = (self.keys.first(), values.first())
        {
            // It says nothing new, but an index on the first key can be used for it.
            filters.extend(first.not_before(value));
        }
        filters.push(match beyond.as_slice() {
            [only] => only.clone(),
            _ => Filter::any(beyond),
        });
        filters
    }
}

impl Key {
    fn compare(&self, operator: Operator, value: &str) -> Filter {
        Filter::compare(self.order.field().clone(), operator, value.to_owned())
    }

    fn is_null(&self) -> Filter {
        Filter::condition(self.order.field().clone(), Test::Is(Truth::Null))
    }

    fn never_null(&self) -> bool {
        let field = self.order.field();
        field.path().is_empty() && Known::of(field.name()).is_some_and(|column| !column.info().nullable)
    }

    fn same(&self, value: Option<&str>) -> Filter {
        match value {
            Some(value) => self.compare(Operator::Eq, value),
            None => self.is_null(),
        }
    }

    /// The alternatives of which a row behind `value` in this key meets one.
    fn beyond(&self, value: Option<&str>) -> Vec<Filter> {
        let operator = match self.order.direction() {
            Direction::Ascending => Operator::Gt,
            Direction::Descending => Operator::Lt,
        };
        match (value, self.order.nulls()) {
            (Some(value), Nulls::Last) if !self.never_null() => {
                vec![self.compare(operator, value), self.is_null()]
            }
            (Some(value), _) => vec![self.compare(operator, value)],
            (None, Nulls::First) => vec![!self.is_null()],
            (None, Nulls::Last) => Vec::new(),
        }
    }

    fn not_before(&self, value: &str) -> Option<Filter> {
        let operator = match self.order.direction() {
            Direction::Ascending => Operator::Gte,
            Direction::Descending => Operator::Lte,
        };
        self.never_null().then(|| self.compare(operator, value))
    }
}

fn all(mut filters: Vec<Filter>) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        last => Filter::all(filters.into_iter().chain(last)),
    }
}

/// Whether the field's JSON in the answer holds the whole of its value. Of jsonb it does not: the JSON `null` and
/// SQL's NULL look the same, so such a key is selected as text; and so is a column that this release doesn't know
/// the type of.
fn is_plain(field: &Field) -> bool {
    match field.path().last() {
        None => Known::of(field.name()).is_some_and(|column| column.info().kind != ColumnKind::Json),
        Some(step) => step.arrow == Arrow::Text,
    }
}

/// The member of the answer that already has the whole value of the field.
fn selected(select: &Select, field: &Field) -> Option<String> {
    if !is_plain(field) || !field.path().is_empty() {
        return None;
    }
    let name = field.name();
    let plain =
        |item: &SelectItem| item.is_plain(name) || (item.field().is_none() && item.given_alias().is_none());
    (select.items().is_empty() || select.items().iter().any(plain)).then(|| name.to_owned())
}

/// The field under a name that no other member of the answer has.
fn key_item(select: &Select, field: &Field, number: usize) -> (SelectItem, String) {
    let mut member = format!("key_{number}");
    while select.items().iter().any(|item| item.answer_name() == member) {
        member.insert(0, '_');
    }
    let item = SelectItem::from(field.clone()).alias(member.clone());
    let item = if is_plain(field) { item } else { item.cast("text") };
    (item, member)
}

/// A JSON value of the answer as the text that PostgreSQL reads; `None` for NULL.
fn literal(json: &str) -> Option<String> {
    if json == "null" {
        return None;
    }
    match serde_json::from_str::<Cow<'_, str>>(json) {
        Ok(text) => Some(text.into_owned()),
        Err(_) => Some(json.to_owned()), // a number or truth value
    }
}
