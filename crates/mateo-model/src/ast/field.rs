//! A column by name, with the JSON path that may follow it: what filters, orders and selections are about.

use std::borrow::Cow;
use std::fmt;

/// A column, or a place inside a JSON column: `reference_id`, `payload->deep->>name`.
///
/// This is the untyped form, which the parser yields and the encoder writes. Programs usually hold a
/// [`Column<T>`](crate::Column), which also knows the column's type.
///
/// ```
/// use mateo_model::{columns, ast::Field};
///
/// assert_eq!(Field::named("hints").name(), "hints");
/// assert_eq!(columns::PAYLOAD.json("deep").text("name").field().to_string(), "payload->deep->>name");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Field {
    name: Cow<'static, str>,
    /// Whether the grammar reads the bare name as that name, which is asked each time that a query is printed.
    bare: bool,
    path: Vec<(Arrow, PathKey)>,
}

impl Field {
    /// The column `name`, which may be any text: the encoder quotes it where the grammar needs it.
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        Self {
            bare: is_bare(&name),
            name,
            path: Vec::new(),
        }
    }

    /// A column of the API, whose name needs no quotes.
    pub(crate) const fn constant(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            bare: true,
            path: Vec::new(),
        }
    }

    /// The same column with one more step into its JSON.
    #[must_use]
    pub fn step(mut self, arrow: Arrow, key: impl Into<PathKey>) -> Self {
        self.path.push((arrow, key.into()));
        self
    }

    /// The column's name, unquoted.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_bare(&self) -> bool {
        self.bare
    }

    /// The steps into the column's JSON, empty for the column itself.
    pub fn path(&self) -> &[(Arrow, PathKey)] {
        &self.path
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({self})")
    }
}

/// The two arrows of a JSON path.
///
/// ```
/// use mateo_model::{ast::{Arrow, Field}};
///
/// assert_eq!(Field::named("payload").step(Arrow::Json, "a").to_string(), "payload->a");
/// assert_eq!(Field::named("payload").step(Arrow::Text, "a").to_string(), "payload->>a");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arrow {
    /// `->`: the value stays JSON.
    Json,
    /// `->>`: the value becomes text, so that `payload->>n` compares as text.
    Text,
}

/// What one step of a JSON path takes: a member by name, or an element by its index.
///
/// ```
/// use mateo_model::ast::PathKey;
///
/// assert_eq!(PathKey::from("email"), PathKey::Key("email".into()));
/// assert_eq!(PathKey::from(-1), PathKey::Index(-1)); // the last element
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathKey {
    /// An object's member.
    Key(String),
    /// An array's element, from 0; negative counts from the end, -1 being the last.
    Index(i64),
}

impl From<&str> for PathKey {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<i32> for PathKey {
    fn from(index: i32) -> Self {
        Self::Index(index.into())
    }
}

/// Names that mean something else at the start of a parameter.
const RESERVED: [&str; 9] = [
    "select",
    "order",
    "limit",
    "offset",
    "and",
    "or",
    "not",
    "columns",
    "on_conflict",
];

/// Whether the grammar reads the bare name as that name: nothing else in it looks like it.
pub(crate) fn is_bare(name: &str) -> bool {
    let word = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let letter_first = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    word && letter_first && !RESERVED.contains(&name)
}

/// A character of an unquoted name (GRAMMAR.md, "select, order").
pub(crate) fn is_identifier(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | ' ' | '$')
}
