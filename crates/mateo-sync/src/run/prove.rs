//! Comparing the copy with the server, and mending what differs.

use chrono::{DateTime, Utc};
use mateo_imports::columns::{CREATED_AT, ID, ORGANISATION_ID};
use mateo_imports::model::Problem;
use mateo_imports::{ListRequest, RawJson};
use uuid::Uuid;

use super::Syncer;
use crate::audit::{Audit, Step};
use crate::error::Error;
use crate::report::Report;
use crate::row::Row;
use crate::store::{Batch, Span, State, Store};

/// Ids of the copy that are held at once.
const IDS: u64 = 1_000;

/// How often a run compares at most, while there is something to mend.
const ROUNDS: u32 = 3;

impl<S: Store> Syncer<S> {
    /// Compares counts over what was created before the run began, finds what differs, and mends it. Inserts
    /// meanwhile are after that time, and so in neither count; after deletions meanwhile it is compared once more.
    pub(super) async fn prove(&mut self, state: &mut State, report: &mut Report) -> Result<(), Error> {
        self.progress.comparing = true;
        self.progress.expected = None;
        let at = report.at;
        for _ in 0..ROUNDS {
            let before = report.deleted + report.mended;
            report.server = self.audit(state, report).await?;
            report.copy = self.store.count(Span::ALL, at).await?;
            if report.is_complete() || report.deleted + report.mended == before {
                break;
            }
        }
        if report.is_complete() {
            state.proven_at = Some(at);
        }
        let batch = Batch {
            at,
            state: Some(state.clone()),
            ..Batch::default()
        };
        Ok(self.store.apply(batch).await?)
    }

    /// Compares once, and mends what differs. How many rows the server has.
    async fn audit(&mut self, state: &State, report: &mut Report) -> Result<u64, Error> {
        let at = report.at;
        let copy = self.store.count(Span::ALL, at).await?;
        let mut audit = Audit::new(copy);
        while let Some(step) = audit.next() {
            match step {
                Step::Count(span) => {
                    self.progress.requests += 1;
                    match self.server_rows(span, at, state).count().await {
                        Ok(0) if span == Span::ALL && copy > 0 && !self.allow_empty => {
                            return Err(Error::NothingVisible {
                                copy: state.organisations.first().copied().unwrap_or_default(),
                                rows: copy,
                            });
                        }
                        Ok(count) => audit.counted(Some(count)),
                        Err(error) if is_too_slow(&error) => audit.counted(None),
                        Err(error) => return Err(error.into()),
                    }
                }
                Step::Cut(span) => match self.store.middle(span).await? {
                    Some(id) => {
                        let before = self.store.count(span.split(id).0, at).await?;
                        audit.cut_at(Some((id, before)));
                    }
                    None => audit.cut_at(None),
                },
                Step::List(span) => {
                    let (rows, gone) = self.compare(span, state, report).await?;
                    audit.listed(rows, gone);
                }
                Step::Confirm(ids) => {
                    self.confirm(ids, state, report).await?;
                    audit.confirmed();
                }
            }
            self.tell();
        }
        Ok(audit.server())
    }

    /// The server's rows of a span, created before a time, of the copy's organisations: a key of another one sees
    /// none of them.
    fn server_rows(&self, span: Span, created_before: DateTime<Utc>, state: &State) -> ListRequest {
        let mut list = self.client.list().filter(CREATED_AT.lt(created_before));
        if !state.organisations.is_empty() {
            list = list.filter(ORGANISATION_ID.in_(state.organisations.iter().copied()));
        }
        let from = span.from.map(|from| ID.gte(from));
        let to = span.to.map(|to| ID.lt(to));
        from.into_iter().chain(to).fold(list, ListRequest::filter)
    }

    /// Lists a span of the server beside that of the copy. Rows that the copy lacks are applied; the number of the
    /// server's rows comes back, and the ids that were not among them.
    async fn compare(
        &mut self,
        span: Span,
        state: &State,
        report: &mut Report,
    ) -> Result<(u64, Vec<Uuid>), Error> {
        let at = report.at;
        let mut pages = self
            .server_rows(span, at, state)
            .order(ID.asc())
            .deserialize_as::<RawJson>()
            .prefetch(false)
            .pages();
        let (mut listed, mut gone, mut from) = (0, Vec::new(), span.from);
        loop {
            let page = pages.try_next().await?;
            let is_last = page.is_none();
            let rows = page.map(|page| page.rows).unwrap_or_default();
            self.progress.requests += u64::from(!is_last);
            listed += rows.len() as u64;
            let mut batch = self.batch(&rows, at, state, report);
            // Up to the last row of the page both are known.
            let to = if is_last {
                span.to
            } else {
                batch.rows.last().and_then(|row| after(row.id))
            };
            let part = Span { from, to };
            if is_last || to.is_some() {
                let ids = self.ids_of(part, at).await?;
                gone.extend(ids.iter().filter(|id| !has(&batch.rows, id)));
                batch.rows.retain(|row| ids.binary_search(&row.id).is_err());
                from = to;
            }
            self.mend(batch, report).await?;
            self.tell();
            if is_last {
                return Ok((listed, gone));
            }
        }
    }

    /// Reads rows of the copy by their ids: those that are there after all are applied, the others marked as deleted.
    async fn confirm(&mut self, ids: Vec<Uuid>, state: &State, report: &mut Report) -> Result<(), Error> {
        self.progress.requests += 1;
        let list = self.client.list().filter(ID.in_(ids.iter().copied()));
        let found = list.deserialize_as::<RawJson>().all().await?;
        let mut batch = self.batch(&found, report.at, state, report);
        batch.deleted = ids;
        batch.deleted.retain(|id| !has(&batch.rows, id));
        report.deleted += batch.deleted.len() as u64;
        self.mend(batch, report).await
    }

    async fn mend(&mut self, batch: Batch, report: &mut Report) -> Result<(), Error> {
        if batch.rows.is_empty() && batch.deleted.is_empty() {
            return Ok(());
        }
        report.mended += batch.rows.len() as u64;
        Ok(self.store.apply(batch).await?)
    }

    /// All ids of a span of the copy, ascending.
    async fn ids_of(&mut self, span: Span, created_before: DateTime<Utc>) -> Result<Vec<Uuid>, Error> {
        let (mut ids, mut rest) = (Vec::new(), span);
        loop {
            let some = self.store.ids(rest, created_before, IDS).await?;
            let next = some.last().copied().and_then(after);
            let is_last = (some.len() as u64) < IDS || next.is_none();
            ids.extend(some);
            if is_last {
                return Ok(ids);
            }
            rest.from = next;
        }
    }
}

fn has(rows: &[Row], id: &Uuid) -> bool {
    rows.iter().any(|row| row.id == *id)
}

/// The id that comes next; `None` after the largest.
fn after(id: Uuid) -> Option<Uuid> {
    id.as_u128().checked_add(1).map(Uuid::from_u128)
}

/// Whether a count ran into the server's two seconds, as the server or a gateway puts it.
fn is_too_slow(error: &mateo_imports::Error) -> bool {
    let says_so = error.problem().is_some_and(Problem::is_statement_timeout);
    says_so || error.is_timeout() || matches!(error.status(), Some(408 | 504))
}
