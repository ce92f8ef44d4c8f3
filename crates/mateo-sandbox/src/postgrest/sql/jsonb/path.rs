//! `->` and `->>`: a place inside JSON, found in its text without parsing the rest.

use serde_json::value::RawValue;

use crate::postgrest::sql::text::write_json;

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
        let mut quoted = Vec::new();
        write_json(name, &mut quoted);
        Self::Member(String::from_utf8_lossy(&quoted).into_owned())
    }
}

/// The text of the value that `steps` lead to in `json`, which is in PostgreSQL's form.
pub(crate) fn walk<'a>(json: &'a str, steps: &[Step]) -> Option<&'a str> {
    steps.iter().try_fold(json, |json, step| match step {
        Step::Member(name) => member(json, name),
        Step::Element(index) => element(json, *index),
    })
}

fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    if !json.starts_with('{') {
        return None;
    }
    let mut members = Items::of(json);
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
    let mut elements = Items::of(json);
    if let Ok(index) = usize::try_from(index) {
        return elements.nth(index);
    }
    let elements: Vec<&str> = elements.collect();
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    elements.get(elements.len().checked_sub(from_end)?).copied()
}

/// The elements of an array, or names and values of an object alternately.
pub(super) struct Items<'a> {
    rest: &'a str,
}

impl<'a> Items<'a> {
    /// Those of an array or object whose syntax is valid.
    pub(super) fn of(json: &'a str) -> Self {
        Self {
            rest: json.get(1..).unwrap_or_default(),
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let between = |c: char| matches!(c, ',' | ':' | ' ' | '\n' | '\r' | '\t');
        self.rest = self.rest.trim_start_matches(between);
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<&RawValue>();
        // At the closing bracket there is no value.
        let item = values.next()?.ok()?.get();
        self.rest = self.rest.get(item.len()..)?;
        Some(item)
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
}
