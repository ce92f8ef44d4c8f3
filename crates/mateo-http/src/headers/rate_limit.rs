//! The `ratelimit-*` headers, in every form that the IETF drafts have had.
//!
//! | draft | form |
//! |---|---|
//! | 00 to 06 | `ratelimit-limit: 2`, `ratelimit-remaining: 1`, `ratelimit-reset: 1` |
//! | 00 to 06, with windows | `ratelimit-limit: 2, 2;w=1, 10000;w=86400` |
//! | 07 | `ratelimit: limit=2, remaining=1, reset=1` with `ratelimit-policy: 2;w=1` |
//! | 08 on | `ratelimit: "burst";r=1;t=1` with `ratelimit-policy: "burst";q=2;w=1` |
//!
//! hellomateo documents the first. Whatever cannot be read is left out: these headers only ever correct a budget
//! that works without them.

use std::time::Duration;

use http::HeaderMap;

/// No window is believed to be longer than this: a longer one is an epoch in the wrong field.
const LONGEST_WINDOW: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// One quota as the server states it.
///
/// ```
/// use mateo_http::headers::ResponseFacts;
///
/// # fn example(facts: &ResponseFacts) {
/// for quota in &facts.rate_limits {
///     println!("{:?} of {:?} left", quota.remaining, quota.limit);
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// In the form that has one: what joins a quota to its policy.
    name: Option<Box<str>>,
    /// Requests in a window.
    pub limit: Option<u64>,
    /// Requests that are left in this window.
    pub remaining: Option<u64>,
    /// When the window ends, from the response on. The server gives whole seconds: the true time can be up to one
    /// second less.
    pub reset: Option<Duration>,
    /// The window's length, where the server says it.
    pub window: Option<Duration>,
}

impl RateLimit {
    /// Every quota that the headers state.
    pub(crate) fn read(headers: &HeaderMap) -> Vec<Self> {
        let mut quotas = listed(headers, "ratelimit");
        if quotas.is_empty() {
            return three_headers(headers).into_iter().collect();
        }
        let policies = listed(headers, "ratelimit-policy");
        for quota in &mut quotas {
            let mut policies = policies.iter();
            let policy = policies.find(|policy| match &quota.name {
                Some(name) => policy.name.as_ref() == Some(name),
                None => policy.limit == quota.limit,
            });
            quota.limit = quota.limit.or(policy.and_then(|policy| policy.limit));
            quota.window = quota.window.or(policy.and_then(|policy| policy.window));
        }
        quotas
    }

    fn set(&mut self, (key, value): (&str, &str)) {
        match key.trim() {
            "limit" | "q" => self.limit = number(value),
            "remaining" | "r" => self.remaining = number(value),
            "reset" | "t" => self.reset = seconds(value),
            "w" => self.window = seconds(value),
            _ => {}
        }
    }
}

/// `ratelimit-limit`, `ratelimit-remaining`, `ratelimit-reset`.
fn three_headers(headers: &HeaderMap) -> Option<RateLimit> {
    // The windows after the first number (draft 03): that of the same limit is this quota's.
    let limits = listed(headers, "ratelimit-limit");
    let limit = limits.first().and_then(|first| first.limit);
    let mut same = limits.iter().filter(|other| other.limit == limit);
    let quota = RateLimit {
        name: None,
        limit,
        remaining: text(headers, "ratelimit-remaining").find_map(number),
        reset: text(headers, "ratelimit-reset").find_map(seconds),
        window: same.find_map(|other| other.window),
    };
    (quota != RateLimit::default()).then_some(quota)
}

/// The quotas of a list: structured fields (RFC 9651), as far as these headers use them.
fn listed(headers: &HeaderMap, name: &'static str) -> Vec<RateLimit> {
    let mut quotas = Vec::new();
    // Draft 07 writes one quota as a dictionary of three members.
    let mut dictionary = RateLimit::default();
    for item in text(headers, name).flat_map(|list| split_unquoted(list, ',')) {
        let mut parts = split_unquoted(item, ';').map(str::trim);
        let head = parts.next().unwrap_or_default();
        if let Some(member) = head.split_once('=') {
            dictionary.set(member);
        } else if !head.is_empty() {
            let limit = number(head);
            let mut quota = RateLimit {
                limit,
                name: limit.is_none().then(|| head.trim_matches('"').into()),
                ..RateLimit::default()
            };
            parts
                .filter_map(|part| part.split_once('='))
                .for_each(|pair| quota.set(pair));
            quotas.push(quota);
        }
    }
    quotas.push(dictionary);
    quotas.retain(|quota| quota.remaining.is_some() || quota.limit.is_some());
    quotas
}

/// A separator within quotes belongs to a name.
fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
}

/// The leading whole number: `2, 2;w=1` is 2.
fn number(text: &str) -> Option<u64> {
    let digits = text
        .trim_start()
        .split(|character: char| !character.is_ascii_digit());
    digits.into_iter().next()?.parse().ok()
}

fn seconds(text: &str) -> Option<Duration> {
    let wait = Duration::from_secs(number(text)?);
    (wait <= LONGEST_WINDOW).then_some(wait)
}

#[cfg(test)]
mod tests;
