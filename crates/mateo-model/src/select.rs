//! Which columns the response has: names, aliases, casts, JSON paths, or the fields of a Rust type.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use crate::ast::field::{Field, PathKey};

/// The columns of the response; none named means all of them.
///
/// ```
/// use mateo_model::{ImportQuery, Select, columns::*};
///
/// let select = Select::all().and(ID).and(TOTAL_COUNT.alias("n")).and(PAYLOAD.json(0).text("email"));
/// assert_eq!(ImportQuery::new().select(select).to_string(), "select=id,n:total_count,payload-%3E0-%3E%3Eemail");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Select {
    items: Vec<SelectItem>,
}

impl Select {
    /// Every column that the server has.
    pub fn all() -> Self {
        Self::default()
    }

    /// The columns that the fields of `T` are read from, by their serde names: `#[serde(rename)]` is
    /// followed. A type whose fields serde doesn't name (a map, a value, `#[serde(flatten)]`) selects all.
    ///
    /// ```
    /// use mateo_model::Select;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Mine {
    ///     id: uuid::Uuid,
    ///     #[serde(rename = "reference_id")]
    ///     reference: Option<String>,
    /// }
    ///
    /// let select = Select::fields_of::<Mine>();
    /// let names: Vec<_> = select.items().iter().map(|item| item.answer_name()).collect();
    /// assert_eq!(names, ["id", "reference_id"]);
    /// assert_eq!(Select::fields_of::<serde_json::Value>(), Select::all());
    /// ```
    pub fn fields_of<T: DeserializeOwned>() -> Self {
        let mut names: &'static [&'static str] = &[];
        // The deserializer below records the names and fails, so this never yields a `T`.
        let _ = T::deserialize(FieldNames(&mut names));
        Self {
            items: names
                .iter()
                .map(|name| SelectItem::from(Field::named(*name)))
                .collect(),
        }
    }

    /// One more column.
    #[must_use]
    pub fn and(mut self, item: impl Into<SelectItem>) -> Self {
        self.items.push(item.into());
        self
    }

    /// The columns named, in the order of the response; empty for all.
    pub fn items(&self) -> &[SelectItem] {
        &self.items
    }
}

impl<I: Into<SelectItem>> FromIterator<I> for Select {
    fn from_iter<It: IntoIterator<Item = I>>(items: It) -> Self {
        Self {
            items: items.into_iter().map(Into::into).collect(),
        }
    }
}

/// One column of the response.
///
/// ```
/// use mateo_model::{SelectItem, columns::PAYLOAD};
///
/// let email = SelectItem::from(PAYLOAD.json(0).text("email")).alias("address");
/// assert_eq!(email.answer_name(), "address");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SelectItem {
    alias: Option<String>,
    field: Option<Field>,
    cast: Option<String>,
}

impl SelectItem {
    /// Every column, `*`, beside others that are named.
    pub fn star() -> Self {
        Self {
            alias: None,
            field: None,
            cast: None,
        }
    }

    /// The same under another name in the response.
    ///
    /// ```
    /// use mateo_model::{SelectItem, columns::ID};
    ///
    /// assert_eq!(SelectItem::from(ID).alias("key").answer_name(), "key");
    /// ```
    #[must_use]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// The same cast to a PostgreSQL type; the server rejects a type that it doesn't have (42704).
    #[must_use]
    pub fn cast(mut self, to: impl Into<String>) -> Self {
        self.cast = Some(to.into());
        self
    }

    /// What is selected; `None` for `*`.
    pub fn field(&self) -> Option<&Field> {
        self.field.as_ref()
    }

    /// The alias, where one is given.
    pub fn given_alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// The PostgreSQL type that it is cast to.
    pub fn given_cast(&self) -> Option<&str> {
        self.cast.as_deref()
    }

    /// The member of the response's rows that holds it: the alias, else the last member that the JSON path
    /// names, else the column; `*` for every column.
    pub fn answer_name(&self) -> &str {
        let Some(field) = &self.field else { return "*" };
        let named = field.path().iter().rev().find_map(|(_, key)| match key {
            PathKey::Key(key) => Some(key.as_str()),
            PathKey::Index(_) => None,
        });
        self.alias.as_deref().or(named).unwrap_or_else(|| field.name())
    }

    /// Whether it is a column as it stands: no path, no cast, no other name.
    pub(crate) fn is_plain(&self, name: &str) -> bool {
        self.cast.is_none()
            && self.alias.as_deref().is_none_or(|alias| alias == name)
            && self
                .field
                .as_ref()
                .is_some_and(|field| field.path().is_empty() && field.name() == name)
    }
}

impl From<Field> for SelectItem {
    fn from(field: Field) -> Self {
        Self {
            alias: None,
            field: Some(field),
            cast: None,
        }
    }
}

/// Asks a type which struct fields it is read from, and fails.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("only the names are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
