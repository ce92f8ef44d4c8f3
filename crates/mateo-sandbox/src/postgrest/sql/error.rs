//! An error as PostgreSQL reports it.

use std::borrow::Cow;

use super::types::Type;

/// An error as PostgreSQL reports it: a code of five characters, a message, and at times a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlError {
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) hint: Option<Cow<'static, str>>,
}

impl SqlError {
    pub(crate) fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// 22P02: text that is no value of a type.
    pub(crate) fn invalid_text(type_name: &str, text: &str) -> Self {
        Self::new(
            "22P02",
            format!("invalid input syntax for type {type_name}: \"{text}\""),
        )
    }

    /// 22003: a number beyond its type's range.
    pub(crate) fn out_of_range(text: &str, of: Type) -> Self {
        Self::new(
            "22003",
            format!("value \"{text}\" is out of range for type {}", of.name()),
        )
    }

    /// 42883: the type has no such operator.
    pub(crate) fn no_operator(of: Type, operator: &str) -> Self {
        Self::new("42883", format!("operator does not exist: {} {operator} unknown", of.name())).hint(
            "No operator matches the given name and argument types. You might need to add explicit type casts.",
        )
    }
}
