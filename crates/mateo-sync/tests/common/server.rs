//! A PostgreSQL server of the tests' own, from the system's programs, in a directory that goes with it.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may"
)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A server on a Unix socket. It ends with the test process, however that ends: it is told so by its standard input.
pub(crate) struct Server {
    directory: PathBuf,
    _until: ChildStdin,
    _child: Mutex<Child>,
}

/// Runs as the server's user: makes a database, serves it until standard input ends, and clears up.
const SCRIPT: &str = r#"
set -e
bin=$1; dir=$2
"$bin"/initdb -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync >"$dir/log" 2>&1
"$bin"/postgres -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c max_connections=50 >>"$dir/log" 2>&1 </dev/null &
pid=$!
trap '' INT TERM
for i in $(seq 300); do [ -S "$dir/.s.PGSQL.5432" ] && "$bin"/pg_isready -q -h "$dir" -U postgres && break; sleep 0.1; done
echo ready
cat >/dev/null || true
kill -QUIT $pid; wait $pid || true
rm -rf "$dir"
"#;

impl Server {
    /// The connection string of a database, which is made where it isn't there.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "host={} user=postgres dbname={database}",
            self.directory.display()
        )
    }

    /// A URL of the same, as the command line takes it.
    pub(crate) fn socket_url(&self, database: &str) -> String {
        let host = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{host}/{database}")
    }

    /// Runs SQL with `psql`, and gives what it prints.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let run = Command::new(programs().unwrap().join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h"])
            .arg(&self.directory)
            .args(["-U", "postgres", "-d", database, "-c", sql])
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap().trim().to_owned()
    }

    /// A new, empty database.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\""));
        self.url(name)
    }

    fn start(programs: &std::path::Path) -> Self {
        let directory = std::env::temp_dir().join(format!("mateo-pg-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
        let script = directory.join("serve.sh");
        std::fs::write(&script, SCRIPT).unwrap();
        let serve = format!(
            "sh {} {} {}",
            script.display(),
            programs.display(),
            directory.display()
        );
        let mut command = if is_root {
            // PostgreSQL refuses to run as root.
            let user = ["postgres", "nobody"].into_iter().find(|user| {
                let known = Command::new("id").arg(user).output();
                known.is_ok_and(|known| known.status.success())
            });
            let user = user.unwrap();
            let owned = Command::new("chown")
                .args(["-R", user])
                .arg(&directory)
                .status()
                .unwrap();
            assert!(owned.success());
            let mut command = Command::new("su");
            command.args(["-s", "/bin/sh", "-c", &serve, user]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", &serve]);
            command
        };
        let child = command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        if line.trim() != "ready" {
            let log = std::fs::read_to_string(directory.join("log")).unwrap_or_default();
            panic!("PostgreSQL did not start: {log}");
        }
        Self {
            directory,
            _until: child.stdin.take().unwrap(),
            _child: Mutex::new(child),
        }
    }
}

/// The server that the tests of a process share; `None`, and a word on stderr, where its programs are not installed.
/// With `MATEO_REQUIRE_SERVICES=1` that is a failure.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    let _one = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    let server = SERVER.get_or_init(|| programs().map(|programs| Server::start(&programs)));
    if server.is_none() {
        assert!(
            std::env::var_os("MATEO_REQUIRE_SERVICES").is_none(),
            "PostgreSQL's server programs are not installed"
        );
        eprintln!("skipped: PostgreSQL's server programs are not installed");
    }
    server.as_ref()
}

/// Where `initdb`, `postgres` and `psql` are: in a directory of the `PATH`, or where Debian's packages put them.
pub(crate) fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        places.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let all = ["initdb", "postgres", "psql", "pg_isready"];
    places
        .into_iter()
        .find(|place| all.iter().all(|program| place.join(program).is_file()))
}
