//! `Accept`: in which form the rows are wanted.

use http::{HeaderMap, HeaderValue, header};

use crate::postgrest::error::Error;

/// The forms this endpoint has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An array of objects.
    Array,
    /// The one object, where there is exactly one.
    Object,
}

impl Form {
    /// Takes the first media type it has, those with a higher weight coming first.
    pub(super) fn negotiate(headers: &HeaderMap) -> Result<Self, Error> {
        let values = headers.get_all(header::ACCEPT).into_iter();
        let mut ranges: Vec<&str> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|range| !range.is_empty())
            .collect();
        if ranges.is_empty() {
            return Ok(Self::Array);
        }
        ranges.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        ranges.iter().find_map(|range| Self::of(range)).ok_or_else(|| {
            let asked = ranges.join(", ");
            Error::new(
                "PGRST107",
                format!("None of these media types are available: {asked}"),
            )
        })
    }

    fn of(range: &str) -> Option<Self> {
        let media_type = range.split(';').next().unwrap_or_default().trim_end();
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" | "*/*" => Some(Self::Array),
            "application/vnd.pgrst.object+json" | "application/vnd.pgrst.object" => Some(Self::Object),
            _ => None,
        }
    }

    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Array => "application/json; charset=utf-8",
            Self::Object => "application/vnd.pgrst.object+json; charset=utf-8",
        })
    }
}

/// The weight of a media range (RFC 9110, section 12.4.2).
fn weight(range: &str) -> f32 {
    let parameters = range.split(';').skip(1);
    parameters
        .filter_map(|parameter| parameter.trim().strip_prefix("q="))
        .find_map(|weight| weight.parse().ok())
        .unwrap_or(1.0)
}
