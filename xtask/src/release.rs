//! What a release is made of besides the archives: its notes, and the Homebrew formula.

use std::fs;
use std::path::PathBuf;

use clap::Subcommand;

use crate::Result;
use crate::shell::root;
use crate::workspace::Metadata;

#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// The changelog's section of a version
    Notes {
        /// The tag, as in v1.2.3; it must be the workspace's version
        tag: String,
    },
    /// The Homebrew formula of a version
    Formula {
        /// The tag, as in v1.2.3; it must be the workspace's version
        tag: String,
        /// The release's SHA256SUMS
        checksums: PathBuf,
    },
}

pub(crate) fn run(part: &Part) -> Result {
    let (Part::Notes { tag } | Part::Formula { tag, .. }) = part;
    let metadata = Metadata::read()?;
    let published = metadata.published();
    let version = published
        .iter()
        .map(|package| package.version.as_str())
        .find(|version| tag.strip_prefix('v') == Some(version))
        .ok_or_else(|| format!("{tag} is not the version that Cargo.toml has"))?;
    match part {
        Part::Notes { .. } => {
            let changelog = fs::read_to_string(root().join("CHANGELOG.md"))?;
            let notes = section(&changelog, version)
                .ok_or_else(|| format!("CHANGELOG.md has no section `## {version}`"))?;
            println!("{notes}");
        }
        Part::Formula { checksums, .. } => {
            let template = fs::read_to_string(root().join(".github/packaging/mateo.rb"))?;
            print!(
                "{}",
                formula(&template, version, &fs::read_to_string(checksums)?)?
            );
        }
    }
    Ok(())
}

/// What stands under `## VERSION`, whatever follows it in that line, up to the next of its kind.
fn section<'a>(changelog: &'a str, version: &str) -> Option<&'a str> {
    let sections = changelog.split("\n## ").skip(1);
    let mut ours = sections.filter_map(|section| section.split_once('\n'));
    ours.find(|(title, _)| title.split(' ').next() == Some(version))
        .map(|(_, text)| text.trim())
}

/// The formula with the version and each archive's checksum in the places of their names.
fn formula(template: &str, version: &str, checksums: &str) -> Result<String> {
    let mut formula = template.replace("{version}", version);
    for line in checksums.lines() {
        let Some((sum, file)) = line.split_once("  ") else {
            continue;
        };
        let target = file
            .strip_prefix(&format!("mateo-v{version}-"))
            .and_then(|rest| rest.strip_suffix(".tar.gz"));
        if let Some(target) = target {
            formula = formula.replace(&format!("{{{target}}}"), sum);
        }
    }
    // Ruby's own `#{bin}` stays.
    let open = formula
        .match_indices('{')
        .find(|(at, _)| !formula[..*at].ends_with('#'));
    match open {
        None => Ok(formula),
        Some((at, _)) => Err(format!(
            "no checksum for {}",
            formula[at..].lines().next().unwrap_or_default()
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{formula, section};

    #[test]
    fn notes_are_the_section_of_that_version_alone() {
        let changelog = "# Changelog\n\n## 0.10.0 — 2027-01-02\n\n- new\n\n## 0.1.0\n\n- first\n";
        assert_eq!(section(changelog, "0.10.0"), Some("- new"));
        assert_eq!(section(changelog, "0.1.0"), Some("- first"));
        assert_eq!(section(changelog, "0.2.0"), None);
    }

    #[test]
    fn a_formula_has_a_checksum_for_each_archive_or_is_an_error() {
        let template = "version \"{version}\"\nsha256 \"{linux}\"\ntest \"#{bin}/mateo\"\n";
        let made = formula(
            template,
            "1.2.3",
            "abc  mateo-v1.2.3-linux.tar.gz\ndef  other.zip\n",
        )
        .unwrap();
        assert_eq!(made, "version \"1.2.3\"\nsha256 \"abc\"\ntest \"#{bin}/mateo\"\n");
        assert!(formula(template, "1.2.3", "abc  mateo-v1.2.4-linux.tar.gz\n").is_err());
    }
}
