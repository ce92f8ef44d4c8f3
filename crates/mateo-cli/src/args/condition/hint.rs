//! Conditions on texts that are taken literally and may have been meant otherwise.

use super::super::columns::{self, Known};
use super::{Operator, Test, split_column, split_test};

/// What to write instead, should it have been meant: a text is compared literally, so that every text can be.
pub(crate) fn hint(text: &str) -> Option<String> {
    let (column, path, rest) = split_column(text);
    let Some(Test::Compare(operator, value)) = split_test(rest) else {
        return None;
    };
    let is_text = match columns::find(column)? {
        Known::Text(_) => true,
        Known::Json(_) => path.last().is_some_and(|(as_text, _)| *as_text),
        _ => false,
    };
    if !is_text {
        return None;
    }
    let name = text.get(..text.len() - rest.len()).unwrap_or(column).trim();
    let quoted = |quote: char| {
        value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
    };
    let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    let instead = if !is_equality {
        return None;
    } else if let Some(inner) = quoted('"').or_else(|| quoted('\'')) {
        format!("without quotes, write '{name}={inner}'")
    } else if value.eq_ignore_ascii_case("null") {
        let not = if operator == Operator::NotEqual {
            "not "
        } else {
            ""
        };
        format!("for imports without a value, write '{name} is {not}null'")
    } else if let Some(part) = value.strip_prefix('~') {
        format!("for texts that contain it, write '{name}~{part}'")
    } else if let Some(rest) = value.strip_prefix('=') {
        format!("for equality, one = is enough: '{name}={rest}'")
    } else if value.contains(['*', '%']) {
        let part = value.trim_matches(['*', '%']);
        format!("for texts that contain a part, write '{name}~{part}'")
    } else {
        return None;
    };
    Some(format!(
        "--where '{text}' compares with the text {value} as it is; {instead}"
    ))
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn what_is_often_meant_otherwise_is_named() {
        for (text, instead) in [
            ("reference_id==ERP-1", "'reference_id=ERP-1'"),
            ("reference_id=\"ERP-1\"", "'reference_id=ERP-1'"),
            ("reference_id='ERP 1'", "'reference_id=ERP 1'"),
            ("reference_id=null", "'reference_id is null'"),
            ("reference_id!=NULL", "'reference_id is not null'"),
            ("reference_id=ERP*", "'reference_id~ERP'"),
            ("reference_id=~x", "'reference_id~x'"),
            ("payload->0->>email=%@x", "'payload->0->>email~@x'"),
        ] {
            let hint = hint(text).unwrap_or_else(|| panic!("{text}"));
            assert!(hint.ends_with(instead), "{text}: {hint}");
        }
        for text in [
            "reference_id=ERP-1",
            "reference_id~ERP*",
            "total_count==5",
            "reference_id is null",
            "nope=*",
        ] {
            assert_eq!(hint(text), None, "{text}");
        }
    }
}
