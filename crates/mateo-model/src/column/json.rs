//! The operators that only JSON, arrays and truth values have.

use std::marker::PhantomData;

use super::Column;
use crate::ast::field::{Arrow, PathKey};
use crate::ast::filter::Filter;
use crate::ast::test::{Operator, Test, Truth};
use crate::literal::{Element, Literal};

/// JSON only: paths and containment.
impl Column<serde_json::Value> {
    /// A member or element as JSON: `payload->source`, `payload->0`.
    ///
    /// ```
    /// use mateo_model::columns::PAYLOAD;
    ///
    /// assert_eq!(PAYLOAD.json("deep").json(0).field().to_string(), "payload->deep->0");
    /// ```
    #[must_use]
    pub fn json(&self, key: impl Into<PathKey>) -> Self {
        Self {
            field: self.field.clone().step(Arrow::Json, key),
            of: PhantomData,
        }
    }

    /// A member or element as text: `payload->>source`. Comparisons of it compare text: `"9"` is greater
    /// than `"10"`.
    ///
    /// ```
    /// use mateo_model::columns::PAYLOAD;
    ///
    /// assert_eq!(PAYLOAD.json(0).text("email").eq("a@b.c").to_string(), r#"payload->0->>email.eq."a@b.c""#);
    /// ```
    pub fn text(&self, key: impl Into<PathKey>) -> Column<String> {
        Column {
            field: self.field.clone().step(Arrow::Text, key),
            of: PhantomData,
        }
    }

    /// Rows whose JSON contains `json` (PostgreSQL's `@>`): every member and element of it, at any place.
    ///
    /// ```
    /// use mateo_model::columns::PAYLOAD;
    ///
    /// let filter = PAYLOAD.contains(serde_json::json!({"source": "crm"}));
    /// assert_eq!(filter.to_string(), r#"payload.cs."{\"source\":\"crm\"}""#);
    /// ```
    pub fn contains(&self, json: impl Literal<serde_json::Value>) -> Filter {
        self.compare(Operator::Contains, &json)
    }

    /// Rows whose JSON is contained in `json` (PostgreSQL's `<@`).
    pub fn contained_by(&self, json: impl Literal<serde_json::Value>) -> Filter {
        self.compare(Operator::ContainedBy, &json)
    }
}

/// Arrays only: containment.
impl<E: Element> Column<Vec<E>> {
    /// Rows whose array has every one of `elements` (PostgreSQL's `@>`).
    ///
    /// ```
    /// use mateo_model::Column;
    ///
    /// let tags = Column::<Vec<String>>::named("tags");
    /// assert_eq!(tags.contains(["a b", "c"]).to_string(), r#"tags.cs."{\"a b\",c}""#);
    /// ```
    pub fn contains<V: Literal<E>>(&self, elements: impl IntoIterator<Item = V>) -> Filter {
        self.compare(Operator::Contains, &elements.into_iter().collect::<Vec<V>>())
    }

    /// Rows whose array has nothing but `elements` (PostgreSQL's `<@`).
    pub fn contained_by<V: Literal<E>>(&self, elements: impl IntoIterator<Item = V>) -> Filter {
        self.compare(Operator::ContainedBy, &elements.into_iter().collect::<Vec<V>>())
    }
}

/// Truth values only.
impl Column<bool> {
    /// Rows whose value is true.
    pub fn is_true(&self) -> Filter {
        self.test(Test::Is(Truth::True))
    }

    /// Rows whose value is false.
    pub fn is_false(&self) -> Filter {
        self.test(Test::Is(Truth::False))
    }
}
