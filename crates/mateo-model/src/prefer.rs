//! `Prefer`: what a request would like the server to do, and what the server says it did.

use std::fmt;

use crate::words::words;

/// The preferences of a request (`Prefer`, RFC 7240) that matter to a read, or those a server says it honoured
/// (`Preference-Applied`).
///
/// It reads as the server reads: preferences are separated by commas, compared as they stand (lower case), and of a
/// repeated one the first that is understood counts. What it doesn't model is kept aside.
///
/// ```
/// use mateo_model::{Count, Prefer};
///
/// let prefer = Prefer::new().count(Count::Exact);
/// assert_eq!(prefer.to_string(), "count=exact");
///
/// let prefer = Prefer::parse(["handling=strict, count=planned, bogus=1"]);
/// assert_eq!(prefer.counting(), Some(Count::Planned));
/// assert!(prefer.is_strict() && prefer.unknown().eq(["bogus=1"]));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefer {
    count: Option<Count>,
    is_strict: Option<bool>,
    others: Vec<String>,
}

words! {
    /// How the rows that match are counted; the total comes in `Content-Range`.
    Count {
        /// Count every row. Exact, and the slowest: it may run into the server's limit of two seconds.
        Exact = "count=exact",
        /// The query planner's guess.
        Planned = "count=planned",
        /// Exact up to a threshold of the server's, the planner's guess above it.
        Estimated = "count=estimated",
    }
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

    /// Reads a header's values, more than one where it came several times: the same as one with the others joined on by
    /// commas. Every text is one: what isn't understood is kept aside, as the server does.
    ///
    /// ```
    /// use mateo_model::{Count, Prefer};
    ///
    /// assert_eq!(Prefer::parse(["count=exact", "count=planned"]).counting(), Some(Count::Exact));
    /// ```
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut prefer = Self::default();
        let preferences = values.into_iter().flat_map(|value| value.split(','));
        for preference in preferences.map(str::trim) {
            if let Some(count) = Count::ALL.iter().find(|it| it.as_str() == preference) {
                prefer.count.get_or_insert(*count);
            } else if let "handling=strict" | "handling=lenient" = preference {
                prefer.is_strict.get_or_insert(preference == "handling=strict");
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

    /// The count asked for.
    pub fn counting(&self) -> Option<Count> {
        self.count
    }

    /// Whether a preference that the server doesn't know shall be an error, 400 PGRST122 (`handling=strict`). By default
    /// it is passed over.
    pub fn is_strict(&self) -> bool {
        self.is_strict == Some(true)
    }

    /// The same without a count.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        self.count = None;
        self
    }

    /// What of it the server says that it applied.
    #[must_use]
    pub fn applied(mut self) -> Self {
        self.others.clear();
        self
    }

    /// The preferences that neither this type nor the server knows: what it rejects where it [is strict](Self::is_strict).
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let others = self.others.iter().map(String::as_str);
        others.filter(|preference| !is_known_elsewhere(preference))
    }

    /// Whether nothing is preferred, so that no header need be sent.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
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

/// A header's value: the preferences separated by `, `. Nothing for an empty one.
impl fmt::Display for Prefer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handling = self
            .is_strict
            .map(|it| if it { "handling=strict" } else { "handling=lenient" });
        let modelled = [self.count.map(Count::as_str), handling];
        let others = self.others.iter().map(String::as_str);
        let all: Vec<&str> = modelled.into_iter().flatten().chain(others).collect();
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests;
