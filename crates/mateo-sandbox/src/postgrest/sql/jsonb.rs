//! `jsonb`: JSON as PostgreSQL keeps and compares it.
//!
//! A value is held as its text in PostgreSQL's one form (`{"n": 1, "source": "erp"}`: members by length of name, then by
//! bytes; the last of repeated ones; numbers as `numeric`), and parsed when a query looks into it.

mod compare;
mod number;
pub(crate) mod path;
mod read;
mod write;

use std::borrow::Cow;

pub(crate) use number::canonical as canonical_number;

/// A JSON value, borrowing from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    /// The digits of a `numeric`: `-12.50`, never an exponent.
    Number(Cow<'a, str>),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    /// Members by length of name, then by bytes, none twice.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Json<'_> {
    /// The text in PostgreSQL's form.
    pub(crate) fn to_text(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// The same without borrowing.
    pub(crate) fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(digits) => Json::Number(Cow::Owned(digits.into_owned())),
            Self::String(text) => Json::String(Cow::Owned(text.into_owned())),
            Self::Array(elements) => Json::Array(elements.into_iter().map(Json::into_owned).collect()),
            Self::Object(members) => Json::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
