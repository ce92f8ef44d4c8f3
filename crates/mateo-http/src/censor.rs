//! Taking the key out of what a server sends back, in the forms in which text may repeat it.

use std::borrow::Cow;

/// What is put in the place of a secret.
pub(crate) const CENSORED: &str = "***";

/// `text` without the secret: as it is, as JSON may write it (`\/`, `\u002f`, at any depth of escaping), or as a URL may
/// (`%2F`).
pub(crate) fn censor<'a>(text: &'a [u8], secret: &[u8]) -> Cow<'a, [u8]> {
    let mut found = find(text, 0, secret);
    if found.is_none() {
        return Cow::Borrowed(text);
    }
    let mut censored = Vec::with_capacity(text.len());
    let mut rest = 0;
    while let Some((begin, end)) = found {
        censored.extend_from_slice(text.get(rest..begin).unwrap_or_default());
        censored.extend_from_slice(CENSORED.as_bytes());
        rest = end;
        found = find(text, rest, secret);
    }
    censored.extend_from_slice(text.get(rest..).unwrap_or_default());
    Cow::Owned(censored)
}

/// The first place from `from` on where the secret stands: its begin and its end.
fn find(text: &[u8], from: usize, secret: &[u8]) -> Option<(usize, usize)> {
    let first = secret.first()?;
    (from..text.len()).find_map(|begin| {
        let rest = text.get(begin..)?;
        // Each form of the first byte begins with one of these.
        rest.first()
            .filter(|byte| *byte == first || matches!(byte, b'\\' | b'%'))?;
        matches(rest, secret).map(|length| (begin, begin + length))
    })
}

/// How many bytes at the start of `text` are the secret, in whatever form.
fn matches(text: &[u8], secret: &[u8]) -> Option<usize> {
    let (mut text_at, mut secret_at) = (0, 0);
    while let Some(&byte) = secret.get(secret_at) {
        let rest = text.get(text_at..)?;
        let escapes = backslashes(rest);
        if byte == b'\\' && escapes > 0 {
            // A backslash is written as two, as four within a text that is itself escaped, and so on.
            let wanted = backslashes(secret.get(secret_at..)?);
            if escapes < wanted {
                return None;
            }
            (text_at, secret_at) = (text_at + escapes, secret_at + wanted);
        } else {
            (text_at, secret_at) = (text_at + one(rest, escapes, byte)?, secret_at + 1);
        }
    }
    Some(text_at)
}

fn backslashes(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b'\\').count()
}

/// How many bytes at the start of `text`, which begins with so many backslashes, stand for `byte`.
fn one(text: &[u8], escapes: usize, byte: u8) -> Option<usize> {
    let is_hex = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok();
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) == Some(byte.into())
    };
    match text.get(escapes..)? {
        [next, ..] if *next == byte => Some(escapes + 1),
        [b'u', digits @ ..] if escapes > 0 && is_hex(digits.get(..4)?) => Some(escapes + 5),
        [b'%', high, low, ..] if escapes == 0 && is_hex(&[*high, *low]) => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn censored(text: &str, secret: &str) -> String {
        String::from_utf8(censor(text.as_bytes(), secret.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn every_form_of_a_secret_is_taken_out() {
        let table = [
            ("xa/b+c.a/b", "x***.a/b"),
            (r#"{"k":"a\/b+c"}"#, r#"{"k":"***"}"#),
            (r#"{"k":"a\u002fb\u002Bc"}"#, r#"{"k":"***"}"#),
            (r#"{"k":"{\"k\":\"a\\\/b+c\"}"}"#, r#"{"k":"{\"k\":\"***\"}"}"#),
            ("https://files.test/a%2fb%2Bc/f?x", "https://files.test/***/f?x"),
            ("%61/b+ca/b+c", "******"),
            ("a/b", "a/b"),
            (r"a\", r"a\"),
            ("%6", "%6"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(censored(text, "a/b+c"), expected, "{text}");
        }
        assert_eq!(censored(r#""a\\b""#, r"a\b"), r#""***""#);
        assert!(matches!(censor(b"ab c", b"abc"), Cow::Borrowed(_)));
        assert_eq!(censored("ab", ""), "ab");
    }

    proptest::proptest! {
        #[test]
        fn a_secret_is_found_in_whatever_json_repeats_it(secret in "[!-~]{1,12}", before in ".{0,8}", after in ".{0,8}") {
            let text = serde_json::to_string(&format!("{before}{secret}{after}")).unwrap();
            let twice = serde_json::to_string(&text).unwrap();
            for text in [text, twice] {
                proptest::prop_assert!(censored(&text, &secret).contains(CENSORED), "{}", text);
            }
        }
    }
}
