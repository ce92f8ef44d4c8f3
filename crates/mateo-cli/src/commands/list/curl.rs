//! A request as a curl command that is safe to paste: the key is a variable, everything else is quoted.

use std::fmt::Write as _;

use mateo_imports::http::Request;

/// The command, on one line.
pub(super) fn command(request: &Request) -> String {
    let mut text = String::from("curl");
    let _ = write!(text, " --request {}", request.method());
    text.push_str(" --header \"Authorization: Bearer $MATEO_API_KEY\"");
    for (name, value) in request.headers() {
        // The key, should it be there, is the variable above; the other two are curl's own matter.
        if matches!(name.as_str(), "authorization" | "accept-encoding" | "user-agent") {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = write!(text, " --header {}", quoted(&format!("{name}: {value}")));
    }
    let _ = write!(text, " {}", quoted(&request.uri().to_string()));
    text
}

/// For a POSIX shell: nothing within single quotes means anything but a single quote.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn nothing_in_quotes_means_anything_to_a_shell() {
        assert_eq!(quoted("a $(b) `c` \"d\" \\"), "'a $(b) `c` \"d\" \\'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
