//! The operators that only text has: patterns and regular expressions.

use super::Column;
use crate::ast::filter::Filter;
use crate::ast::test::{Operator, Quantifier};
use crate::literal::{self, escaped_pattern, sql_pattern};

/// Text only: patterns.
impl Column<String> {
    /// SQL's `LIKE` with a pattern: `%` or `*` stand for any text, `_` for one character, and `\` takes the
    /// next one literally. A literal `*` can't be matched: such a query is rejected before it is sent
    /// (GRAMMAR.md, "Operators").
    ///
    /// ```
    /// use mateo_model::{ImportQuery, columns::REFERENCE_ID};
    ///
    /// let query = ImportQuery::new().filter(REFERENCE_ID.like("ERP-*"));
    /// assert_eq!(query.to_string(), "reference_id=like.ERP-%25");
    /// assert!(ImportQuery::new().filter(REFERENCE_ID.like(r"\*")).to_query_string().is_err());
    /// ```
    pub fn like(&self, pattern: impl AsRef<str>) -> Filter {
        self.compare(Operator::Like, &sql_pattern(pattern.as_ref()))
    }

    /// [`like`](Column::like) with letter case ignored.
    pub fn ilike(&self, pattern: impl AsRef<str>) -> Filter {
        self.compare(Operator::Ilike, &sql_pattern(pattern.as_ref()))
    }

    /// Rows that have `text` somewhere in their value, every character taken literally.
    ///
    /// A `*` in `text` can't be sent, because the server reads it as "any text": such a query is rejected
    /// before it is sent.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, columns::REFERENCE_ID};
    ///
    /// let query = ImportQuery::new().filter(REFERENCE_ID.contains("50%"));
    /// assert_eq!(query.to_string(), "reference_id=like.%2550%5C%25%25");
    /// ```
    pub fn contains(&self, text: impl AsRef<str>) -> Filter {
        let pattern = format!("%{}%", escaped_pattern(text.as_ref()));
        self.compare(Operator::Like, &pattern)
    }

    /// [`contains`](Column::contains) with letter case ignored.
    pub fn contains_ignoring_case(&self, text: impl AsRef<str>) -> Filter {
        let pattern = format!("%{}%", escaped_pattern(text.as_ref()));
        self.compare(Operator::Ilike, &pattern)
    }

    /// Rows whose value begins with `text`, taken literally. A `*` is rejected as in
    /// [`contains`](Column::contains).
    ///
    /// ```
    /// use mateo_model::columns::REFERENCE_ID;
    ///
    /// assert_eq!(REFERENCE_ID.starts_with("ERP-").to_string(), r#"reference_id.like."ERP-%""#);
    /// ```
    pub fn starts_with(&self, text: impl AsRef<str>) -> Filter {
        let pattern = format!("{}%", escaped_pattern(text.as_ref()));
        self.compare(Operator::Like, &pattern)
    }

    /// Rows whose value ends with `text`, taken literally. A `*` is rejected as in
    /// [`contains`](Column::contains).
    pub fn ends_with(&self, text: impl AsRef<str>) -> Filter {
        let pattern = format!("%{}", escaped_pattern(text.as_ref()));
        self.compare(Operator::Like, &pattern)
    }

    /// *Not documented by hellomateo:* a POSIX regular expression found somewhere in the value.
    pub fn matches(&self, regex: impl Into<String>) -> Filter {
        self.compare(Operator::Match, &regex.into())
    }

    /// *Not documented by hellomateo:* [`matches`](Column::matches) with letter case ignored.
    pub fn imatches(&self, regex: impl Into<String>) -> Filter {
        self.compare(Operator::Imatch, &regex.into())
    }

    /// *Not documented by hellomateo:* `like(any)`, at least one of the patterns.
    pub fn like_any<P: AsRef<str>>(&self, patterns: impl IntoIterator<Item = P>) -> Filter {
        self.patterns(Operator::Like, Quantifier::Any, patterns)
    }

    /// *Not documented by hellomateo:* `like(all)`, every one of the patterns.
    pub fn like_all<P: AsRef<str>>(&self, patterns: impl IntoIterator<Item = P>) -> Filter {
        self.patterns(Operator::Like, Quantifier::All, patterns)
    }

    /// *Not documented by hellomateo:* `ilike(any)`, at least one of the patterns, letter case ignored.
    pub fn ilike_any<P: AsRef<str>>(&self, patterns: impl IntoIterator<Item = P>) -> Filter {
        self.patterns(Operator::Ilike, Quantifier::Any, patterns)
    }

    /// *Not documented by hellomateo:* `ilike(all)`, every one of the patterns, letter case ignored.
    pub fn ilike_all<P: AsRef<str>>(&self, patterns: impl IntoIterator<Item = P>) -> Filter {
        self.patterns(Operator::Ilike, Quantifier::All, patterns)
    }

    fn patterns<P: AsRef<str>>(
        &self,
        operator: Operator,
        quantifier: Quantifier,
        patterns: impl IntoIterator<Item = P>,
    ) -> Filter {
        let patterns = patterns.into_iter().map(|pattern| sql_pattern(pattern.as_ref()));
        self.quantified(operator, quantifier, literal::array::<String, _>(patterns))
    }
}
