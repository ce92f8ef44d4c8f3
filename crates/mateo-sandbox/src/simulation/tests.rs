use std::collections::BTreeMap;

use mateo_model::{Import, Progress};

use super::*;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_782_907_200, 0).expect("within range")
}

fn imports(sandbox: &Sandbox) -> Vec<Import> {
    let read = |row| serde_json::from_value(Value::Object(row)).expect("an import");
    sandbox.rows().into_iter().map(read).collect()
}

/// The rows after each second of so many.
fn watch(simulation: &mut Simulation, sandbox: &Sandbox, seconds: i64) -> Vec<Vec<Import>> {
    let times = (0..=seconds).map(|second| start() + TimeDelta::seconds(second));
    times
        .map(|now| {
            simulation.advance(sandbox, now);
            imports(sandbox)
        })
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_rows_however_often_it_is_advanced() {
    let (often, seldom) = (Sandbox::new(), Sandbox::new());
    let new = || {
        Simulation::new(3)
            .bulk_updates(Duration::from_secs(40), 5)
            .deletions(Duration::from_secs(90))
    };
    let seen = watch(&mut new(), &often, 300);
    let mut simulation = new();
    simulation.advance(&seldom, start());
    simulation.advance(&seldom, start() + TimeDelta::seconds(300));
    assert!(seen.last().is_some_and(|rows| rows.len() > 5));
    // The order of insertion is that of being seen, in both.
    assert_eq!(often.rows(), seldom.rows());
}

#[test]
fn imports_begin_pending_run_and_finish_some_with_failures() {
    let sandbox = Sandbox::new();
    let seen = watch(
        &mut Simulation::new(1).pace(20.0).every(Duration::from_secs(8)),
        &sandbox,
        240,
    );
    let mut states: BTreeMap<Uuid, Vec<u8>> = BTreeMap::new();
    for import in seen.iter().flatten() {
        let state = match import.progress() {
            Progress::Running { .. } => 1,
            _ if import.success_count.is_none() => 0,
            _ => 2,
        };
        let states = states.entry(import.id).or_default();
        if states.last() != Some(&state) {
            states.push(state);
        }
    }
    assert!(
        states.values().all(|states| states.is_sorted()),
        "no import goes back"
    );
    assert!(states.values().filter(|states| **states == [0, 1, 2]).count() > 5);
    let finished = seen
        .last()
        .into_iter()
        .flatten()
        .filter(|import| import.failed_url.is_some());
    for import in finished {
        assert!(import.failed_count.is_some_and(|failed| failed > 0), "{import:?}");
    }
}

#[test]
fn a_change_is_seen_late_but_no_later_than_the_overlap() {
    let sandbox = Sandbox::new();
    let overlap = TimeDelta::seconds(5);
    let mut simulation = Simulation::new(9)
        .visible_after(Duration::ZERO, Duration::from_secs(5))
        .every(Duration::from_millis(400));
    let mut known: BTreeMap<Uuid, DateTime<Utc>> = BTreeMap::new();
    let (mut latest, mut out_of_order) = (DateTime::UNIX_EPOCH, 0);
    for tick in 0..400 {
        let now = start() + TimeDelta::milliseconds(tick * 100);
        simulation.advance(&sandbox, now);
        for import in imports(&sandbox) {
            let before = known.insert(import.id, import.updated_at);
            if before == Some(import.updated_at) {
                continue;
            }
            assert!(
                before.is_none_or(|before| before < import.updated_at),
                "{import:?}"
            );
            assert!(import.updated_at <= now, "{import:?} is from the future");
            // A tenth of a second passes between two looks.
            assert!(
                now - import.updated_at <= overlap + TimeDelta::milliseconds(100),
                "{import:?}"
            );
            out_of_order += usize::from(import.updated_at < latest);
            latest = latest.max(import.updated_at);
        }
    }
    assert!(out_of_order > 20, "{out_of_order}");
}

#[test]
fn every_change_can_be_made_visible_late() {
    let sandbox = Sandbox::new();
    let delay = Duration::from_secs(20);
    let mut simulation = Simulation::new(5).visible_after(delay, delay);
    let mut newest = 0;
    for second in 0..600 {
        let now = start() + TimeDelta::seconds(second);
        simulation.advance(&sandbox, now);
        let lateness = imports(&sandbox)
            .iter()
            .map(|import| now - import.updated_at)
            .min();
        assert!(lateness.is_none_or(|lateness| lateness >= TimeDelta::seconds(20)));
        newest += usize::from(lateness.is_some());
    }
    assert!(newest > 500, "{newest}");
}

#[test]
fn a_bulk_update_gives_many_rows_one_time_and_deletions_take_rows_away() {
    let sandbox = Sandbox::generate(500, 1);
    let mut simulation = Simulation::new(6)
        .every(Duration::from_secs(3600))
        .bulk_updates(Duration::from_secs(60), 200)
        .deletions(Duration::from_secs(30));
    let begin = start() + TimeDelta::days(1);
    simulation.advance(&sandbox, begin);
    simulation.advance(&sandbox, begin + TimeDelta::minutes(10));
    let mut by_time: BTreeMap<DateTime<Utc>, usize> = BTreeMap::new();
    let rows = imports(&sandbox);
    for import in rows.iter().filter(|import| import.updated_at > begin) {
        *by_time.entry(import.updated_at).or_default() += 1;
    }
    assert!(by_time.values().any(|rows| *rows >= 150), "{by_time:?}");
    assert!((470..500).contains(&rows.len()), "{}", rows.len());
}

#[test]
fn rows_that_were_running_are_finished_and_deleted_ones_stay_deleted() {
    let sandbox = Sandbox::example(start());
    let is_recent = |import: &Import| start() - import.updated_at < TimeDelta::hours(1);
    let running: Vec<Uuid> = imports(&sandbox)
        .into_iter()
        .filter(|import| is_recent(import) && !import.progress().is_finished())
        .map(|import| import.id)
        .collect();
    assert!(running.len() >= 4, "{}", running.len());
    let mut simulation = Simulation::new(2);
    simulation.advance(&sandbox, start());
    assert!(sandbox.delete(running[0]));
    simulation.advance(&sandbox, start() + TimeDelta::hours(2));
    assert_eq!(sandbox.row(running[0]), None);
    for id in &running[1..] {
        let import = imports(&sandbox)
            .into_iter()
            .find(|import| import.id == *id)
            .expect("still there");
        assert!(import.progress().is_finished(), "{import:?}");
    }
}

#[test]
fn a_clock_that_goes_back_changes_nothing() {
    let sandbox = Sandbox::new();
    let mut simulation = Simulation::new(4);
    simulation.advance(&sandbox, start());
    simulation.advance(&sandbox, start() + TimeDelta::minutes(5));
    let rows = sandbox.rows();
    assert_eq!(simulation.advance(&sandbox, start() + TimeDelta::minutes(1)), 0);
    assert_eq!(sandbox.rows(), rows);
}
