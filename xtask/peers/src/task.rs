//! What a client is asked to do, and what it gives back. The same as JSON for clients in other languages.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The clients that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    Ours,
    PlainReqwest,
    PostgrestRs,
    PostgrestJs,
    PostgrestPy,
}

impl Client {
    pub const ALL: [Self; 5] = [
        Self::Ours,
        Self::PlainReqwest,
        Self::PostgrestRs,
        Self::PostgrestJs,
        Self::PostgrestPy,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "mateo-imports",
            Self::PlainReqwest => "a plain reqwest loop",
            Self::PostgrestRs => "postgrest-rs 1.6",
            Self::PostgrestJs => "postgrest-js 2",
            Self::PostgrestPy => "postgrest-py 2",
        }
    }

    pub fn is_external(self) -> bool {
        matches!(self, Self::PostgrestJs | Self::PostgrestPy)
    }
}

/// How a text is looked for: alone, as one of two in a list, as one of two in a disjunction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Eq,
    In,
    Or,
}

/// One task.
#[derive(Debug, Serialize)]
pub struct Task {
    /// The URL above the table.
    pub base: String,
    pub key: &'static str,
    /// Find the ids of the rows whose `reference_id` is each of `values`, or read all rows where there is none.
    pub form: Option<Form>,
    pub values: Vec<String>,
    /// Read page after page of 50 until one is short; else ask once for all.
    pub paged: bool,
    /// The server has its limits, so a client that knows of them keeps to them.
    pub limited: bool,
}

impl Task {
    pub fn find(url: &str, form: Form, values: Vec<String>) -> Self {
        Self {
            form: Some(form),
            values,
            ..Self::all(url, false)
        }
    }

    pub fn all(url: &str, paged: bool) -> Self {
        Self {
            base: format!("{url}/api/v1"),
            key: "a-key",
            form: None,
            values: Vec::new(),
            paged,
            limited: false,
        }
    }
}

impl Task {
    /// The same at a server with limits.
    pub fn limited(self) -> Self {
        Self {
            limited: true,
            ..self
        }
    }
}

/// What came back.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    /// The ids for each value, nothing where it was an error.
    pub found: Option<Vec<Option<BTreeSet<String>>>>,
    #[serde(default)]
    pub rows: usize,
    pub error: Option<String>,
    /// How long it took, the start of a program not counted.
    pub seconds: Option<f64>,
}

/// A text that no row has: the other one in lists and disjunctions.
pub const OTHER: &str = "no row has this";
