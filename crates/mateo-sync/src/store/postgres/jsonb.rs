//! What `jsonb` can't hold, though it is JSON.

/// The longest number, and the largest exponent, that surely is a `numeric`.
const LONGEST_NUMBER: usize = 1_000;

/// Whether a JSON text can be a `jsonb`: it has no NUL character, no half of a surrogate pair, and no number beyond
/// `numeric`.
pub(super) fn fits(json: &str) -> bool {
    let mut bytes = json.as_bytes().iter().copied().enumerate();
    let mut number = 0;
    let mut in_string = false;
    // Where a high half of a pair ended, after which the low half must follow.
    let mut high_until = None;
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' => {
                let Some((_, escaped)) = bytes.next() else {
                    return false;
                };
                if escaped != b'u' {
                    continue;
                }
                let code = json.get(index + 2..index + 6);
                let Some(code) = code.and_then(|code| u16::from_str_radix(code, 16).ok()) else {
                    return false;
                };
                let follows_high = high_until.take() == Some(index);
                match code {
                    0 => return false,
                    0xDC00..=0xDFFF if !follows_high => return false,
                    0xDC00..=0xDFFF => {}
                    _ if follows_high => return false,
                    0xD800..=0xDBFF => high_until = Some(index + 6),
                    _ => {}
                }
                for _ in 0..4 {
                    bytes.next();
                }
                continue;
            }
            b'0'..=b'9' | b'.' if !in_string => {
                number += 1;
                if number > LONGEST_NUMBER {
                    return false;
                }
                continue;
            }
            b'e' | b'E' if !in_string && number > 0 => {
                let digits = json
                    .get(index + 1..)
                    .unwrap_or_default()
                    .trim_start_matches(['+', '-']);
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                let exponent = digits.get(..end).and_then(|digits| digits.parse::<usize>().ok());
                if exponent.is_none_or(|exponent| exponent > LONGEST_NUMBER) {
                    return false;
                }
            }
            _ => {}
        }
        number = 0;
        if high_until.is_some() {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn what_jsonb_refuses_is_known_beforehand() {
        for json in [
            r#""\u0000""#,
            r#"{"a\u0000":1}"#,
            r#""\ud800""#,
            r#""\ud800x""#,
            r#""\ud800\n""#,
            r#""\ud800\ud800""#,
            r#""\udc00""#,
            "1e1001",
            "[-1E+99999999999999999999999]",
            &format!("1{}", "0".repeat(1_001)),
        ] {
            assert!(!fits(json), "{json}");
        }
    }

    #[test]
    fn other_json_fits() {
        for json in [
            "null",
            r#"{"a":[1,-2.5e10,1E-400,true,{"b":"e1001"}]}"#,
            r#""\ud83d\ude00 \\u0000 \"\u0041\n é 😀""#,
            r#"["1e99999"]"#,
            r#""\\""#,
        ] {
            assert!(fits(json), "{json}");
        }
    }
}
