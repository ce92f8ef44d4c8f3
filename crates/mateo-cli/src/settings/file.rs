//! The settings file: TOML with the names of the flags.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::{Code, Failure};

/// What the file may say. There is no key in it: a file of settings is shown and shared.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    pub(super) base_url: Option<String>,
    #[serde(rename = "api-key-file")]
    pub(super) key_path: Option<PathBuf>,
    pub(super) max_rps: Option<f64>,
    pub(super) max_per_day: Option<u64>,
    pub(super) budget: Option<String>,
    pub(super) request_timeout: Option<String>,
    pub(super) attempts: Option<u32>,
    pub(super) color: Option<String>,
}

impl File {
    /// Reads the file; one that nobody asked for may be missing.
    pub(super) fn read(path: &Path, asked: bool) -> Result<Option<Self>, Failure> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound && !asked => Ok(None),
            Err(error) => Err(Failure::file(
                format!("could not read the settings in {}", path.display()),
                &error,
            )
            .advice("check --config or MATEO_CONFIG")),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            // The parser repeats the line and points at it: one line is enough here.
            let what = error
                .message()
                .lines()
                .next()
                .unwrap_or_default()
                .replace('`', "'");
            Failure::new(Code::File, format!("{}, line {line}: {what}", path.display()))
                .advice("'mateo help config' shows what may stand there")
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::File;

    #[test]
    fn the_help_shows_a_file_that_can_be_read() {
        let text =
            "base-url = \"https://integration.getmateo.com\"\nmax-rps = 2.0\nrequest-timeout = \"2m\"\n";
        let file = File::parse(text, Path::new("c.toml")).unwrap();
        assert_eq!(
            (file.max_rps, file.request_timeout.as_deref()),
            (Some(2.0), Some("2m"))
        );
    }

    #[test]
    fn what_can_not_be_read_is_named_by_its_line() {
        let refusal = |text: &str| File::parse(text, Path::new("c.toml")).unwrap_err().to_string();
        assert!(refusal("max-rps = 2\n\nmax-rsp = 3").starts_with("c.toml, line 3: unknown field 'max-rsp'"));
        assert!(refusal("max-rps = \"two\"").starts_with("c.toml, line 1: invalid type"));
        assert!(refusal("=").starts_with("c.toml, line 1: "));
        assert!(refusal("api-key = \"x\"").contains("unknown field 'api-key'"));
    }
}
