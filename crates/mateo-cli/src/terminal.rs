//! What the terminal can do: how wide it is, whether it has colour, whether it draws more than ASCII.

use std::io::{IsTerminal, stderr, stdin, stdout};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// In a terminal that has it
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What is known of stdout and stderr.
#[derive(Debug, Clone, Copy)]
// Facts that are independent of each other.
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct Terminal {
    /// Stdout is a terminal of this width; `None` where it is a pipe or a file.
    pub(crate) width: Option<usize>,
    /// Whether stdout gets colour.
    pub(crate) color: bool,
    /// Whether stderr gets colour.
    pub(crate) error_color: bool,
    /// Whether stderr is a terminal on which a line can be drawn anew.
    pub(crate) draws: bool,
    /// Whether stdin and stdout are a terminal that a live view can have for itself.
    pub(crate) live: bool,
    /// Whether the locale has more than ASCII.
    pub(crate) unicode: bool,
}

impl Terminal {
    /// Looks at stdout, stderr and the environment.
    pub(crate) fn look(color: When) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            width: stdout().is_terminal().then(width),
            color: has_color(color, AutoStream::choice(&stdout())),
            error_color: has_color(color, AutoStream::choice(&stderr())),
            draws: stderr().is_terminal() && !is_dumb,
            live: stdin().is_terminal() && stdout().is_terminal() && !is_dumb,
            unicode: has_unicode(|name| std::env::var(name).ok()),
        }
    }
}

fn has_color(when: When, automatic: ColorChoice) -> bool {
    match when {
        When::Auto => automatic != ColorChoice::Never,
        When::Always => true,
        When::Never => false,
    }
}

/// 80 where the terminal doesn't say.
fn width() -> usize {
    match crossterm::terminal::size() {
        Ok((columns, _)) if columns > 0 => usize::from(columns),
        _ => 80,
    }
}

/// The first of the three variables that is set names the character set (POSIX, "Environment Variables").
fn has_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    match locale {
        Some(locale) => {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        // Windows and macOS set none of them, and draw everything.
        None => cfg!(any(windows, target_os = "macos")),
    }
}

#[cfg(test)]
mod tests {
    use super::has_unicode;

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let of = |pairs: &'static [(&str, &str)]| {
            has_unicode(|name| {
                pairs
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(of(&[("LANG", "de_DE.UTF-8")]));
        assert!(of(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!of(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
    }
}
