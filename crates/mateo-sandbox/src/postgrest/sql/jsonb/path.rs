//! `->` and `->>`: a place inside JSON, found in its text without parsing the rest.

use std::borrow::Cow;

use super::Json;
use crate::postgrest::sql::json_text::write_string;
use crate::postgrest::sql::value::Value;

/// One step into JSON.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// An object's member, by its name as it is written in JSON, with quotes.
    Member(String),
    /// An array's element, from 0; negative from its end.
    Element(i64),
}

impl Step {
    pub(crate) fn member(name: &str) -> Self {
        let mut written = Vec::with_capacity(name.len() + 2);
        write_string(name, &mut written);
        Self::Member(String::from_utf8(written).unwrap_or_default())
    }
}

/// The text of the value that `steps` lead to in `json`, which is in PostgreSQL's form.
pub(crate) fn walk<'a>(json: &'a str, steps: &[Step]) -> Option<&'a str> {
    steps.iter().try_fold(json, |json, step| match step {
        Step::Member(name) => member(json, name),
        Step::Element(index) => element(json, *index),
    })
}

/// What `->>` makes of a value: a string's text, NULL of a null, else the JSON text.
pub(crate) fn as_text(json: &str) -> Value<'_> {
    match json.as_bytes() {
        b"null" => Value::Null,
        [b'"', ..] => match Json::parse(json) {
            Ok(Json::String(text)) => Value::Text(text),
            _ => Value::Null,
        },
        _ => Value::Text(Cow::Borrowed(json)),
    }
}

fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    if !json.starts_with('{') {
        return None;
    }
    let mut members = Items { json, at: 1 };
    loop {
        let found = members.next()? == name;
        let value = members.next()?;
        if found {
            return Some(value);
        }
    }
}

fn element(json: &str, index: i64) -> Option<&str> {
    if !json.starts_with('[') {
        // A scalar is held as an array of one, and PostgreSQL lets it show.
        let is_scalar = !json.starts_with('{');
        return (is_scalar && matches!(index, 0 | -1)).then_some(json);
    }
    let elements = Items { json, at: 1 };
    let index = if index < 0 {
        let count = i64::try_from(elements.clone().count()).ok()?;
        index.checked_add(count)?
    } else {
        index
    };
    elements.into_iter().nth(usize::try_from(index).ok()?)
}

/// The elements of an array, or names and values of an object alternately.
#[derive(Clone)]
struct Items<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.json.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b',' | b':')) {
            self.at += 1;
        }
        let start = self.at;
        self.at = end_of_value(bytes, start)?;
        self.json.get(start..self.at)
    }
}

/// Where the value that begins at `start` ends; `None` where there is none.
fn end_of_value(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => at = end_of_string(bytes, at + 1)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth == 0 => return None,
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            _ => {
                at += 1;
                // A word or number ends at a JSON delimiter.
                while depth == 0 && !matches!(bytes.get(at), None | Some(b',' | b'}' | b']' | b' ' | b':')) {
                    at += 1;
                }
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(json: &str, steps: &[Step]) -> Option<String> {
        walk(json, steps).map(str::to_owned)
    }

    #[test]
    fn members_and_elements_are_found() {
        let json = r#"{"a": [1, {"b": "}]\""}, "x"], "\"q": null, "": {}}"#;
        let (a, b) = (Step::member("a"), Step::member("b"));
        assert_eq!(at(json, &[a.clone(), Step::Element(0)]).as_deref(), Some("1"));
        assert_eq!(
            at(json, &[a.clone(), Step::Element(-1)]).as_deref(),
            Some("\"x\"")
        );
        assert_eq!(
            at(json, &[a.clone(), Step::Element(1), b]).as_deref(),
            Some(r#""}]\"""#)
        );
        assert_eq!(at(json, &[a.clone(), Step::Element(3)]), None);
        assert_eq!(at(json, &[a, Step::Element(-4)]), None);
        assert_eq!(at(json, &[Step::member("\"q")]).as_deref(), Some("null"));
        assert_eq!(at(json, &[Step::member("")]).as_deref(), Some("{}"));
        assert_eq!(at(json, &[Step::Element(0)]), None);
    }

    #[test]
    fn a_scalar_is_an_array_of_one_to_an_index_only() {
        assert_eq!(at("5", &[Step::Element(0)]).as_deref(), Some("5"));
        assert_eq!(at("\"a\"", &[Step::Element(-1)]).as_deref(), Some("\"a\""));
        assert_eq!(at("5", &[Step::Element(1)]), None);
        assert_eq!(at("5", &[Step::member("x")]), None);
    }

    #[test]
    fn text_of_a_string_is_unescaped_and_null_is_no_value() {
        assert_eq!(as_text(r#""a\"b""#), Value::Text(Cow::Borrowed("a\"b")));
        assert_eq!(as_text("null"), Value::Null);
        assert_eq!(as_text("[1, 2]"), Value::Text(Cow::Borrowed("[1, 2]")));
    }
}
