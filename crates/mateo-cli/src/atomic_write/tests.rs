use std::path::Path;

use super::{AtomicFile, Replace, SUFFIX, check, write};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn is_own(head: &[u8]) -> bool {
    head.starts_with(b"own")
}

#[test]
fn only_an_empty_file_or_one_of_its_own_is_replaced_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    write(&path, b"own 1", Replace::Own(is_own)).unwrap();
    write(&path, b"other", Replace::Own(is_own)).unwrap();
    let refusal = write(&path, b"x", Replace::Own(is_own)).unwrap_err().to_string();
    assert!(
        refusal.contains("already exists") && refusal.contains("--force"),
        "{refusal}"
    );
    assert!(check(&path, Replace::Never).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "other");
    write(&path, b"", Replace::Any).unwrap();
    write(&path, b"new", Replace::Never).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(names(dir.path()), ["f"]);
    assert!(write(&dir.path().join("no/where"), b"", Replace::Any).is_err());
    assert!(write(dir.path(), b"", Replace::Any).is_err());
}

#[test]
fn what_is_not_committed_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    drop(AtomicFile::create(&dir.path().join("f"), Replace::Never).unwrap());
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn a_temporary_file_that_a_killed_run_left_is_removed_and_one_in_use_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    std::fs::write(dir.path().join(format!(".f.abandoned{SUFFIX}")), "half").unwrap();
    std::fs::write(dir.path().join(format!(".g.abandoned{SUFFIX}")), "of another").unwrap();
    let first = AtomicFile::create(&path, Replace::Never).unwrap();
    let second = AtomicFile::create(&path, Replace::Any).unwrap();
    assert_eq!(names(dir.path()).len(), 3, "{:?}", names(dir.path()));
    first.commit().unwrap();
    second.commit().unwrap();
    assert_eq!(
        names(dir.path()),
        [format!(".g.abandoned{SUFFIX}"), "f".to_owned()]
    );
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_file_is_its_owners_alone_and_an_existing_one_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write(&path, b"x", Replace::Never).unwrap();
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        write(&path, b"y", Replace::Any).unwrap();
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn a_link_stays_a_link_and_one_to_nothing_is_rejected() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("f"), dir.path().join("l"));
        std::fs::write(&path, "old").unwrap();
        symlink(&path, &link).unwrap();
        write(&link, b"new", Replace::Any).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        symlink(dir.path().join("nowhere"), dir.path().join("dangling")).unwrap();
        assert!(write(&dir.path().join("dangling"), b"", Replace::Any).is_err());
        assert!(!dir.path().join("nowhere").exists());
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        write(Path::new("/dev/null"), b"x", Replace::Never).unwrap();
        let is_device = !std::fs::metadata("/dev/null").unwrap().is_file();
        assert!(is_device);
    }
}
