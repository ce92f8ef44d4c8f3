//! Where a copy is: a SQLite file or a PostgreSQL schema, behind one store.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use mateo_sync::{
    Batch, Columns, Postgres, PostgresStore, Row, Span, SqliteStore, State, Store, StoreError, StoredRow,
};
use uuid::Uuid;

use crate::args::sync::SyncArgs;
use crate::failure::Failure;
use crate::settings::environment;

pub(super) enum Place {
    Sqlite(PathBuf, String),
    Postgres(Postgres),
}

pub(super) enum Opened {
    Sqlite(SqliteStore),
    Postgres(Box<PostgresStore>),
}

impl Place {
    pub(super) fn of(args: &SyncArgs) -> Result<Self, Failure> {
        let is_postgres = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| args.copy.starts_with(scheme));
        if !is_postgres {
            if args.copy.contains("://") {
                return Err(
                    Failure::usage(format!("'{}' is no place for a copy", shown(&args.copy)))
                        .advice("give a SQLite file, or postgres://USER@HOST/DATABASE"),
                );
            }
            let prefix = args
                .schema
                .as_deref()
                .map(|name| format!("{name}_"))
                .unwrap_or_default();
            return Ok(Self::Sqlite(PathBuf::from(&args.copy), prefix));
        }
        let (url, roots) = without_roots(&args.copy);
        let mut postgres = Postgres::new(url);
        if let Some(path) = roots {
            let pem = std::fs::read(&path).map_err(|error| {
                Failure::file(format!("could not read the root certificates {path}"), &error)
            })?;
            postgres = postgres.root_certificates(pem);
        }
        if let Some(password) = environment("PGPASSWORD") {
            postgres = postgres.password(password);
        }
        if let Some(schema) = &args.schema {
            postgres = postgres.schema(schema);
        }
        Ok(Self::Postgres(postgres))
    }

    pub(super) async fn open(&self) -> Result<Opened, StoreError> {
        match self {
            Self::Sqlite(path, prefix) => SqliteStore::open(path, prefix).map(Opened::Sqlite),
            Self::Postgres(postgres) => postgres.open().await.map(Box::new).map(Opened::Postgres),
        }
    }

    pub(super) async fn peek(&self) -> Result<Option<(State, u64)>, StoreError> {
        match self {
            Self::Sqlite(path, prefix) => SqliteStore::peek(path, prefix),
            Self::Postgres(postgres) => postgres.peek().await,
        }
    }
}

/// A URL without what stands before an `@`, which may be a password.
fn shown(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!(
                "{}://…{}",
                url.get(..scheme).unwrap_or_default(),
                url.get(at..).unwrap_or_default()
            )
        }
        _ => url.to_owned(),
    }
}

/// The URL without its `sslrootcert`, which libpq has and this program reads itself, and that file.
fn without_roots(url: &str) -> (String, Option<String>) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let (roots, rest): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .partition(|parameter| parameter.starts_with("sslrootcert="));
    let roots = roots.first().and_then(|parameter| parameter.split_once('='));
    let url = if rest.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", rest.join("&"))
    };
    (url, roots.map(|(_, path)| path.replace("%2F", "/")))
}

/// Hands each call on to the store that is open.
macro_rules! to_store {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Opened::Sqlite($store) => $call,
            Opened::Postgres($store) => $call,
        }
    };
}

impl Store for Opened {
    fn columns(&self) -> &Columns {
        to_store!(self, store => store.columns())
    }

    async fn state(&mut self) -> Result<State, StoreError> {
        to_store!(self, store => store.state().await)
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        to_store!(self, store => store.apply(batch).await)
    }

    async fn count(&mut self, span: Span, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        to_store!(self, store => store.count(span, created_before).await)
    }

    async fn middle(&mut self, span: Span) -> Result<Option<Uuid>, StoreError> {
        to_store!(self, store => store.middle(span).await)
    }

    async fn ids(
        &mut self,
        span: Span,
        created_before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Uuid>, StoreError> {
        to_store!(self, store => store.ids(span, created_before, limit).await)
    }

    async fn rows(&mut self, after: Option<Uuid>, limit: u64) -> Result<Vec<StoredRow>, StoreError> {
        to_store!(self, store => store.rows(after, limit).await)
    }

    async fn unreported(&mut self, limit: u64) -> Result<Vec<Row>, StoreError> {
        to_store!(self, store => store.unreported(limit).await)
    }
}

#[cfg(test)]
mod tests {
    use super::{shown, without_roots};

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(shown("mysql://me:secret@db/crm"), "mysql://…@db/crm");
        assert_eq!(shown("ftp://db"), "ftp://db");
    }

    #[test]
    fn the_root_certificates_are_taken_out_of_the_url() {
        let (url, roots) = without_roots("postgres://db/crm?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem");
        assert_eq!(
            (url.as_str(), roots.as_deref()),
            ("postgres://db/crm?sslmode=verify-full", Some("/etc/ca.pem"))
        );
        let (url, roots) = without_roots("postgres://db/crm?sslrootcert=ca.pem");
        assert_eq!(
            (url.as_str(), roots.as_deref()),
            ("postgres://db/crm", Some("ca.pem"))
        );
        assert_eq!(without_roots("postgres://db"), ("postgres://db".to_owned(), None));
    }
}
