//! The tests of a field, with the names that the server's grammar has for them.

use crate::words::words;

/// The tests that the server offers. Values are the text that PostgreSQL reads.
///
/// ```
/// use mateo_model::{columns::TOTAL_COUNT, ast::{Node, Test, Truth}};
///
/// let filter = TOTAL_COUNT.is_null();
/// assert!(matches!(filter.node(), Node::Condition { test: Test::Is(Truth::Null), .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Test {
    /// A comparison with one value, or with each of an array literal where a quantifier stands.
    Compare {
        /// The operator.
        operator: Operator,
        /// `(any)` or `(all)`; then `value` is a PostgreSQL array literal.
        quantifier: Option<Quantifier>,
        /// The text that PostgreSQL reads. For `like` and `ilike` it is SQL's pattern: `%`, `_`, `\`.
        value: String,
    },
    /// Equal to one of a list. Empty matches no row; negated and empty it matches every row.
    In(Vec<String>),
    /// NULL, or a truth value.
    Is(Truth),
    /// Full text search, which no documented column of this API offers.
    FullText {
        /// How the search text is read: `fts`, `plfts`, `phfts` or `wfts`.
        function: &'static str,
        /// The text search configuration, for example `german`.
        language: Option<String>,
        /// The search text.
        value: String,
    },
}

words! {
    /// The operators that compare a field with one text.
    Operator {
        /// Equal.
        Eq = "eq",
        /// Not equal; a NULL is dropped.
        Neq = "neq",
        /// Greater.
        Gt = "gt",
        /// Greater or equal.
        Gte = "gte",
        /// Less.
        Lt = "lt",
        /// Less or equal.
        Lte = "lte",
        /// SQL's `LIKE`.
        Like = "like",
        /// `LIKE` with letter case ignored.
        Ilike = "ilike",
        /// A POSIX regular expression. Not documented by hellomateo.
        Match = "match",
        /// A POSIX regular expression with letter case ignored. Not documented by hellomateo.
        Imatch = "imatch",
        /// Not equal, where NULL counts as a value of its own.
        IsDistinct = "isdistinct",
        /// `@>`: the field contains the JSON or array.
        Contains = "cs",
        /// `<@`: the field is contained in the JSON or array.
        ContainedBy = "cd",
        /// `&&`: arrays or ranges overlap.
        Overlaps = "ov",
        /// `<<`: a range lies left of another.
        StrictlyLeft = "sl",
        /// `>>`: a range lies right of another.
        StrictlyRight = "sr",
        /// `&<`: a range doesn't extend to the right of another.
        NotExtendRight = "nxr",
        /// `&>`: a range doesn't extend to the left of another.
        NotExtendLeft = "nxl",
        /// `-|-`: ranges touch.
        Adjacent = "adj",
    }
}

impl Operator {
    /// Whether the grammar lets `(any)` and `(all)` follow it.
    pub const fn takes_quantifier(self) -> bool {
        matches!(
            self,
            Self::Eq
                | Self::Gt
                | Self::Gte
                | Self::Lt
                | Self::Lte
                | Self::Like
                | Self::Ilike
                | Self::Match
                | Self::Imatch
        )
    }

    /// Whether the value is SQL's pattern, in which the server reads every `*` as `%`.
    pub const fn is_pattern(self) -> bool {
        matches!(self, Self::Like | Self::Ilike)
    }
}

words! {
    /// `(any)` or `(all)` after an operator. hellomateo doesn't document them.
    Quantifier {
        /// True where the comparison holds for at least one element.
        Any = "any",
        /// True where the comparison holds for every element.
        All = "all",
    }
}

words! {
    /// What `is` compares with.
    Truth {
        /// NULL, of any type.
        Null = "null",
        /// True, of a boolean.
        True = "true",
        /// False, of a boolean.
        False = "false",
        /// NULL, of a boolean.
        Unknown = "unknown",
    }
}
