//! The records of a file of failed contacts. Its format isn't documented: a JSON array, a record a line, and CSV are read.

use serde_json::{Map, Value};

/// A record that was not imported.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    /// Why, as far as the record says.
    pub(super) reason: String,
    /// The record as it is in the file.
    pub(super) content: Value,
}

/// What stands for a reason, in the order in which it is looked for, without regard to case and punctuation.
const REASONS: [&str; 12] = [
    "reason",
    "failurereason",
    "failedreason",
    "errorreason",
    "errormessage",
    "error",
    "errors",
    "failure",
    "message",
    "cause",
    "details",
    "detail",
];

const NO_REASON: &str = "no reason given";

/// Reads the file; the error says what is wrong with it.
pub(super) fn read(file: &[u8]) -> Result<Vec<Record>, String> {
    let text = std::str::from_utf8(file).map_err(|_| "it is no text".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let values: Vec<Value> = if text.is_empty() {
        Vec::new()
    } else if text.starts_with('[') {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    } else if text.starts_with('{') {
        let lines = serde_json::Deserializer::from_str(text).into_iter();
        lines
            .collect::<Result<_, _>>()
            .map_err(|error: serde_json::Error| error.to_string())?
    } else {
        csv(text)?
    };
    Ok(values.into_iter().map(record).collect())
}

fn csv(text: &str) -> Result<Vec<Value>, String> {
    let header = text.lines().next().unwrap_or_default();
    // The separator of the header is that of the file.
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| header.bytes().filter(|byte| byte == delimiter).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let names = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut values = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cells = names.iter().zip(record.iter());
        let object: Map<String, Value> = cells.map(|(name, cell)| (name.to_owned(), cell.into())).collect();
        values.push(Value::Object(object));
    }
    Ok(values)
}

fn record(content: Value) -> Record {
    let reason = reason(&content).unwrap_or_else(|| NO_REASON.to_owned());
    Record { reason, content }
}

/// Whether the member says why.
pub(super) fn is_reason(name: &str) -> bool {
    REASONS.contains(&plain(name).as_str())
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn reason(content: &Value) -> Option<String> {
    let object = content.as_object()?;
    REASONS.iter().find_map(|wanted| {
        let found = object.iter().find(|(name, _)| plain(name) == **wanted);
        found.and_then(|(_, value)| text(value))
    })
}

/// A reason as a text, whatever it is.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Array(several) => {
            let texts: Vec<String> = several.iter().filter_map(text).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        Value::Object(_) => reason(value).or_else(|| Some(value.to_string())),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, read};

    fn reasons(file: &str) -> Vec<String> {
        let records: Vec<Record> = read(file.as_bytes()).unwrap();
        records.into_iter().map(|record| record.reason).collect()
    }

    #[test]
    fn reasons_are_found_in_every_form() {
        assert_eq!(
            reasons(
                r#"[{"reason":" a "},{"Error_Message":"b"},{"errors":["c",{"message":"d"}]},{"error":{"code":5}},{"reason":"","error":"e"},{"email":"x"},7]"#
            ),
            [
                "a",
                "b",
                "c; d",
                "{\"code\":5}",
                "e",
                "no reason given",
                "no reason given"
            ]
        );
        assert_eq!(
            reasons("\u{feff}{\"reason\":\"a\"}\n{\"reason\":\"b\"}\n"),
            ["a", "b"]
        );
        assert_eq!(reasons("email;Reason\nx@y.z;\"a;b\"\n"), ["a;b"]);
        assert_eq!(reasons(""), [""; 0]);
        assert!(read(b"[{]").is_err() && read(b"\xff").is_err());
    }
}
