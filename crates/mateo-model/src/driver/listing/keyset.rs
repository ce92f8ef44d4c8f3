//! The key of a listing: its order with the tie-breaker, the key of a row, and "after that row" as a NULL-aware filter.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::row_key::{KeyValue, RowKey};
use crate::ast::field::{Arrow, Field};
use crate::ast::filter::Filter;
use crate::ast::order::Order;
use crate::ast::test::{Operator, Test, Truth};
use crate::columns::{ColumnKind, Known};
use crate::query::ImportQuery;
use crate::raw;
use crate::select::{Select, SelectItem};

#[derive(Clone, Debug)]
pub(super) struct Keyset {
    keys: Vec<Key>,
    /// The columns to ask for: the query's, and those that only the key needs.
    pub(super) select: Select,
    /// The members of the answer that only the key needs.
    pub(super) added: Vec<String>,
}

#[derive(Clone, Debug)]
struct Key {
    order: Order,
    /// The member of the response that holds the value.
    member: String,
    /// The column, where its value is the key and it is known.
    column: Option<Known>,
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
            orders.push(Order::asc(id));
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
                let field = order.field();
                let column = Known::of(field.name()).filter(|_| field.path().is_empty());
                Key {
                    order,
                    member,
                    column,
                }
            })
            .collect();
        Self {
            keys,
            select: selection,
            added,
        }
    }

    pub(super) fn order(&self) -> impl Iterator<Item = &Order> {
        self.keys.iter().map(|key| &key.order)
    }

    /// The keys of rows; `None` where one lacks a column of it, or has what no such column holds.
    pub(super) fn keys_of<'r>(&self, rows: impl IntoIterator<Item = &'r str>) -> Vec<Option<RowKey<'r>>> {
        let members: Vec<&str> = self.keys.iter().map(|key| key.member.as_str()).collect();
        let values = |row| raw::first_fields(row, &members).into_iter();
        rows.into_iter()
            .map(|row| self.key(values(row).map(|value| value.map(literal))))
            .collect()
    }

    /// The key that has these texts.
    pub(super) fn key_from<'r>(&self, texts: &'r [Option<String>]) -> Option<RowKey<'r>> {
        self.key(texts.iter().map(|text| Some(text.as_deref().map(Cow::from))))
    }

    fn key<'r>(&self, texts: impl Iterator<Item = Option<Option<Cow<'r, str>>>>) -> Option<RowKey<'r>> {
        let values = self.keys.iter().zip(texts).map(|(key, text)| match text? {
            None if key.never_null() => None,
            text => KeyValue::of(key.column.map(|column| column.info().kind), text),
        });
        values.collect::<Option<_>>().map(RowKey)
    }

    /// How two keys follow each other in the order; `None` where only the server knows, by its collation for example.
    pub(super) fn compare(&self, one: &RowKey<'_>, other: &RowKey<'_>) -> Option<Ordering> {
        for (key, (one, other)) in self.keys.iter().zip(one.0.iter().zip(&other.0)) {
            match one.compare(other, &key.order) {
                Some(Ordering::Equal) => {}
                decided => return decided,
            }
        }
        Some(Ordering::Equal)
    }

    /// How long the filters for the rows after this one are in a URL.
    pub(super) fn encoded_len(&self, values: &[Option<String>]) -> usize {
        let mut query = ImportQuery::new();
        query.filters = self.after(values);
        query.to_string().len()
    }

    /// The filters that hold for exactly the rows after the one that has these values.
    pub(super) fn after(&self, values: &[Option<String>]) -> Vec<Filter> {
        let mut same: Vec<Filter> = Vec::new();
        let mut beyond: Vec<Filter> = Vec::new();
        for (key, value) in self.keys.iter().zip(values) {
            for alternative in key.beyond(value.as_deref()) {
                beyond.extend(same.iter().cloned().chain([alternative]).reduce(Filter::and));
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
        let beyond = beyond.into_iter().reduce(Filter::or);
        filters.push(beyond.unwrap_or_else(|| Filter::any([])));
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
        self.column.is_some_and(|column| !column.info().nullable)
    }

    fn same(&self, value: Option<&str>) -> Filter {
        match value {
            Some(value) => self.compare(Operator::Eq, value),
            None => self.is_null(),
        }
    }

    /// The alternatives of which a row after `value` in this key meets one.
    fn beyond(&self, value: Option<&str>) -> Vec<Filter> {
        let operator = if self.order.is_descending() {
            Operator::Lt
        } else {
            Operator::Gt
        };
        match (value, self.order.has_nulls_first()) {
            (Some(value), false) if !self.never_null() => {
                vec![self.compare(operator, value), self.is_null()]
            }
            (Some(value), _) => vec![self.compare(operator, value)],
            (None, true) => vec![!self.is_null()],
            (None, false) => Vec::new(),
        }
    }

    fn not_before(&self, value: &str) -> Option<Filter> {
        let operator = if self.order.is_descending() {
            Operator::Lte
        } else {
            Operator::Gte
        };
        self.never_null().then(|| self.compare(operator, value))
    }
}

/// Whether the field's JSON in the response holds the whole of its value. Of jsonb it does not: the JSON `null` and
/// SQL's NULL look the same, so such a key is selected as text; and so is a column that this release doesn't know
/// the type of.
fn is_plain(field: &Field) -> bool {
    match field.path().last() {
        None => Known::of(field.name()).is_some_and(|column| column.info().kind != ColumnKind::Json),
        Some((arrow, _)) => *arrow == Arrow::Text,
    }
}

/// The member of the response that already has the whole value of the field.
fn selected(select: &Select, field: &Field) -> Option<String> {
    if !is_plain(field) || !field.path().is_empty() {
        return None;
    }
    let name = field.name();
    let items = select.items();
    let is_star = |item: &SelectItem| item.field().is_none() && item.given_alias().is_none();
    let is_plain = |item: &SelectItem| item.is_plain(name) || is_star(item);
    // Another value under the column's name: `*,created_at:updated_at`.
    let is_shadow = |item: &SelectItem| item.answer_name() == name && !is_plain(item);
    let is_there = items.is_empty() || items.iter().any(is_plain);
    (is_there && !items.iter().any(is_shadow)).then(|| name.to_owned())
}

/// The field under a name that no other member of the response has.
fn key_item(select: &Select, field: &Field, number: usize) -> (SelectItem, String) {
    let mut member = format!("key_{number}");
    while select.items().iter().any(|item| item.answer_name() == member) {
        member.insert(0, '_');
    }
    let item = SelectItem::from(field.clone()).alias(member.clone());
    let item = if is_plain(field) { item } else { item.cast("text") };
    (item, member)
}

/// A JSON value of the response as the text that PostgreSQL reads; `None` for NULL.
fn literal(json: &str) -> Option<Cow<'_, str>> {
    if json == "null" {
        return None;
    }
    let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    Some(match inner {
        Some(text) if !text.contains('\\') => text.into(),
        _ => match serde_json::from_str::<String>(json) {
            Ok(text) => text.into(),
            Err(_) => json.into(), // a number or truth value
        },
    })
}
