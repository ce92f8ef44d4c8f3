//! The licence of every dependency against the ones this project may be shipped with.

use std::collections::BTreeMap;

use crate::Result;
use crate::table::Table;
use crate::workspace::Metadata;

mod expression;

/// Licences under which a dependency may be taken: all permissive, none asks for more than its notice.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

pub(crate) fn run() -> Result {
    let metadata = Metadata::read()?;
    let mut by_licence: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in &metadata.packages {
        let licence = package.license.as_deref().unwrap_or("none stated");
        by_licence
            .entry(licence)
            .or_default()
            .push(format!("{} {}", package.name, package.version));
    }
    let mut table = Table::new(["licence", "crates", "allowed"]);
    let mut wrong = Vec::new();
    for (licence, packages) in &by_licence {
        let allowed = expression::allows(licence, &ALLOWED);
        table.row([
            (*licence).to_owned(),
            packages.len().to_string(),
            if allowed { "yes" } else { "NO" }.to_owned(),
        ]);
        if !allowed {
            wrong.push(format!("{licence}: {}", packages.join(", ")));
        }
    }
    print!("{}", table.markdown());
    println!(
        "{} crates in all, on this platform, with all features and those of the tests",
        metadata.packages.len()
    );
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("not allowed: {}", wrong.join("; ")).into())
    }
}
