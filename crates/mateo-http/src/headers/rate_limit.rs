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

use std::{iter, time::Duration};

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
    /// The quota's name, in the form that has one.
    pub name: Option<Box<str>>,
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
        let mut quotas = one_header(headers);
        if quotas.is_empty() {
            quotas.extend(three_headers(headers));
        }
        quotas
    }
}

/// `ratelimit-limit`, `ratelimit-remaining`, `ratelimit-reset`.
fn three_headers(headers: &HeaderMap) -> Option<RateLimit> {
    let number = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .and_then(first_number)
    };
    let limit = number("ratelimit-limit");
    let mut quota = RateLimit {
        limit,
        remaining: number("ratelimit-remaining"),
        reset: number("ratelimit-reset").and_then(seconds),
        ..RateLimit::default()
    };
    // The windows after the first number (draft 03): that of the same limit is this quota's.
    let listed = text(headers, "ratelimit-limit")
        .flat_map(items)
        .filter_map(|item| policy(&item));
    quota.window = listed
        .filter(|policy| policy.limit == limit)
        .find_map(|policy| policy.window);
    (limit.is_some() || quota.remaining.is_some() || quota.reset.is_some()).then_some(quota)
}

/// `ratelimit`, with what `ratelimit-policy` adds.
fn one_header(headers: &HeaderMap) -> Vec<RateLimit> {
    let mut quotas = Vec::new();
    // Draft 07 writes one quota as a dictionary of three members.
    let mut dictionary = RateLimit::default();
    for item in text(headers, "ratelimit").flat_map(items) {
        match item.head.split_once('=') {
            Some((key, value)) => dictionary.set(key.trim(), value.trim()),
            None => quotas.push(item.quota()),
        }
    }
    if dictionary != RateLimit::default() {
        quotas.push(dictionary);
    }
    for quota in &mut quotas {
        quota.add_policy(headers);
    }
    quotas.retain(|quota| quota.remaining.is_some() || quota.limit.is_some());
    quotas
}

impl RateLimit {
    fn set(&mut self, key: &str, value: &str) {
        match key {
            "limit" | "q" => self.limit = first_number(value),
            "remaining" | "r" => self.remaining = first_number(value),
            "reset" | "t" => self.reset = first_number(value).and_then(seconds),
            "w" => self.window = first_number(value).and_then(seconds),
            _ => {}
        }
    }

    fn add_policy(&mut self, headers: &HeaderMap) {
        let mut policies = text(headers, "ratelimit-policy")
            .flat_map(items)
            .filter_map(|item| policy(&item));
        let found = policies.find(|policy| match &self.name {
            Some(name) => policy.name.as_ref() == Some(name),
            None => policy.limit == self.limit,
        });
        if let Some(policy) = found {
            self.limit = self.limit.or(policy.limit);
            self.window = self.window.or(policy.window);
        }
    }
}

/// `2;w=1` or `"burst";q=2;w=1`.
fn policy(item: &Item<'_>) -> Option<RateLimit> {
    let mut policy = item.quota();
    if policy.limit.is_none() {
        policy.limit = first_number(item.head);
    }
    policy.window.and(policy.limit).map(|_| policy)
}

/// One item of a structured-field list (RFC 9651), as far as these headers use it.
struct Item<'a> {
    head: &'a str,
    parameters: &'a str,
}

impl Item<'_> {
    fn quota(&self) -> RateLimit {
        let mut quota = RateLimit::default();
        if let Some(name) = self
            .head
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            quota.name = Some(name.into());
        } else if first_number(self.head).is_none() {
            quota.name = Some(self.head.into());
        }
        for (key, value) in self
            .parameters
            .split(';')
            .filter_map(|parameter| parameter.split_once('='))
        {
            quota.set(key.trim(), value.trim());
        }
        quota
    }
}

/// The items of a list. A comma or a semicolon within quotes belongs to a name.
fn items(list: &str) -> impl Iterator<Item = Item<'_>> {
    let mut rest = Some(list);
    iter::from_fn(move || {
        let (item, after) = split_unquoted(rest?, b',');
        rest = after;
        let (head, parameters) = split_unquoted(item, b';');
        Some(Item {
            head: head.trim(),
            parameters: parameters.unwrap_or_default(),
        })
    })
    .filter(|item| !item.head.is_empty())
}

fn split_unquoted(text: &str, separator: u8) -> (&str, Option<&str>) {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            // The separators are ASCII, so both halves are whole characters.
            _ if byte == separator && !quoted => {
                return (text.get(..at).unwrap_or_default(), text.get(at + 1..));
            }
            _ => {}
        }
    }
    (text, None)
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
}

/// The leading whole number: `2, 2;w=1` is 2.
fn first_number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds)).filter(|wait| *wait <= LONGEST_WINDOW)
}

#[cfg(test)]
mod tests;
