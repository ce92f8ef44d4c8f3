//! Columns that know their type: an operator that the server would reject doesn't compile.

mod json;
mod text;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::ast::field::Field;
use crate::ast::filter::Filter;
use crate::ast::order::Order;
use crate::ast::test::{Operator, Quantifier, Test, Truth};
use crate::literal::{self, Literal};
use crate::select::SelectItem;

/// A column whose values are of the type `T`; it offers the operators that the server has for that type.
///
/// The 13 columns that the API documents are constants in [`columns`](crate::columns). A newer one is
/// [`Column::named`]. The text operators are there for text only, `contains` of JSON for JSON only:
///
/// ```
/// use mateo_model::{Column, columns::*};
///
/// let many = TOTAL_COUNT.gte(10);
/// let hinted = Column::<String>::named("contact_list_external_id").eq("newsletter");
/// assert_eq!(many.and(hinted).to_string(),
///     "and(total_count.gte.\"10\",contact_list_external_id.eq.\"newsletter\")");
/// ```
///
/// ```compile_fail,E0599
/// mateo_model::columns::TOTAL_COUNT.like("1*"); // `like` on an integer is error 42883 on the server
/// ```
///
/// ```compile_fail,E0277
/// mateo_model::columns::ID.eq("x"); // no uuid: error 22P02 on the server
/// ```
#[derive(Clone)]
pub struct Column<T> {
    field: Field,
    of: PhantomData<fn() -> T>,
}

impl<T> Column<T> {
    pub(crate) const fn constant(name: &'static str) -> Self {
        Self {
            field: Field::constant(name),
            of: PhantomData,
        }
    }

    /// A column that this release has no constant for. Any name is sent as that name: it is quoted
    /// where the grammar needs it (GRAMMAR.md, "The query string"). A column that the server doesn't have
    /// is its error 42703.
    ///
    /// ```
    /// use mateo_model::Column;
    ///
    /// let hints = Column::<String>::named("external hints");
    /// assert_eq!(hints.eq("a").to_string(), r#""external hints".eq."a""#);
    /// ```
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: Field::named(name),
            of: PhantomData,
        }
    }

    /// The column without its type.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// Rows whose value is NULL.
    pub fn is_null(&self) -> Filter {
        self.test(Test::Is(Truth::Null))
    }

    /// Rows whose value is not NULL, written `not.is.null`, which every server version reads.
    pub fn is_not_null(&self) -> Filter {
        !self.is_null()
    }

    /// Smallest first; NULLs last unless said otherwise.
    pub fn asc(&self) -> Order {
        Order::asc(self.field.clone())
    }

    /// Largest first; NULLs first unless said otherwise.
    pub fn desc(&self) -> Order {
        Order::desc(self.field.clone())
    }

    /// The column under another name in the response: `alias:column`.
    pub fn alias(&self, alias: impl Into<String>) -> SelectItem {
        SelectItem::from(self).alias(alias)
    }

    /// The column cast to another PostgreSQL type in the response: `column::text`.
    pub fn cast(&self, to: impl Into<String>) -> SelectItem {
        SelectItem::from(self).cast(to)
    }

    fn test(&self, test: Test) -> Filter {
        Filter::condition(self.field.clone(), test)
    }

    fn compare(&self, operator: Operator, value: &impl Literal<T>) -> Filter {
        Filter::compare(self.field.clone(), operator, value.to_literal())
    }

    /// Equal to `value`. A NULL is not equal to anything: see [`is_null`](Column::is_null).
    pub fn eq(&self, value: impl Literal<T>) -> Filter {
        self.compare(Operator::Eq, &value)
    }

    /// Not equal to `value`, which drops rows whose value is NULL.
    /// [`is_distinct_from`](Column::is_distinct_from) keeps them.
    pub fn neq(&self, value: impl Literal<T>) -> Filter {
        self.compare(Operator::Neq, &value)
    }

    /// Greater than `value`. Import types compare in the order they were declared, text by the database's
    /// collation.
    pub fn gt(&self, value: impl Literal<T>) -> Filter {
        self.compare(Operator::Gt, &value)
    }

    /// Greater than or equal to `value`.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use mateo_model::{ImportQuery, columns::CREATED_AT};
    ///
    /// let new_year = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
    /// let query = ImportQuery::new().filter(CREATED_AT.gte(new_year));
    /// assert_eq!(query.to_string(), "created_at=gte.2026-01-01T00%3A00%3A00Z");
    /// ```
    pub fn gte(&self, value: impl Literal<T>) -> Filter {
        self.compare(Operator::Gte, &value)
    }

    /// Less than `value`.
    pub fn lt(&self, value: impl Literal<T>) -> Filter {
        self.compare(Operator::Lt, &value)
    }

    /// Less than or equal to `value`.
    pub fn lte(&self, value: impl Literal<T>) -> Filter {
        self.compare(Operator::Lte, &value)
    }

    /// Not equal to `value`, where NULL counts as different from every value: the form of
    /// [`neq`](Column::neq) that keeps NULLs.
    pub fn is_distinct_from(&self, value: impl Literal<T>) -> Filter {
        self.compare(Operator::IsDistinct, &value)
    }

    /// Equal to one of `values`; no values match no row.
    ///
    /// A list of one empty string reads as an empty list on the server (GRAMMAR.md, "Operators"), so it is
    /// sent twice.
    ///
    /// ```
    /// use mateo_model::columns::REFERENCE_ID;
    ///
    /// assert_eq!(REFERENCE_ID.in_(["hi,there", "you"]).to_string(), r#"reference_id.in.("hi,there","you")"#);
    /// assert_eq!(REFERENCE_ID.in_([""]).to_string(), r#"reference_id.in.("","")"#);
    /// ```
    pub fn in_<V: Literal<T>>(&self, values: impl IntoIterator<Item = V>) -> Filter {
        self.in_list(values.into_iter().map(|value| value.to_literal()).collect())
    }

    /// Equal to none of `values`, which drops rows whose value is NULL; no values match every row, those
    /// with NULL included. [`not_in_or_null`](Column::not_in_or_null) keeps NULLs always.
    pub fn not_in<V: Literal<T>>(&self, values: impl IntoIterator<Item = V>) -> Filter {
        !self.in_(values)
    }

    /// Equal to none of `values`, or NULL: the form of [`not_in`](Column::not_in) that keeps NULLs.
    ///
    /// ```
    /// use mateo_model::columns::TOTAL_COUNT;
    ///
    /// let filter = TOTAL_COUNT.not_in_or_null([1, 2]);
    /// assert_eq!(filter.to_string(), r#"or(total_count.not.in.("1","2"),total_count.is.null)"#);
    /// ```
    pub fn not_in_or_null<V: Literal<T>>(&self, values: impl IntoIterator<Item = V>) -> Filter {
        self.not_in(values).or(self.is_null())
    }

    /// `values` without repetitions, in their order, as lists short enough for a URL: at most `max_values`
    /// (at least 1) in each, and at most `max_bytes` of query string, unless one value alone is longer.
    ///
    /// The union of what the filters match is what one [`in_`](Column::in_) would match, and no row is
    /// matched by two of them.
    ///
    /// ```
    /// use mateo_model::columns::REFERENCE_ID;
    ///
    /// let parts = REFERENCE_ID.in_parts(["a", "b", "a", "c"], 2, 2_000);
    /// assert_eq!(parts, [REFERENCE_ID.in_(["a", "b"]), REFERENCE_ID.in_(["c"])]);
    /// ```
    pub fn in_parts<V: Literal<T>>(
        &self,
        values: impl IntoIterator<Item = V>,
        max_values: usize,
        max_bytes: usize,
    ) -> Vec<Filter> {
        let values = values.into_iter().map(|value| value.to_literal());
        let parts = literal::split(values, max_values, max_bytes);
        parts.into_iter().map(|part| self.in_list(part)).collect()
    }

    fn in_list(&self, mut list: Vec<String>) -> Filter {
        if list == [""] {
            list.push(String::new());
        }
        self.test(Test::In(list))
    }

    /// *Not documented by hellomateo:* the operator `eq(any)`, equal to at least one of `values`.
    pub fn eq_any<V: Literal<T>>(&self, values: impl IntoIterator<Item = V>) -> Filter {
        self.quantified(Operator::Eq, Quantifier::Any, literal::array(values))
    }

    fn quantified(&self, operator: Operator, quantifier: Quantifier, value: String) -> Filter {
        self.test(Test::Compare {
            operator,
            quantifier: Some(quantifier),
            value,
        })
    }
}

impl<T> From<Column<T>> for SelectItem {
    fn from(column: Column<T>) -> Self {
        Self::from(&column)
    }
}

impl<T> From<&Column<T>> for SelectItem {
    fn from(column: &Column<T>) -> Self {
        column.field().clone().into()
    }
}

impl<T> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.field)
    }
}
