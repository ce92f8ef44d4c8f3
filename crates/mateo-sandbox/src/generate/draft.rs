//! One import as a company might send it.

use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use mateo_model::ImportType;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::{after, shifted};
use crate::content::{FIRST_NAMES, LAST_NAMES};
use crate::files::ORIGIN;
use crate::random::Random;
use crate::row::Row;

/// An import whose outcome is not decided yet.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) id: Uuid,
    pub(crate) created_at: DateTime<Utc>,
    kind: ImportType,
    organisation: Uuid,
    list: Option<Uuid>,
    pub(crate) total: u64,
    reference: Option<String>,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    Pending,
    Running,
    /// Finished, with this share of failures.
    Finished(f64),
}

/// A share of failures: two thirds of imports without any, some with a few, a few with nothing but.
pub(crate) fn draw_share(random: &mut Random) -> f64 {
    match random.below(100) {
        0..66 => 0.0,
        66..97 => random.fraction() * 0.1,
        _ => 1.0,
    }
}

/// How many entries an import has whose payload is kept in the row.
const SMALL: u64 = 3;
/// From how many entries on the payload is a file.
const LARGE: u64 = 50;

impl Draft {
    pub(crate) fn draw(random: &mut Random, created_at: DateTime<Utc>) -> Self {
        let kind = match random.below(10) {
            0..6 => ImportType::ContactDetails,
            6..9 => ImportType::DealDetails,
            _ => ImportType::AppointmentDetails,
        };
        let total = match random.below(100) {
            0..30 => random.between(1, SMALL),
            30..60 => random.between(SMALL + 1, LARGE),
            60..85 => random.between(LARGE + 1, 1000),
            _ => random.between(1001, 25_000),
        };
        let is_contacts = kind == ImportType::ContactDetails;
        Self {
            id: random.uuid(),
            created_at,
            kind,
            // Few companies send most of the imports.
            organisation: known_uuid(b'o', random.below(8) * random.below(2)),
            list: (is_contacts && random.chance(0.8)).then(|| known_uuid(b'l', random.below(5))),
            total,
            reference: reference(random, created_at),
        }
    }

    /// How long the server works on it: a start, and some time for each entry.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_millis(900 + self.total * 12)
    }

    pub(crate) fn failed_url(&self, failed: u64) -> Option<String> {
        (failed > 0).then(|| format!("{ORIGIN}/failed/{}.json?rows={failed}", self.id))
    }

    /// The import as a row that is looked at `now`.
    pub(crate) fn row(&self, random: &mut Random, outcome: Outcome, now: DateTime<Utc>) -> Row {
        let (counts, updated_at) = match outcome {
            Outcome::Pending => (None, self.created_at),
            Outcome::Running => {
                let done = random.between(self.total / 10, self.total - 1);
                let latest = shifted(now, TimeDelta::milliseconds(-1500));
                (Some((done, of(done, 0.02))), latest)
            }
            Outcome::Finished(share) => {
                let took = self.duration() + Duration::from_micros(random.below(2_000_000));
                let counts = (self.total, of(self.total, share));
                (Some(counts), after(self.created_at, took))
            }
        };
        let is_finished = matches!(outcome, Outcome::Finished(_));
        let failed_url = counts.and_then(|(_, failed)| self.failed_url(failed));
        let knows_total = counts.is_some() || random.chance(0.5);
        self.row_begun(random)
            .set("updated_at", updated_at.min(now).max(self.created_at))
            .set("failed_url", failed_url.filter(|_| is_finished))
            .set("total_count", knows_total.then_some(self.total))
            .set("success_count", counts.map(|(done, failed)| done - failed))
            .set("failed_count", counts.map(|(_, failed)| failed))
    }

    /// The import as it is made: nothing counted yet.
    pub(crate) fn row_begun(&self, random: &mut Random) -> Row {
        let payload_url =
            (self.total > LARGE).then(|| format!("{ORIGIN}/payload/{}.json?rows={}", self.id, self.total));
        let payload = (self.total <= SMALL).then(|| self.payload(random));
        Row::new()
            .set("id", self.id)
            .set("created_at", self.created_at)
            .set("updated_at", self.created_at)
            .set("organisation_id", self.organisation)
            .set("type", &self.kind)
            .set("payload", payload)
            .set("contact_list_id", self.list)
            .set("payload_url", payload_url)
            .set("reference_id", &self.reference)
    }

    /// What was sent.
    fn payload(&self, random: &mut Random) -> Vec<Value> {
        let entry = |_| {
            let (first, last) = (random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES));
            let number = random.between(1000, 99_999);
            match &self.kind {
                ImportType::ContactDetails => json!({
                    "email": format!("{first}.{last}@example.com").to_ascii_lowercase(),
                    "lastname": last,
                    "firstname": first,
                    "external_id": format!("K-{number}"),
                }),
                ImportType::DealDetails => json!({
                    "name": format!("{last} {}", random.pick(&DEALS)),
                    "value": random.between(10, 400) * 50,
                    "external_id": format!("D-{number}"),
                }),
                _ => {
                    let day = shifted(self.created_at, TimeDelta::days(7)).date_naive();
                    json!({
                        "start": format!("{day}T{:02}:00:00Z", random.between(8, 17)),
                        "contact": format!("K-{number}"),
                    })
                }
            }
        };
        (0..self.total).map(entry).collect()
    }
}

const DEALS: [&str; 5] = [
    "heat pump",
    "solar 8 kWp",
    "wallbox",
    "service contract",
    "kitchen",
];
const OCCASIONS: [&str; 6] = [
    "Messe München – Leads",
    "newsletter sign-ups",
    "webinar, part 2",
    "Händlerliste \"Süd\"",
    "re-import after merge",
    "shop/orders",
];

fn reference(random: &mut Random, at: DateTime<Utc>) -> Option<String> {
    match random.below(100) {
        0..35 => Some(format!("ERP-{}-{:06}", at.year(), random.below(1_000_000))),
        35..55 => Some(format!("nightly {}", at.date_naive())),
        55..65 => Some(format!("CRM sync #{}", random.between(1, 9999))),
        65..73 => Some(random.pick(&OCCASIONS).to_owned()),
        _ => None,
    }
}

/// One of a few uuids that come again in many rows.
fn known_uuid(kind: u8, number: u64) -> Uuid {
    Random::new((u64::from(kind) << 32) | number).uuid()
}

/// This share of a number, and at least one where the share is not nothing.
pub(crate) fn of(number: u64, share: f64) -> u64 {
    let permille = (share.clamp(0.0, 1.0) * 1000.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 1000"
    )]
    let part = number.saturating_mul(permille as u64) / 1000;
    if share > 0.0 { part.max(1).min(number) } else { 0 }
}
