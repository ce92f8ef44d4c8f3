//! A request as a curl command that is safe to paste: curl reads the key from a pipe, so that it is in no command line
//! that other users of the machine can see.

use std::fmt::Write as _;

use mateo_imports::net::Request;

use crate::settings::KeyFrom;

/// The command, on one line.
pub(super) fn command(request: &Request, key: &KeyFrom) -> String {
    let mut text = match key {
        KeyFrom::File(path, _) => format!(
            r#"sed 's/[[:space:]]*$//; s/.*/header = "Authorization: Bearer &"/' {}"#,
            quoted(&path.display().to_string())
        ),
        // printf is part of the shell, so that its arguments are no process's.
        KeyFrom::Env(..) | KeyFrom::Nowhere => {
            r#"printf 'header = "Authorization: Bearer %s"\n' "$MATEO_API_KEY""#.to_owned()
        }
    };
    let _ = write!(text, " | curl --config - --request {}", request.method());
    for (name, value) in request.headers() {
        // The key, should it be there, comes from the pipe; the other two are up to curl.
        if matches!(name.as_str(), "authorization" | "accept-encoding" | "user-agent") {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = write!(text, " --header {}", quoted(&format!("{name}: {value}")));
    }
    let _ = write!(text, " {}", quoted(&request.uri().to_string()));
    text
}

/// For a POSIX shell: within single quotes only a single quote has a meaning.
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
