//! Conditions on rows: an immutable tree of tests on fields, joined by `and`, `or` and `not`.

use std::ops::Not;

use crate::field::Field;

/// How deep groups may be nested: far more than a person or program writes, far less than a stack holds.
pub(crate) const MAX_DEPTH: usize = 100;

/// A condition that a row meets or not: one test of one field, or several joined by `and`, `or`, `not`.
///
/// A filter is made by the operators of [`Column`](crate::Column) and joined by [`and`](Filter::and),
/// [`or`](Filter::or) and `!`. As in SQL there are three outcomes: a test of a NULL is neither true nor
/// false, negating it doesn't make it true, and only rows for which the whole is true are listed.
///
/// ```
/// use mateo_model::{Filter, ImportQuery, columns::*};
///
/// let stuck = TOTAL_COUNT.is_not_null().and(SUCCESS_COUNT.is_null().or(SUCCESS_COUNT.eq(0)));
/// let query = ImportQuery::new().filter(stuck);
/// assert_eq!(
///     query.to_string(),
///     "total_count=not.is.null&or=(success_count.is.null,success_count.eq.%220%22)",
/// );
/// # let _: Filter = !REFERENCE_ID.eq("a");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    negated: bool,
    node: Node,
}

/// What a [`Filter`] is before its negation.
///
/// ```
/// use mateo_model::{Node, columns::*};
///
/// let filter = TOTAL_COUNT.gte(1).and(TOTAL_COUNT.lte(50));
/// assert!(matches!(filter.node(), Node::All(members) if members.len() == 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// One test of one field.
    Condition(Condition),
    /// All of these, at least one.
    All(Vec<Filter>),
    /// At least one of these, of which there is at least one.
    Any(Vec<Filter>),
}

/// One test of one field.
///
/// ```
/// use mateo_model::{Condition, Node, Test, columns::ID};
///
/// let filter = ID.in_::<uuid::Uuid>([]);
/// let condition = Condition { field: ID.field().clone(), test: Test::In(Vec::new()) };
/// assert_eq!(filter.node(), &Node::Condition(condition));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What is tested.
    pub field: Field,
    /// The test.
    pub test: Test,
}

/// The tests that the server has. Values are the text that PostgreSQL reads.
///
/// ```
/// use mateo_model::{Node, Test, Truth, columns::TOTAL_COUNT};
///
/// let filter = TOTAL_COUNT.is_null();
/// assert!(matches!(filter.node(), Node::Condition(condition) if condition.test == Test::Is(Truth::Null)));
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
        /// How the search text is read.
        function: TextSearch,
        /// The text search configuration, for example `german`.
        language: Option<String>,
        /// The search text.
        value: String,
    },
}

macro_rules! operators {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every one of them.
            ///
            /// ```
            #[doc = concat!("use mateo_model::", stringify!($name), ";")]
            ///
            #[doc = concat!("let names: Vec<_> = ", stringify!($name), "::ALL.iter().map(|each| each.as_str()).collect();")]
            #[doc = concat!("assert_eq!(names, [", $("\"", $text, "\", ",)+ "]);")]
            /// ```
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the server's grammar.
            ///
            /// ```
            #[doc = concat!("use mateo_model::", stringify!($name), ";")]
            ///
            $(#[doc = concat!("assert_eq!(", stringify!($name), "::", stringify!($variant), ".as_str(), \"", $text, "\");")])+
            /// ```
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

operators! {
    /// The operators that compare a field with one text.
    ///
    /// ```
    /// use mateo_model::{Node, Operator, Test, columns::TOTAL_COUNT};
    ///
    /// let filter = TOTAL_COUNT.gt(7);
    /// let test = Test::Compare { operator: Operator::Gt, quantifier: None, value: "7".into() };
    /// assert!(matches!(filter.node(), Node::Condition(condition) if condition.test == test));
    /// ```
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
        /// A POSIX regular expression. hellomateo doesn't document it.
        Match = "match",
        /// A POSIX regular expression with letter case ignored. hellomateo doesn't document it.
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
    ///
    /// ```
    /// use mateo_model::Operator;
    ///
    /// assert!(Operator::Eq.takes_quantifier());
    /// assert!(!Operator::Neq.takes_quantifier());
    /// ```
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
    ///
    /// ```
    /// use mateo_model::Operator;
    ///
    /// assert!(Operator::Ilike.is_pattern());
    /// assert!(!Operator::Match.is_pattern());
    /// ```
    pub const fn is_pattern(self) -> bool {
        matches!(self, Self::Like | Self::Ilike)
    }
}

operators! {
    /// `(any)` or `(all)` behind an operator. hellomateo doesn't document them.
    ///
    /// ```
    /// use mateo_model::{Quantifier, columns::TOTAL_COUNT};
    ///
    /// let filter = TOTAL_COUNT.eq_any([1, 2]).to_string();
    /// assert!(filter.contains(&format!("eq({})", Quantifier::Any.as_str())));
    /// ```
    Quantifier {
        /// True where the comparison holds for at least one element.
        Any = "any",
        /// True where the comparison holds for every element.
        All = "all",
    }
}

operators! {
    /// What `is` compares with.
    ///
    /// ```
    /// use mateo_model::{Truth, columns::TOTAL_COUNT};
    ///
    /// let filter = TOTAL_COUNT.is_null().to_string();
    /// assert_eq!(filter, format!("total_count.is.{}", Truth::Null.as_str()));
    /// ```
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

operators! {
    /// How a full text search reads its text.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, Node, Test, TextSearch};
    ///
    /// let query: ImportQuery = "reference_id=plfts(german).Bestellung".parse()?;
    /// let Node::Condition(condition) = query.filters()[0].node() else { unreachable!() };
    /// assert!(matches!(condition.test, Test::FullText { function: TextSearch::Plain, .. }));
    /// # Ok::<(), mateo_model::ParseError>(())
    /// ```
    TextSearch {
        /// `to_tsquery`.
        Query = "fts",
        /// `plainto_tsquery`.
        Plain = "plfts",
        /// `phraseto_tsquery`.
        Phrase = "phfts",
        /// `websearch_to_tsquery`.
        Websearch = "wfts",
    }
}

impl Filter {
    pub(crate) fn condition(field: Field, test: Test) -> Self {
        Self {
            negated: false,
            node: Node::Condition(Condition { field, test }),
        }
    }

    pub(crate) fn compare(field: Field, operator: Operator, value: String) -> Self {
        Self::condition(
            field,
            Test::Compare {
                operator,
                quantifier: None,
                value,
            },
        )
    }

    pub(crate) fn from_parts(negated: bool, node: Node) -> Self {
        Self { negated, node }
    }

    /// All of `filters`: true for every row where there are none.
    ///
    /// ```
    /// use mateo_model::{Filter, columns::*};
    ///
    /// let range = Filter::all([TOTAL_COUNT.gte(1), TOTAL_COUNT.lte(50)]);
    /// assert_eq!(range.to_string(), "and(total_count.gte.\"1\",total_count.lte.\"50\")");
    /// ```
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::group(filters.into_iter().collect(), Node::All, true)
    }

    /// At least one of `filters`: true for no row where there are none.
    ///
    /// ```
    /// use mateo_model::{Filter, columns::*};
    ///
    /// let either = Filter::any([FAILED_COUNT.gt(0), TOTAL_COUNT.is_null()]);
    /// assert_eq!(either.to_string(), "or(failed_count.gt.\"0\",total_count.is.null)");
    /// ```
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::group(filters.into_iter().collect(), Node::Any, false)
    }

    /// The server refuses `and()` and `or()`; an empty list says the same of a column that every row has.
    fn group(filters: Vec<Self>, node: fn(Vec<Self>) -> Node, if_empty: bool) -> Self {
        if filters.is_empty() {
            let nothing = Self::condition(Field::constant("id"), Test::In(Vec::new()));
            return if if_empty { !nothing } else { nothing };
        }
        Self {
            negated: false,
            node: node(filters),
        }
    }

    /// Both this and `other`.
    ///
    /// ```
    /// use mateo_model::columns::*;
    ///
    /// let both = FAILED_COUNT.gt(0).and(TOTAL_COUNT.lt(9));
    /// assert_eq!(both.to_string(), r#"and(failed_count.gt."0",total_count.lt."9")"#);
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self {
                negated: false,
                node: Node::All(mut all),
            } => {
                all.push(other);
                Self::all(all)
            }
            first => Self::all([first, other]),
        }
    }

    /// This, or `other`, or both.
    ///
    /// ```
    /// use mateo_model::columns::*;
    ///
    /// let either = FAILED_COUNT.gt(0).or(TOTAL_COUNT.lt(9));
    /// assert_eq!(either.to_string(), r#"or(failed_count.gt."0",total_count.lt."9")"#);
    /// ```
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self {
                negated: false,
                node: Node::Any(mut any),
            } => {
                any.push(other);
                Self::any(any)
            }
            first => Self::any([first, other]),
        }
    }

    /// Whether `not.` stands before it.
    ///
    /// ```
    /// use mateo_model::columns::TOTAL_COUNT;
    ///
    /// assert!(TOTAL_COUNT.is_not_null().is_negated());
    /// assert!(!TOTAL_COUNT.neq(1).is_negated()); // an operator of its own
    /// ```
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// The filter without its negation.
    ///
    /// ```
    /// use mateo_model::columns::TOTAL_COUNT;
    ///
    /// let filter = TOTAL_COUNT.eq(1);
    /// assert_eq!((!filter.clone()).node(), filter.node());
    /// ```
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The filters that a conjunction consists of, itself where it is none.
    pub(crate) fn into_conjuncts(self) -> Vec<Self> {
        match self {
            Self {
                negated: false,
                node: Node::All(all),
            } => all.into_iter().flat_map(Self::into_conjuncts).collect(),
            other => vec![other],
        }
    }
}

/// Negates the filter; twice gives the filter back. A row for which it is unknown (because of a NULL) is
/// listed by neither.
///
/// ```
/// use mateo_model::columns::TOTAL_COUNT;
///
/// let filter = TOTAL_COUNT.eq(1);
/// assert_eq!((!filter.clone()).to_string(), r#"total_count.not.eq."1""#);
/// assert_eq!(!!filter.clone(), filter);
/// ```
impl Not for Filter {
    type Output = Self;

    fn not(mut self) -> Self {
        self.negated = !self.negated;
        self
    }
}
