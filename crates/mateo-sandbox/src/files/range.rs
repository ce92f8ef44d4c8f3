//! Which part of a file is asked for (RFC 9110, section 14).

use std::ops::Range;

use http::{HeaderMap, header};

/// What `Range` and `If-Range` come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// The whole file: no range, one that can't be read, several, or one of another version of the file.
    All,
    Part(Range<u64>),
    /// It begins after the file's end.
    Unsatisfiable,
}

impl Requested {
    /// Reads the headers for a file of `len` bytes with this entity tag.
    pub(crate) fn read(headers: &HeaderMap, len: u64, etag: &str) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // The file has no date: an `If-Range` with one doesn't match, and the whole file is safe.
        let is_this_version = text(header::IF_RANGE).is_none_or(|version| version == etag);
        match text(header::RANGE).and_then(|range| range.strip_prefix("bytes=")) {
            Some(range) if is_this_version => Self::parse(range, len),
            _ => Self::All,
        }
    }

    fn parse(range: &str, len: u64) -> Self {
        let Some((first, last)) = range.trim().split_once('-') else {
            return Self::All;
        };
        let number = |text: &str| {
            let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // A number that is too large lies beyond every file's end.
            is_digits.then(|| text.parse().unwrap_or(u64::MAX))
        };
        match (number(first), number(last)) {
            // The last bytes.
            (None, Some(suffix)) if first.is_empty() => match suffix {
                0 => Self::Unsatisfiable,
                _ if len == 0 => Self::Unsatisfiable,
                suffix => Self::Part(len.saturating_sub(suffix)..len),
            },
            (Some(first), None) if last.is_empty() => Self::from(first, len, len),
            (Some(first), Some(last)) if first <= last => Self::from(first, last.saturating_add(1), len),
            _ => Self::All,
        }
    }

    fn from(first: u64, end: u64, len: u64) -> Self {
        if first < len {
            Self::Part(first..end.min(len))
        } else {
            Self::Unsatisfiable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(range: &str, if_range: Option<&str>) -> Requested {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().expect("valid"));
        if let Some(version) = if_range {
            headers.insert(header::IF_RANGE, version.parse().expect("valid"));
        }
        Requested::read(&headers, 100, "\"v1\"")
    }

    #[test]
    fn one_range_is_answered_within_the_file() {
        for (range, part) in [
            ("bytes=0-9", 0..10),
            ("bytes=90-", 90..100),
            ("bytes=90-99999999999999999999999", 90..100),
            ("bytes=-10", 90..100),
            ("bytes=-200", 0..100),
            ("bytes=99-99", 99..100),
        ] {
            assert_eq!(read(range, None), Requested::Part(part), "{range}");
        }
    }

    #[test]
    fn a_range_after_the_end_is_unsatisfiable() {
        for range in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(read(range, None), Requested::Unsatisfiable, "{range}");
        }
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_ignored() {
        for range in [
            "items=0-9",
            "bytes=5-4",
            "bytes=0-9,20-29",
            "bytes=-",
            "bytes=+1-2",
            "bytes=a-b",
            "0-9",
        ] {
            assert_eq!(read(range, None), Requested::All, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_gives_the_whole_file() {
        assert_eq!(read("bytes=0-9", Some("\"v1\"")), Requested::Part(0..10));
        for version in ["\"v2\"", "W/\"v1\"", "Thu, 01 Jan 2026 00:00:00 GMT"] {
            assert_eq!(read("bytes=0-9", Some(version)), Requested::All, "{version}");
        }
    }
}
