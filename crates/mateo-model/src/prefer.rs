//! `Prefer`: what a request would like the server to do, and what the server says it did.

use std::fmt;

/// The preferences of a request (`Prefer`, RFC 7240) that matter to a read, or those a server says it honoured
/// (`Preference-Applied`).
///
/// It reads as the server reads: preferences are separated by commas, compared as they stand (lower case), and of a
/// repeated one the first that is understood counts. What it doesn't model is kept in [`others`](Self::others).
///
/// ```
/// use mateo_model::{Count, Handling, Prefer};
///
/// let prefer = Prefer::new().count(Count::Exact);
/// assert_eq!(prefer.to_string(), "count=exact");
///
/// let prefer = Prefer::parse("handling=strict, count=planned, bogus=1");
/// assert_eq!(prefer.counting(), Some(Count::Planned));
/// assert_eq!(prefer.handles(), Some(Handling::Strict));
/// assert!(prefer.unknown().eq(["bogus=1"]));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Prefer {
    count: Option<Count>,
    handling: Option<Handling>,
    others: Vec<String>,
}

/// How the rows that match are counted; the total comes in `Content-Range`.
///
/// ```
/// assert_eq!(mateo_model::Count::Exact.to_string(), "count=exact");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Count {
    /// Count every row. Exact, and the slowest: it may run into the server's limit of two seconds.
    Exact,
    /// The query planner's guess.
    Planned,
    /// Exact up to a threshold of the server's, the planner's guess above it.
    Estimated,
}

/// What the server does about a preference that it doesn't know.
///
/// ```
/// assert_eq!(mateo_model::Handling::Strict.to_string(), "handling=strict");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Handling {
    /// Refuse the request: 400 PGRST122.
    Strict,
    /// Pass over it: what the server does if nothing is said.
    Lenient,
}

impl Prefer {
    /// The name of the request header.
    pub const HEADER: &str = "prefer";

    /// The name of the response header in which a server lists what it honoured.
    pub const APPLIED_HEADER: &str = "preference-applied";

    /// No preference at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a header's value. Every text is one: what isn't understood is kept aside, as the server does.
    ///
    /// ```
    /// use mateo_model::{Count, Prefer};
    ///
    /// assert_eq!(Prefer::parse("count=exact, count=planned").counting(), Some(Count::Exact));
    /// ```
    pub fn parse(value: &str) -> Self {
        Self::parse_all([value])
    }

    /// Reads a header that came several times: the same as one value with the others joined on by commas.
    pub fn parse_all<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut prefer = Self::default();
        for preference in values
            .into_iter()
            .flat_map(|value| value.split(','))
            .map(str::trim)
        {
            if let Some(count) = Count::ALL.into_iter().find(|count| count.as_str() == preference) {
                prefer.count.get_or_insert(count);
            } else if let Some(handling) = Handling::ALL.into_iter().find(|it| it.as_str() == preference) {
                prefer.handling.get_or_insert(handling);
            } else if !preference.is_empty() {
                prefer.others.push(preference.to_owned());
            }
        }
        prefer
    }

    /// Asks for a count of the rows that match.
    #[must_use]
    pub fn count(mut self, count: Count) -> Self {
        self.count = Some(count);
        self
    }

    /// Says what to do about unknown preferences.
    #[must_use]
    pub fn handling(mut self, handling: Handling) -> Self {
        self.handling = Some(handling);
        self
    }

    /// The count asked for.
    pub fn counting(&self) -> Option<Count> {
        self.count
    }

    /// What was said about unknown preferences.
    pub fn handles(&self) -> Option<Handling> {
        self.handling
    }

    /// The preferences that this type doesn't model, in their order.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// Of the [`others`](Self::others), those the server doesn't know either: what it rejects under
    /// [`Handling::Strict`].
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.others().filter(|preference| !is_known_elsewhere(preference))
    }

    /// The header's name and value; `None` where nothing is preferred.
    ///
    /// ```
    /// use mateo_model::{Count, Prefer};
    ///
    /// let prefer = Prefer::new().count(Count::Exact);
    /// assert_eq!(prefer.header(), Some(("prefer", "count=exact".to_owned())));
    /// ```
    pub fn header(&self) -> Option<(&'static str, String)> {
        (!self.is_empty()).then(|| (Self::HEADER, self.to_string()))
    }

    /// Whether nothing is preferred, so that no header need be sent.
    pub fn is_empty(&self) -> bool {
        self.count.is_none() && self.handling.is_none() && self.others.is_empty()
    }
}

/// The preferences PostgREST 14 has for other kinds of request: no strict check rejects them on a read.
fn is_known_elsewhere(preference: &str) -> bool {
    const WORDS: [&str; 9] = [
        "missing=default",
        "missing=null",
        "resolution=ignore-duplicates",
        "resolution=merge-duplicates",
        "return=headers-only",
        "return=minimal",
        "return=representation",
        "tx=commit",
        "tx=rollback",
    ];
    WORDS.contains(&preference)
        || preference.starts_with("timezone=")
        || preference.starts_with("max-affected=")
}

impl Count {
    const ALL: [Self; 3] = [Self::Exact, Self::Planned, Self::Estimated];

    /// The preference as it is written in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "count=exact",
            Self::Planned => "count=planned",
            Self::Estimated => "count=estimated",
        }
    }
}

impl Handling {
    const ALL: [Self; 2] = [Self::Strict, Self::Lenient];

    /// The preference as it is written in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "handling=strict",
            Self::Lenient => "handling=lenient",
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A header's value: the preferences separated by `, `. Nothing for an empty one.
impl fmt::Display for Prefer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modelled = [self.count.map(Count::as_str), self.handling.map(Handling::as_str)];
        for (index, preference) in modelled.into_iter().flatten().chain(self.others()).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(preference)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
