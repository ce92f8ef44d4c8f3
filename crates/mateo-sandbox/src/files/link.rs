//! Links to files in responses: rewritten to the origin that serves them, and signed where they expire.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use http::Uri;
use memchr::memmem;

use crate::clock::after;
use crate::random::digest;

/// The origin that rows name. In process it is the real one; a server puts its own in its place.
pub(crate) const ORIGIN: &str = "https://files.sandbox.invalid";
pub(crate) const FILES_HOST: &str = "files.sandbox.invalid";

/// When a link to a file no longer works. Reading the import again gives a fresh one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Expiry {
    /// So long after the import was read.
    After(Duration),
    /// After so many requests for the file with that link.
    Requests(u32),
}

/// Signs links and checks them.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) expiry: Option<Expiry>,
    /// The number of the link that was signed last.
    serial: u64,
    /// How often a link was used, by its number.
    uses: BTreeMap<u64, u32>,
}

impl Links {
    /// Rewrites every link of a body to the origin that serves files, and signs it where links expire.
    pub(crate) fn refresh(&mut self, body: Bytes, origin: &str, now: DateTime<Utc>) -> Bytes {
        if self.expiry.is_none() && origin == ORIGIN {
            return body;
        }
        let mut fresh = BytesMut::new();
        let mut rest = body.as_ref();
        while let Some((before, link)) = split_at_origin(rest) {
            // Within JSON the link ends with its string.
            let end = link.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            let (path, after) = link.split_at(end.unwrap_or(link.len()));
            fresh.extend_from_slice(before);
            fresh.extend_from_slice(origin.as_bytes());
            fresh.extend_from_slice(path);
            fresh.extend_from_slice(self.sign(path, now).as_bytes());
            rest = after;
        }
        if fresh.is_empty() {
            return body;
        }
        fresh.extend_from_slice(rest);
        fresh.freeze()
    }

    fn sign(&mut self, path: &[u8], now: DateTime<Utc>) -> String {
        let terms = match self.expiry {
            None => return String::new(),
            Some(Expiry::After(time)) => format!("expires={}", after(now, time).timestamp_millis()),
            Some(Expiry::Requests(_)) => {
                self.serial += 1;
                format!("link={}", self.serial)
            }
        };
        let sign = if path.contains(&b'?') { '&' } else { '?' };
        format!("{sign}{terms}&sig={:016x}", digest([path, terms.as_bytes()]))
    }

    /// Whether a link still works; uses it once more where `is_use`.
    pub(crate) fn allow(&mut self, uri: &Uri, is_use: bool, now: DateTime<Utc>) -> bool {
        let Some(expiry) = &self.expiry else { return true };
        let link = uri.path_and_query().map_or("/", |link| link.as_str());
        let Some((terms, value)) = signed_terms(link) else {
            return false;
        };
        match (expiry, terms) {
            (Expiry::After(_), "expires") => {
                i64::try_from(value).is_ok_and(|expires| now.timestamp_millis() < expires)
            }
            (Expiry::Requests(most), "link") => {
                let uses = self.uses.entry(value).or_default();
                let is_left = *uses < *most;
                *uses += u32::from(is_use && is_left);
                is_left
            }
            _ => false,
        }
    }
}

/// What is before the next link, and what is after its origin.
fn split_at_origin(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, link) = body.split_at(memmem::find(body, ORIGIN.as_bytes())?);
    Some((before, link.strip_prefix(ORIGIN.as_bytes())?))
}

/// The terms of a link whose signature holds: what its last parameters say.
fn signed_terms(link: &str) -> Option<(&str, u64)> {
    let (link, signature) = link.rsplit_once("&sig=")?;
    let (path, terms) = link.rsplit_once(['?', '&'])?;
    let expected = format!("{:016x}", digest([path.as_bytes(), terms.as_bytes()]));
    let (name, value) = terms.split_once('=')?;
    (signature == expected).then(|| Some((name, value.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = r#"[{"failed_url":"https://files.sandbox.invalid/failed/a.json?rows=2","n":1}, {"payload_url":"https://files.sandbox.invalid/files/b"}]"#;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("within range")
    }

    fn links(expiry: Expiry) -> Links {
        Links {
            expiry: Some(expiry),
            ..Links::default()
        }
    }

    fn read(links: &mut Links, now: DateTime<Utc>) -> [Uri; 2] {
        let body = links.refresh(Bytes::from_static(ROWS.as_bytes()), "http://127.0.0.1:9", now);
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&body).expect("still JSON");
        let url = |value: &serde_json::Value| value.as_str().and_then(|url| url.parse().ok()).expect("a URL");
        [url(&rows[0]["failed_url"]), url(&rows[1]["payload_url"])]
    }

    #[test]
    fn links_name_the_origin_that_is_live_and_nothing_else_changes() {
        let mut links = Links::default();
        let body = Bytes::from_static(ROWS.as_bytes());
        assert_eq!(links.refresh(body.clone(), ORIGIN, at(0)), ROWS);
        let moved = links.refresh(body, "http://127.0.0.1:9", at(0));
        assert_eq!(
            moved,
            ROWS.replace("https://files.sandbox.invalid", "http://127.0.0.1:9")
        );
        let other = Bytes::from_static(br#"["https://storage.example.com/a"]"#);
        assert_eq!(links.refresh(other.clone(), "http://127.0.0.1:9", at(0)), other);
    }

    #[test]
    fn a_link_expires_and_a_fresh_one_works() {
        let mut links = links(Expiry::After(Duration::from_secs(60)));
        for uri in read(&mut links, at(0)) {
            assert!(links.allow(&uri, true, at(59)), "{uri}");
            assert!(!links.allow(&uri, true, at(60)), "{uri}");
        }
        for uri in read(&mut links, at(60)) {
            assert!(links.allow(&uri, true, at(60)), "{uri}");
        }
    }

    #[test]
    fn a_link_works_for_so_many_requests() {
        let mut links = links(Expiry::Requests(2));
        let [uri, other] = read(&mut links, at(0));
        assert!(links.allow(&uri, false, at(0)));
        assert!(links.allow(&uri, true, at(0)));
        assert!(links.allow(&uri, true, at(0)));
        assert!(!links.allow(&uri, true, at(0)));
        assert!(links.allow(&other, true, at(0)));
    }

    #[test]
    fn a_link_that_was_changed_or_never_signed_does_not_work() {
        let mut links = links(Expiry::After(Duration::from_secs(60)));
        let [uri, _] = read(&mut links, at(0));
        let longer = uri.to_string().replace("expires=60000", "expires=99000");
        assert_ne!(longer, uri.to_string());
        for link in [
            longer.as_str(),
            "http://127.0.0.1:9/failed/a.json?rows=2",
            "http://127.0.0.1:9/",
        ] {
            assert!(!links.allow(&link.parse().expect("a URI"), true, at(0)), "{link}");
        }
    }
}
