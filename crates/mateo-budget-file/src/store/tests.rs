//! The file: whose it is, what becomes of it, and what two stores make of it.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use mateo_http::{
    Budget,
    budget::{KeyBudget, Priority},
    headers::ResponseFacts,
};
use tempfile::TempDir;

use super::*;

const URL: &str = "https://api.test";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn store(folder: &TempDir) -> FileStore {
    FileStore::open(folder.path().join("state"), URL, &ApiKey::new("s3cret")).unwrap()
}

/// A budget whose rate is in nobody's way.
fn budget(folder: &TempDir) -> KeyBudget {
    KeyBudget::builder()
        .per_second(1e9)
        .per_day(100)
        .store(store(folder))
        .build()
}

async fn request(budget: &KeyBudget) {
    let mut permit = budget.acquire(Priority::default(), None).await.unwrap();
    permit.sent();
    permit
        .answered(&ResponseFacts::read(
            http::StatusCode::OK,
            &http::HeaderMap::new(),
            std::time::UNIX_EPOCH,
        ))
        .await;
}

async fn left(budget: &KeyBudget) -> Option<u64> {
    budget.state(1).await.unwrap().left_today
}

/// The error that the file is the source of.
async fn failure(budget: &KeyBudget) -> String {
    let error = budget.acquire(Priority::default(), None).await.unwrap_err();
    assert!(matches!(error, BudgetError::Unavailable(_)), "{error}");
    error.source().unwrap().to_string()
}

#[tokio::test]
async fn two_processes_share_the_day_and_a_later_one_goes_on_with_it() {
    let folder = folder();
    let (one, other) = (budget(&folder), budget(&folder));
    request(&one).await;
    request(&other).await;
    assert_eq!((left(&one).await, left(&other).await), (Some(98), Some(98)));
    drop((one, other));
    assert_eq!(left(&budget(&folder)).await, Some(98));
}

#[tokio::test(start_paused = true)]
async fn two_processes_share_the_second() {
    let folder = folder();
    let (one, other) = (
        KeyBudget::builder().store(store(&folder)).build(),
        KeyBudget::builder().store(store(&folder)).build(),
    );
    request(&one).await;
    request(&other).await;
    // The file's clock does not stop with tokio's.
    let wait = one.state(1).await.unwrap().wait;
    assert!(wait.as_millis() > 0 && wait.as_millis() <= 1002, "{wait:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn folder_and_file_are_their_users_alone_and_the_key_is_in_neither() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let store = store(&folder);
    let path = store.path().to_owned();
    request(&KeyBudget::builder().store(store).build()).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert!(!path.to_string_lossy().contains("s3cret"));
    let content = fs::read(&path).unwrap();
    assert!(!content.windows(6).any(|bytes| bytes == b"s3cret"));
}

#[tokio::test]
async fn keys_and_servers_have_files_of_their_own() {
    let folder = folder();
    let open = |url, key| {
        let store = FileStore::open(folder.path(), url, &ApiKey::new(key)).unwrap();
        store.path().to_owned()
    };
    let paths = [open(URL, "a"), open(URL, "b"), open("https://b.test", "a")];
    assert!(paths[0] != paths[1] && paths[0] != paths[2]);
    assert!(matches!(
        FileStore::open(folder.path(), "ftp://a.test", &ApiKey::new("a")),
        Err(FileStoreError::BaseUrl(_))
    ));
}

#[tokio::test]
async fn a_damaged_file_is_an_error_that_names_it_and_lets_nothing_pass() {
    let folder = folder();
    let path = store(&folder).path().to_owned();
    fs::write(&path, vec![7; 40_000]).unwrap();
    let error = failure(&budget(&folder)).await;
    assert!(
        error.contains("damaged") && error.contains(path.to_str().unwrap()),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_was_deleted_gets_back_what_those_who_used_it_know() {
    let folder = folder();
    let (one, other) = (budget(&folder), budget(&folder));
    for _ in 0..3 {
        request(&one).await;
        request(&other).await;
    }
    fs::remove_file(store(&folder).path()).unwrap();
    let newcomer = budget(&folder);
    request(&newcomer).await;
    // The first did not see the last request of the other.
    assert_eq!(left(&one).await, Some(94));
    assert_eq!(left(&other).await, Some(93));
    assert_eq!(left(&one).await, Some(93));
    assert_eq!(left(&newcomer).await, Some(93));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_not_returned_is_an_error_after_five_seconds() {
    let folder = folder();
    let budget = budget(&folder);
    request(&budget).await;
    let file = create_file(store(&folder).path()).unwrap();
    file.lock().unwrap();
    let start = Instant::now();
    let error = failure(&budget).await;
    assert!(error.contains("locked"), "{error}");
    assert_eq!(start.elapsed().as_secs(), 5);
    file.unlock().unwrap();
    request(&budget).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_created_is_an_error_at_once() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    let refused = FileStore::open(folder.path().join("file/state"), URL, &ApiKey::new("a"));
    assert!(matches!(refused, Err(FileStoreError::Io { .. })));
}

/// A store on clocks that are so many milliseconds off.
#[derive(Debug)]
struct Off {
    store: FileStore,
    run: &'static str,
    uptime: Option<Arc<AtomicI64>>,
    wall: Arc<AtomicI64>,
}

impl BudgetStore for Off {
    fn apply<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, BudgetError>> {
        let millis = |at: &AtomicI64| Duration::from_millis(at.load(Ordering::Relaxed).unsigned_abs());
        Box::pin(async move {
            let file =
                create_file(&self.store.path).map_err(|error| BudgetError::Unavailable(error.into()))?;
            let reading = Reading {
                run: self.run.to_owned(),
                uptime: self.uptime.as_deref().map(millis),
                wall: millis(&self.wall),
            };
            self.store
                .locked(&file, operation, &reading)
                .map_err(|error| BudgetError::Unavailable(error.into()))
        })
    }
}

/// How long the third of three requests has to wait, of two processes whose wall clocks are `apart` and that come at once,
/// and what they have left.
async fn third(apart: i64, same_run: bool) -> (Duration, Option<u64>) {
    const HOURS: i64 = 60 * 60 * 1000;
    let folder = folder();
    let off = |run, by: i64| Off {
        store: store(&folder),
        run,
        uptime: same_run.then(|| Arc::new(AtomicI64::new(1000 * HOURS))),
        wall: Arc::new(AtomicI64::new(500_000 * HOURS + by)),
    };
    let one = KeyBudget::builder().store(off("a", 0)).build();
    let other = KeyBudget::builder()
        .store(off(if same_run { "a" } else { "b" }, apart))
        .build();
    request(&one).await;
    let wait = other.state(1).await.unwrap().wait;
    assert!(wait.as_millis() == 150, "{wait:?}");
    let mut permits = Vec::new();
    // The clocks stand still, so the second is granted later than now and the third cannot be.
    let deadline = Instant::now() + Duration::from_millis(500);
    permits.push(other.acquire(Priority::default(), Some(deadline)).await.unwrap());
    let wait = one.state(1).await.unwrap();
    (wait.wait, wait.left_today)
}

#[tokio::test(start_paused = true)]
async fn wall_clocks_an_hour_apart_change_nothing() {
    for apart in [-3_600_000, 0, 3_600_000] {
        let (wait, left) = third(apart, true).await;
        assert_eq!((wait.as_millis(), left), (1001, Some(9_998)), "{apart}");
    }
}
