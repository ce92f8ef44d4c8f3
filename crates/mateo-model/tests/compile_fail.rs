//! What the server would reject doesn't compile, and the compiler says why.
//!
//! Each file in `compile_fail/` is compiled as a program of its own; its first line is what one of the errors
//! must say. The rest of the compiler's words may change from release to release.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn what_the_server_would_refuse_does_not_compile() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile-fail");
    std::fs::create_dir_all(&package).unwrap();
    let mut manifest = format!(
        "[package]\nname = \"compile-fail\"\nversion = \"0.0.0\"\nedition = \"2024\"\nautobins = false\n\n\
         [dependencies]\nmateo-model = {{ path = {:?} }}\n\n[workspace]\n",
        here.display().to_string()
    );
    let mut expected = BTreeMap::new();
    for entry in std::fs::read_dir(here.join("tests/compile_fail")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let substance = text
            .lines()
            .next()
            .unwrap()
            .strip_prefix("//~ ")
            .expect("the first line says it");
        write!(
            manifest,
            "\n[[bin]]\nname = {name:?}\npath = {:?}\n",
            path.display().to_string()
        )
        .unwrap();
        expected.insert(name, substance.to_owned());
    }
    std::fs::write(package.join("Cargo.toml"), manifest).unwrap();
    // The same versions that this test was built with, so that nothing has to be fetched.
    let lock = here.join("../../Cargo.lock");
    if lock.exists() {
        std::fs::copy(lock, package.join("Cargo.lock")).unwrap();
    }
    let output = Command::new(env!("CARGO"))
        .args([
            "check",
            "--quiet",
            "--bins",
            "--keep-going",
            "--message-format=json",
        ])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();

    let mut errors: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        if message["message"]["level"] == "error" {
            let name = message["target"]["name"].as_str().unwrap().to_owned();
            *errors.entry(name).or_default() += message["message"]["rendered"].as_str().unwrap();
        }
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.is_empty(), "nothing was compiled: {said}");
    for (name, substance) in expected {
        let found = errors.get(&name).map_or("it compiled", String::as_str);
        assert!(
            found.contains(&substance),
            "{name} should be rejected with {substance:?}, but: {found}"
        );
    }
}
